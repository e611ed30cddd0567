"""Compare the methods of every claim replicate by replicate, corrected for their number."""

from gradloss.analysis.comparisons import compare_methods
from gradloss.analysis.summaries import read_metrics
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.support.results import write_csv


def main() -> None:
    arguments = parse_options(__doc__, "metrics", "output")
    write_csv(compare_methods(read_metrics(arguments.metrics)), arguments.output)


if __name__ == "__main__":
    run(main)
