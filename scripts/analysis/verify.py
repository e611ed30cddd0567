"""Compare a run with the published numbers: identical, as by other seeds, or deviating."""

import argparse
from math import isnan
from pathlib import Path

import pandas as pd

from gradloss.analysis.summaries import read_metrics
from gradloss.analysis.verification import (
    STATUSES,
    compare_claims,
    compare_numbers,
    deviations,
    read_claims,
    read_published,
)
from gradloss.support.command import run
from gradloss.support.errors import UserError


def render(rows: pd.DataFrame) -> str:
    """How many rows of each status a dataset has, then each that a reader may want to see."""
    counts = pd.crosstab(rows["dataset"], rows["status"]).reindex(columns=STATUSES, fill_value=0)
    counts = counts.reindex(rows["dataset"].unique())
    counts.loc["all"] = counts.sum()
    counts.index.name = counts.columns.name = None
    listed = rows[rows["status"].isin(["turned", "outside", "missing"])]
    return "\n".join([counts.to_string(), *map(_line, listed.itertuples())])


def _line(row: object) -> str:
    published = _estimate(row.mean, row.ci_low, row.ci_high)
    found = _estimate(row.found_mean, row.found_ci_low, row.found_ci_high)
    told = "" if row.status == "missing" else f"{found}, "
    return f"{row.status}: {row.name}: {told}published {published}"


def _estimate(mean: float, low: float, high: float) -> str:
    return f"{mean:g}" if isnan(low) else f"{mean:g} [{low:g}, {high:g}]"


def verdict(rows: pd.DataFrame) -> str:
    """The last line: whether the run is the published one, or agrees with it.

    Raises:
        UserError: It does not.
    """
    deviating = deviations(rows)
    if len(deviating):
        raise UserError(
            f"{len(deviating)} of {len(rows)} numbers and claims are missing, or differ from the "
            f"published ones by more than other seeds explain, first {deviating['name'].iloc[0]}"
        )
    identical, outside = ((rows["status"] == status).sum() for status in ("identical", "outside"))
    if identical == len(rows):
        return f"identical: all {identical} numbers and claims"
    return (
        f"not identical, but as by other seeds: {identical} of {len(rows)} numbers and claims are"
        f" identical, and {outside} outside, which chance explains in so many"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=Path, required=True, help="metrics.csv of the run")
    parser.add_argument("--claims", type=Path, required=True, help="claims.csv of the run")
    parser.add_argument("--published", type=Path, required=True, help="folder of published.csv")
    arguments = parser.parse_args()
    numbers, claims = read_published(arguments.published)
    rows = pd.concat(
        [
            compare_numbers(numbers, read_metrics([arguments.metrics])),
            compare_claims(claims, read_claims(arguments.claims)),
        ],
        ignore_index=True,
    )
    print(render(rows))
    print(verdict(rows))


if __name__ == "__main__":
    run(main)
