"""Tabulate what training costs, and how that compares with the baseline.

Times differ from run to run: the paper's are those of the published run.
"""

import pandas as pd

from gradloss.analysis.summaries import read_timings, training_costs
from gradloss.configuration.runs import is_main
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import MISSING, booktabs, decimal, escape, write_text

NOT_MEASURED = "Not measured: no run has been published."
HEADER = [
    "data set",
    "method",
    "steps",
    "s per replicate",
    "relative",
    "ms per step",
    "relative",
]


def tabulate(costs: pd.DataFrame, settings: dict) -> str:
    """A tabular with a row per dataset and main method; "relative" is to the dataset's baseline.

    The devices have a column where there are several.

    Args:
        costs: As `summaries.training_costs` gives them.
        settings: `datasets` with label, `methods` with label and rule.

    Returns:
        A sentence instead, if there are no costs.
    """
    if costs.empty:
        return NOT_MEASURED
    methods, groups, several = settings["methods"], [], costs["device"].nunique() > 1
    baseline = next((name for name in methods if methods[name]["rule"] == "baseline"), None)
    for dataset, entry in settings["datasets"].items():
        own = costs[costs["dataset"] == dataset].set_index("method")
        rows = []
        main = [name for name in methods if is_main(methods[name])]
        for method in [name for name in main if name in own.index]:
            cost, cells = own.loc[method], []
            for column in ("seconds", "milliseconds"):
                known = baseline in own.index
                ratio = cost[column] / own.loc[baseline, column] if known else float("nan")
                cells += [decimal(cost[column], 2), decimal(ratio, 2) if known else MISSING]
            names = [entry["label"], methods[method]["label"]]
            names += [cost["device"]] if several else []
            rows.append([*map(escape, names), str(cost["steps"]), *cells])
        groups.append(rows)
    header = [*HEADER[:2], "device", *HEADER[2:]] if several else HEADER
    columns = f"{{tabular}}{{@{{}}{'lll' if several else 'll'}rrrrr@{{}}}}"
    return booktabs(columns, header, groups, r"\footnotesize")


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "timings", "settings", "output")
    costs = training_costs(read_timings(arguments.timings))
    write_text(arguments.output, tabulate(costs, arguments.settings))


if __name__ == "__main__":
    run(main)
