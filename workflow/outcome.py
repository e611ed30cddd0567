"""What a run found, in the words of its last line."""

import csv
from collections import Counter
from pathlib import Path


def count_verdicts(claims: Path) -> str:
    """How many claims of the documents were reproduced, our predictions left aside.

    Args:
        claims: claims.csv, whose documents have numbers.
    """
    with claims.open(encoding="utf-8", newline="") as file:
        verdicts = Counter(row["verdict"] for row in csv.DictReader(file) if row["seed"].isdigit())
    return (
        f"{verdicts['reproduced']} of {verdicts.total()} claims reproduced, "
        f"{verdicts['not reproduced']} not, {verdicts['inconclusive']} inconclusive"
    )
