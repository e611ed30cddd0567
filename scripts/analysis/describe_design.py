"""Describe what the number of replicates allows to tell of every main claim."""

from gradloss.analysis.design import describe_design
from gradloss.analysis.summaries import read_metrics
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.support.results import write_csv


def main() -> None:
    arguments = parse_options(__doc__, "metrics", "settings", "output")
    metrics = read_metrics(arguments.metrics)
    write_csv(describe_design(metrics, arguments.settings), arguments.output)


if __name__ == "__main__":
    run(main)
