"""Simulate how often the intervals of the study hold what they estimate."""

from gradloss.analysis.coverage import simulate
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.support.results import write_csv


def main() -> None:
    arguments = parse_options(__doc__, "settings", "output")
    write_csv(simulate(**arguments.settings), arguments.output)


if __name__ == "__main__":
    run(main)
