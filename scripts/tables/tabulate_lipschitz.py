"""Tabulate the certificates of the 1-Lipschitz networks, beside those of the literature."""

from functools import partial

import pandas as pd
import yaml

from gradloss.analysis.summaries import (
    estimate,
    levels_of,
    read_metrics,
    replicate_means,
    values_of,
)
from gradloss.configuration.runs import is_main
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import (
    MISSING,
    RAGGED,
    Row,
    booktabs,
    escape,
    stacked,
    three_decimals,
    title,
    write_text,
)

MEASURES = {"accuracy": "accuracy", "certificate": "certificate", "certificate_2k": "by $2K$"}


def tabulate(metrics: pd.DataFrame, settings: dict, anchors: list[dict]) -> str:
    """A tabular with a group of rows per dataset on which a method gives certificates.

    Args:
        metrics: Tidy results.
        settings: `datasets` with label and methods; `methods` with label and, for doses,
            which a figure shows, dose_of.
        anchors: Numbers of the literature: dataset, label, citation and, as far as it states
            them, values of `MEASURES`, and certified, the accuracy by radius.
    """
    means = replicate_means(metrics)
    certified = means[means["measure"] == "certificate"]
    known = set(zip(certified["dataset"], certified["method"], strict=True))
    anchors_of = {
        dataset: [anchor for anchor in anchors if anchor["dataset"] == dataset]
        for dataset in settings["datasets"]
        if dataset in set(certified["dataset"])
    }
    radii = {
        dataset: sorted(
            {*levels_of(metrics, dataset, "certified_l2")}.union(
                *(anchor.get("certified", {}) for anchor in own)
            )
        )
        for dataset, own in anchors_of.items()
    }
    width = max(map(len, radii.values()), default=0)
    groups = []
    for dataset, own in anchors_of.items():
        entry, levels = settings["datasets"][dataset], radii[dataset]
        heads = [f"$r = {radius:g}$" for radius in levels]
        rows = [[title(escape(entry["label"])), *[""] * (1 + len(MEASURES)), *heads]]
        for method in [name for name in entry["methods"] if (dataset, name) in known]:
            recipe = settings["methods"][method]
            if is_main(recipe):
                cells = _cells(means, dataset, method, levels)
                rows.append([escape(recipe["label"]), *cells])
        groups.append([*rows, *(_anchor(anchor, levels) for anchor in own)])
    span = [rf"\multicolumn{{{width}}}{{c}}{{certified accuracy}}"] if width else []
    columns = f"{{tabular}}{{@{{}}{RAGGED}p{{1.7in}}r{'r' * (len(MEASURES) + width)}@{{}}}}"
    header = ["", "$n$", *MEASURES.values(), *span]
    return booktabs(columns, header, groups, r"\footnotesize")


def _cells(means: pd.DataFrame, dataset: str, method: str, radii: list[float]) -> Row:
    values = partial(values_of, means, dataset, method)
    quantities = [values(measure) for measure in MEASURES]
    quantities += [values("accuracy", "certified_l2", radius) for radius in radii]
    count = len(values("certificate"))
    return [str(count), *(stacked(estimate(found), three_decimals) for found in quantities)]


def _anchor(anchor: dict, radii: list[float]) -> Row:
    """A row of the literature; what it does not state is missing."""
    stated = [anchor.get(measure) for measure in MEASURES]
    stated += [anchor.get("certified", {}).get(radius) for radius in radii]
    name = rf"{{\itshape {escape(anchor['label'])}}} \citep{{{anchor['citation']}}}"
    return [name, MISSING, *map(_number, stated)]


def _number(value: float | None) -> str:
    """As the literature prints it."""
    return MISSING if value is None else f"{value:g}"


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "metrics", "anchors", "settings", "output")
    anchors = yaml.safe_load(arguments.anchors.read_text(encoding="utf-8"))
    metrics = read_metrics(arguments.metrics)
    write_text(arguments.output, tabulate(metrics, arguments.settings, anchors))


if __name__ == "__main__":
    run(main)
