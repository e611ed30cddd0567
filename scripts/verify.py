"""Compare a run with the published numbers: identical, within the interval, outside or missing."""

import argparse
from math import isnan
from pathlib import Path

import pandas as pd

from gradloss.command import run
from gradloss.errors import UserError
from gradloss.published import (
    STATUSES,
    compare_claims,
    compare_numbers,
    read_claims,
    read_published,
)
from gradloss.summaries import read_metrics


def render(rows: pd.DataFrame) -> str:
    """How many rows of each status a dataset has, then every one that is outside or missing."""
    counts = pd.crosstab(rows["dataset"], rows["status"]).reindex(columns=STATUSES, fill_value=0)
    counts = counts.reindex(rows["dataset"].unique())
    counts.loc["all"] = counts.sum()
    counts.index.name = counts.columns.name = None
    deviating = rows[rows["status"].isin(["outside", "missing"])]
    return "\n".join([counts.to_string(), *map(_line, deviating.itertuples())])


def _line(row: object) -> str:
    interval = "" if isnan(row.ci_low) else f" [{row.ci_low:g}, {row.ci_high:g}]"
    found = "" if row.status == "missing" else f"{row.found:g}, "
    return f"{row.status}: {row.name}: {found}published {row.mean:g}{interval}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=Path, required=True, help="metrics.csv of the run")
    parser.add_argument("--claims", type=Path, required=True, help="claims.csv of the run")
    parser.add_argument("--published", type=Path, required=True, help="folder of published.csv")
    arguments = parser.parse_args()
    numbers, claims = read_published(arguments.published)
    rows = pd.concat(
        [
            compare_numbers(numbers, read_metrics(arguments.metrics)),
            compare_claims(claims, read_claims(arguments.claims)),
        ]
    )
    print(render(rows))
    deviating = int(rows["status"].isin(["outside", "missing"]).sum())
    if deviating:
        raise UserError(
            f"{deviating} of {len(rows)} numbers and claims are outside the published intervals "
            "or missing, as listed above"
        )


if __name__ == "__main__":
    run(main)
