"""The claims of the five documents, read from claims.yaml, and their verdicts."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from gradloss.verdicts import PAIRED_RULES, RULES, Finding

COLUMNS = ["seed", "claim", "reported", "replicated", "ci_low", "ci_high", "replicates", "verdict"]


@dataclass(frozen=True)
class Claim:
    """One number or sentence of a document.

    Attributes:
        id: Name by which the paper refers to it.
        document: Number of the document.
        claim: The claim in words.
        quantities: What it is about, each ``dataset/method/measure`` or, under Gaussian noise,
            ``dataset/method/measure@sigma``.
        rule: Name of the rule in `verdicts.RULES`.
        reported: The number that the document prints, or NaN.
        bound: Threshold, tolerance or pair of bounds of the rule.
    """

    id: str
    document: str
    claim: str
    quantities: tuple[str, ...]
    rule: str
    reported: float = np.nan
    bound: float | list[float] = np.nan

    def judge(self, values: list[pd.Series]) -> Finding:
        """Finding from the values of each quantity, indexed by replicate.

        A rule that compares replicate by replicate sees those that all quantities have.
        """
        if self.rule in PAIRED_RULES:
            common = pd.concat(values, axis=1, join="inner")
            values = [column for _, column in common.items()]
        return RULES[self.rule](self.reported, self.bound, *(one.to_numpy() for one in values))


def _load_claims(path: Path) -> tuple[Claim, ...]:
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(Claim(**entry) for entry in entries)


CLAIMS = _load_claims(Path(__file__).with_suffix(".yaml"))


def replicate_values(metrics: pd.DataFrame) -> dict[str, pd.Series]:
    """Values by replicate, draws averaged, of every quantity by its name.

    Args:
        metrics: Tidy rows of the results; clean ones and those under Gaussian noise are used.
    """
    rows = metrics[metrics["perturbation"].isin(["none", "gaussian"])]
    keys = ["dataset", "method", "measure", "level"]
    means = rows.groupby([*keys, "replicate"])["value"].mean()
    return {
        f"{dataset}/{method}/{measure}" + (f"@{level:g}" if level else ""): group.droplevel(keys)
        for (dataset, method, measure, level), group in means.groupby(level=keys)
    }


def judge_claims(metrics: pd.DataFrame) -> pd.DataFrame:
    """Judge every claim; one whose quantities are not in the results is inconclusive.

    Args:
        metrics: Tidy rows of the results.

    Returns:
        `COLUMNS`, one row per claim in the order of the documents.
    """
    values = replicate_values(metrics)
    missing = Finding(np.nan, np.nan, np.nan, 0, "inconclusive")
    rows = []
    for claim in CLAIMS:
        known = all(quantity in values for quantity in claim.quantities)
        found = claim.judge([values[name] for name in claim.quantities]) if known else missing
        rows.append((claim.document, claim.claim, claim.reported, *vars(found).values()))
    return pd.DataFrame(rows, columns=COLUMNS)
