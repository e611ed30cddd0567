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

from gradloss.errors import UserError
from gradloss.progress import duration
from gradloss.style import measure_of
from gradloss.summaries import DOCUMENT_SIGMA

DOCUMENTS = {
    "000": "Boston housing",
    "001": "Fashion-MNIST",
    "002": "MNIST",
    "003": "linear regression",
    "004": "two moons",
}
VERDICTS = ["reproduced", "not reproduced", "inconclusive"]
UNPUBLISHED = "No run has been published yet; `make publish` puts the results of one here."
HEADLINE = """![Two panels: errors and accuracies under growing noise](docs/headline.png)

What two of the notebooks print under noise (hollow, one run each) beside what replicates of the
same training reach, with 95 % intervals. [The paper](docs/paper.pdf) tells the rest."""


@dataclass(frozen=True)
class Record:
    """What is known of the published run.

    Attributes:
        commit: Hash of the commit that was run.
        machine: Processor and cores in words.
        jobs: Number of jobs of the workflow.
        seconds: Wall time of all jobs together.
        peak_mb: Memory of the largest job.
        results_mb: Size of the folder of results.
        sha256: Path of each published file to the SHA-256 of its bytes.
    """

    commit: str
    machine: str
    jobs: int
    seconds: float
    peak_mb: float
    results_mb: float
    sha256: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Values for a JSON file."""
        return asdict(self)


def results_block(numbers: pd.DataFrame, claims: pd.DataFrame, config: Mapping) -> str:
    """README's block of results: the headline, the verdicts and the main methods.

    Args:
        numbers: Of published.csv: `summaries.KEYS`, replicates, mean, ci_low, ci_high.
        claims: Of published_claims.csv, the documents' numbers as text.
        config: The study's configuration.
    """
    return "\n\n".join([HEADLINE, _verdicts(claims), _measures(numbers, config)])


def run_block(record: Record) -> str:
    """README's block on what the published run took."""
    return (
        f"The published run, of commit `{record.commit[:7]}` on {record.machine}: {record.jobs}"
        f" jobs of together {duration(record.seconds)}, the largest with"
        f" {record.peak_mb / 1000:.1f} GB of memory; {record.results_mb:.0f} MB of results."
    )


def _verdicts(claims: pd.DataFrame) -> str:
    header = ["document", "numbers and claims", *VERDICTS]
    rows = []
    for document, title in DOCUMENTS.items():
        counts = claims.loc[claims["seed"] == document, "verdict"].value_counts()
        rows.append([title, counts.sum(), *(counts.get(verdict, 0) for verdict in VERDICTS)])
    rows.append(["all", *(sum(column) for column in list(zip(*rows, strict=True))[1:])])
    return _table(header, rows, texts=1)


def _measures(numbers: pd.DataFrame, config: Mapping) -> str:
    header = ["test set", "method", "replicates", "clean", f"noise, σ = {DOCUMENT_SIGMA:g}"]
    keys = ["dataset", "method", "measure", "perturbation", "level"]
    known = numbers.set_index(keys).sort_index()
    rows = []
    for dataset, entry in config["datasets"].items():
        if "noise" not in entry:
            continue
        measure, _ = measure_of(entry["task"])
        name = f"{entry['label']}, {'MSE' if measure == 'mse' else measure}"
        for method, recipe in config["methods"].items():
            clean = (dataset, method, measure, "none", 0.0)
            noisy = (dataset, method, measure, "gaussian", DOCUMENT_SIGMA)
            if clean in known.index and "changes" not in recipe:
                count = known.loc[clean, "replicates"]
                cells = [_estimate(known, key) for key in (clean, noisy)]
                rows.append([name, recipe["label"], count, *cells])
    return _table(header, rows, texts=2)


def _estimate(known: pd.DataFrame, key: tuple) -> str:
    if key not in known.index:
        return ""
    mean, low, high = known.loc[key, ["mean", "ci_low", "ci_high"]]
    return f"{mean:.4f}" if pd.isna(low) else f"{mean:.4f} [{low:.4f}, {high:.4f}]"


def _table(header: list, rows: list[list], texts: int) -> str:
    """A table whose first columns are texts, and whose others are numbers."""
    rule = ["---"] * texts + ["---:"] * (len(header) - texts)
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
