"""Tabulate how often the intervals of the study, and others, hold what they estimate."""

import pandas as pd

from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import booktabs, three_decimals, write_text

VALUES = {
    "normal": "normal values",
    "errors": r"errors, log-normal with $s = 0.7$",
    "accuracies": "accuracies near 0.98",
    "shares": "shares of a gap",
    "superiority": "$P(A > B)$",
}
INTERVALS = {
    "mean_interval": "Student's $t$",
    "geometric_interval": "Student's $t$ of logarithms",
    "share_interval": "Fieller",
    "probability_of_superiority": "Clopper and Pearson",
    "percentile_bootstrap": "percentile bootstrap",
    "fixed_denominator": "Student's $t$, denominator held fixed",
}
USED = {
    ("normal", "mean_interval"),
    ("errors", "geometric_interval"),
    ("accuracies", "mean_interval"),
    ("shares", "share_interval"),
    ("superiority", "probability_of_superiority"),
}


def tabulate(coverage: pd.DataFrame) -> str:
    """A tabular with a group of rows per kind of value, the interval of the study first.

    Args:
        coverage: Columns of `gradloss.analysis.coverage.COLUMNS`.
    """
    counts = sorted(coverage["replicates"].unique())
    known = coverage.set_index(["values", "interval", "replicates"])["coverage"]
    groups = []
    for values, kind in VALUES.items():
        names = sorted(
            {name for other, name, _ in known.index if other == values},
            key=lambda name: ((values, name) not in USED, list(INTERVALS).index(name)),
        )
        rows = []
        for name in names:
            mark = "used" if (values, name) in USED else ""
            found = [three_decimals(known[values, name, count]) for count in counts]
            rows.append(["" if rows else kind, INTERVALS[name], mark, *found])
        groups.append(rows)
    header = ["what is estimated", "interval", "", *(f"$n = {count}$" for count in counts)]
    columns = f"{{tabular}}{{@{{}}lll{'r' * len(counts)}@{{}}}}"
    return booktabs(columns, header, groups, r"\footnotesize")


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "coverage", "output")
    write_text(arguments.output, tabulate(pd.read_csv(arguments.coverage)))


if __name__ == "__main__":
    run(main)
