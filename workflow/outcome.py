"""What a run found, in the words of its last line."""

import csv
from collections import Counter
from pathlib import Path

from gradloss.analysis.words import NOT_COMPUTED, VERDICTS


def surrogates(sources: Path) -> list[str]:
    """The data sets that are made up, as no source served them.

    Args:
        sources: data_sources.csv, which a run of few products has not.
    """
    if not sources.exists():
        return []
    with sources.open(encoding="utf-8", newline="") as file:
        return [row["dataset"] for row in csv.DictReader(file) if row["source"] == "surrogate"]


def count_verdicts(claims: Path) -> str:
    """The verdicts on those main claims of the documents that could have failed.

    Of a claim whose results the study lacks, there is none: it is left out, or misspelt.

    Args:
        claims: claims.csv, of which the last line tells where the other claims are.
    """
    with claims.open(encoding="utf-8", newline="") as file:
        verdicts = Counter(
            row["verdict"]
            for row in csv.DictReader(file)
            if row["headline"] == row["can_fail"] == "True"
        )
    told = [*VERDICTS, *([NOT_COMPUTED] if NOT_COMPUTED in verdicts else [])]
    counts = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in told)
    return f"headline claims: {counts}; all claims: {claims}"
