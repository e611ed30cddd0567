"""Tabulate what each arm of a dataset's ablation changes and reaches, beside the reference."""

import pandas as pd

from gradloss.analysis.statistics import probability_of_superiority
from gradloss.analysis.summaries import (
    DOCUMENT_SIGMA,
    ablation_methods,
    compare,
    estimate,
    paired_difference,
    paired_ratio,
    read_metrics,
    replicate_means,
    values_of,
)
from gradloss.analysis.words import measure_of
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import (
    MISSING,
    RAGGED,
    booktabs,
    decimal,
    escape,
    stacked,
    two_decimals,
    write_text,
)

COLUMNS = f"{{tabular}}{{@{{}}{RAGGED}p{{1.15in}}{RAGGED}p{{1.5in}}rrrrr@{{}}}}"


def tabulate(metrics: pd.DataFrame, dataset: str, settings: dict) -> str:
    """A tabular with the reference and the baseline, then a row per arm.

    Arms are compared with the reference under noise: by the paired difference of the accuracy or
    the paired ratio of the error, and by the probability that the arm is the better one.

    Args:
        metrics: Tidy results.
        dataset: Name of the dataset.
        settings: `task` and `methods` of the dataset; `labels` of all methods of the study;
            `arms` of the ablation, the `changes` of each and their `reference`.
    """
    measure, _ = measure_of(settings["task"])
    means = replicate_means(metrics.query("dataset == @dataset and measure == @measure"))
    noisy = rf"$\sigma = {DOCUMENT_SIGMA:g}$"
    comparison = "ratio" if measure == "mse" else "difference"
    header = ["arm", "what it changes", "$n$", "clean", noisy, comparison, "$P$(better)"]
    arms = set(settings["arms"]) - {settings["reference"]}
    groups = [[], []]
    for method in ablation_methods(settings, means["method"]):
        cells = _cells(means, dataset, measure, method, settings["reference"])
        changes = "the reference" if method == settings["reference"] else ""
        changes = settings["changes"].get(method, changes)
        names = [escape(settings["labels"][method]), escape(changes)]
        groups[method in arms].append([*names, *cells])
    return booktabs(COLUMNS, header, groups, r"\footnotesize")


def _cells(
    means: pd.DataFrame, dataset: str, measure: str, method: str, reference: str
) -> list[str]:
    clean = values_of(means, dataset, method, measure)
    noisy, other = (
        values_of(means, dataset, name, measure, "gaussian", DOCUMENT_SIGMA)
        for name in (method, reference)
    )
    cells = [str(len(clean)), *(stacked(estimate(values), decimal) for values in (clean, noisy))]
    if method == reference:
        return [*cells, MISSING, MISSING]
    if measure == "mse":
        comparison = stacked(compare(noisy, other, paired_ratio), two_decimals)
        better = compare(other, noisy, probability_of_superiority)
    else:
        comparison = stacked(compare(noisy, other, paired_difference), decimal)
        better = compare(noisy, other, probability_of_superiority)
    return [*cells, comparison, stacked(better, two_decimals)]


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "metrics", "dataset", "settings", "output")
    metrics = read_metrics(arguments.metrics)
    write_text(arguments.output, tabulate(metrics, arguments.dataset, arguments.settings))


if __name__ == "__main__":
    run(main)
