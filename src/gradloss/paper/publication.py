"""The copy of a full run that the repository carries: its blocks of README.md and their record.

The record, docs/published.json, says which commit was run, what the run took, and the SHA-256 of
every published file. Blocks of README.md stand between two comments of HTML and are made from the
record and the published files alone.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from gradloss.analysis.summaries import DOCUMENT_SIGMA
from gradloss.analysis.words import VERDICTS, measure_of
from gradloss.configuration.runs import is_main
from gradloss.support.errors import UserError
from gradloss.support.progress import duration

DOCUMENTS = {
    "000": "Boston housing",
    "001": "Fashion-MNIST",
    "002": "MNIST",
    "003": "linear regression",
    "004": "two moons",
}
UNPUBLISHED = "No run has been published yet; `make publish` puts the results of one here."
HEADLINE = """![Two panels: errors and accuracies under growing noise](docs/headline.png)

What two of the notebooks print under noise (hollow, one run each) beside what replicates of the
same training reach, with 95 % intervals. [The paper](docs/paper.pdf) tells the rest."""
COMMANDS = """`snakemake --cores all FILE` makes the picture as `results/figures/headline.png`, the
verdicts as `results/claims.csv`, and each row of the table below as the files in its last column,
together with the training that they need; how long that takes one core stands before them."""


@dataclass(frozen=True)
class Record:
    """What is known of the published run.

    Attributes:
        commit: Hash of the commit that was run.
        swhid: Identifier of its tree.
        machine: Machines that trained the models, in words.
        results_mb: Size of the folder of results.
        sha256: Path of each published file to the SHA-256 of its bytes.
    """

    commit: str
    swhid: str
    machine: str
    results_mb: float
    sha256: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Values for a JSON file."""
        return asdict(self)


def results_block(
    numbers: pd.DataFrame, claims: pd.DataFrame, timings: pd.DataFrame, config: Mapping
) -> str:
    """README's block of results: the headline, the verdicts, the main methods, how to make them.

    Args:
        numbers: Of published.csv: `summaries.KEYS`, replicates, mean, ci_low, ci_high.
        claims: Of published_claims.csv, the documents' numbers as text.
        timings: Of published_timings.csv, a row per training job.
        config: The study's configuration.
    """
    return "\n\n".join([HEADLINE, _verdicts(claims), COMMANDS, _measures(numbers, timings, config)])


def run_block(record: Record, stages: pd.DataFrame) -> str:
    """README's block on what the published run took.

    Args:
        record: Of the run.
        stages: As `stages.measure_stages` gives them.
    """
    jobs, measured = stages["jobs"].sum(), stages["measured"].sum()
    some = "" if measured == jobs else f", of which {measured} were measured,"
    known = stages[stages["measured"] > 0].itertuples()
    took = ", ".join(f"{stage.stage} {duration(stage.seconds)}" for stage in known)
    gigabytes = stages["peak_mb"].max() / 1000
    return (
        f"The published run, of commit `{record.commit[:7]}` on {record.machine}: {jobs} jobs{some}"
        f" of together {duration(stages['seconds'].sum())} on one core ({took}), the largest with"
        f" {gigabytes:.1f} GB of memory; {record.results_mb:.0f} MB of results."
    )


def _verdicts(claims: pd.DataFrame) -> str:
    """The verdicts on the main claims that could have failed, and on all rows below them."""
    own = claims[claims["document"].isin(list(DOCUMENTS))]
    headline = own[own["headline"] & own["can_fail"]]
    groups = {title: headline[headline["document"] == name] for name, title in DOCUMENTS.items()}
    groups |= {"all five": headline}
    groups |= {"all claims, with curves, derived numbers, and what cannot fail": own}
    rows = [
        [title, len(group), *(int((group["verdict"] == verdict).sum()) for verdict in VERDICTS)]
        for title, group in groups.items()
    ]
    return _table(["main claims that could fail, of", "claims", *VERDICTS], rows, texts=(0,))


def _measures(numbers: pd.DataFrame, timings: pd.DataFrame, config: Mapping) -> str:
    header = ["test set", "method", "clean", f"noise, σ = {DOCUMENT_SIGMA:g}", "replicates"]
    header += ["training", "files"]
    keys = ["dataset", "method", "measure", "perturbation", "level"]
    known = numbers.set_index(keys).sort_index()
    jobs = dict(list(timings.groupby(["dataset", "method"])))
    rows = []
    for dataset, entry in config["datasets"].items():
        if "noise" not in entry:
            continue
        measure, _ = measure_of(entry["task"])
        name = f"{entry['label']}, {'MSE' if measure == 'mse' else measure}"
        for method, recipe in config["methods"].items():
            clean = (dataset, method, measure, "none", 0.0)
            noisy = (dataset, method, measure, "gaussian", DOCUMENT_SIGMA)
            if clean in known.index and is_main(recipe):
                count = known.loc[clean, "replicates"]
                cells = [_estimate(known, key) for key in (clean, noisy)]
                own = jobs[dataset, method]
                files = f"`{config['results']}/evaluations/{dataset}/{method}/{_parts(own)}.csv`"
                took = duration(own["seconds"].sum())
                rows.append([name, recipe["label"], *cells, count, took, files])
    return _table(header, rows, texts=(0, 1, 6))


def _parts(jobs: pd.DataFrame) -> str:
    """The replicates of jobs, as a shell expands them into names of files."""
    parts = sorted(jobs["replicates"], key=lambda part: int(part.split("-")[0]))
    return f"{{{','.join(parts)}}}" if len(parts) > 1 else parts[0]


def _estimate(known: pd.DataFrame, key: tuple) -> str:
    if key not in known.index:
        return ""
    mean, low, high = known.loc[key, ["mean", "ci_low", "ci_high"]]
    return f"{mean:.4f}" if pd.isna(low) else f"{mean:.4f} [{low:.4f}, {high:.4f}]"


def _table(header: list, rows: list[list], texts: tuple[int, ...]) -> str:
    """A table in which some columns are texts, and the others numbers."""
    rule = ["---" if place in texts else "---:" for place in range(len(header))]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in [header, rule, *rows])


def block_of(text: str, name: str) -> str:
    """What stands between the comments of a block.

    Raises:
        UserError: The comments are not there.
    """
    return _block(text, name)[2]


def with_block(text: str, name: str, content: str) -> str:
    """The text with another content of a block; see `block_of`."""
    found = _block(text, name)
    return text[: found.start(2)] + content + text[found.end(2) :]


def _block(text: str, name: str) -> re.Match:
    begin, end = f"<!-- published:{name} -->\n", f"\n<!-- /published:{name} -->"
    found = re.search(f"({re.escape(begin)})(.*?)(?={re.escape(end)})", text, re.DOTALL)
    if found is None:
        raise UserError(
            f"README.md lacks the block '{name}': put {begin.strip()} and {end.strip()} around"
            " its place, each on a line"
        )
    return found
