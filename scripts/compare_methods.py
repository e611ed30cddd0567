"""Compare the methods of every claim replicate by replicate, corrected for their number."""

from gradloss.command import run
from gradloss.comparisons import compare_methods
from gradloss.options import parse_options
from gradloss.results import write_csv
from gradloss.summaries import read_metrics


def main() -> None:
    arguments = parse_options(__doc__, "metrics", "output")
    write_csv(compare_methods(read_metrics(arguments.metrics)), arguments.output)


if __name__ == "__main__":
    run(main)
