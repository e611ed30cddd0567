"""Judge every number and claim of a document by the values that it is about."""

from gradloss.analysis.claims import claims_of, judge_claims
from gradloss.analysis.summaries import read_metrics
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.support.results import write_csv


def main() -> None:
    arguments = parse_options(__doc__, "metrics", "document", "output")
    judged = judge_claims(read_metrics(arguments.metrics), claims_of(arguments.document))
    write_csv(judged, arguments.output)


if __name__ == "__main__":
    run(main)
