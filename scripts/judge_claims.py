"""Judge every number and claim of the documents by the collected results."""

import pandas as pd

from gradloss.claims import judge_claims
from gradloss.command import run
from gradloss.options import parse_options
from gradloss.results import write_csv


def main() -> None:
    arguments = parse_options(__doc__, "metrics", "output")
    write_csv(judge_claims(pd.read_csv(arguments.metrics)), arguments.output)


if __name__ == "__main__":
    run(main)
