"""Join the judged claims of all documents, as they are, in the order of the files."""

import pandas as pd

from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.support.results import write_csv


def main() -> None:
    arguments = parse_options(__doc__, "judged", "output")
    parts = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in arguments.judged]
    write_csv(pd.concat(parts), arguments.output)


if __name__ == "__main__":
    run(main)
