"""The claims of the documents and our predictions, read from claims.yaml, and their verdicts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from gradloss.verdicts import PAIRED_RULES, RULES, Finding

COLUMNS = ["seed", "claim", "reported", "replicated", "ci_low", "ci_high", "replicates", "verdict"]
UNKNOWN = Finding(np.nan, np.nan, np.nan, 0, "inconclusive")


@dataclass(frozen=True)
class Claim:
    """One number or sentence of a document, or one prediction of ours.

    Attributes:
        id: Name by which the paper refers to it.
        document: Number of the document, "P1" to "P5" for a prediction, or "anchors".
        claim: The claim in words.
        quantities: What it is about, named as by `quantity_name`.
        rule: Name of the rule in `verdicts.RULES`.
        reported: The number that the document prints, or NaN.
        bound: Threshold, tolerance or pair of bounds of the rule.
        headline: Whether it is in the table of the main claims.
    """

    id: str
    document: str
    claim: str
    quantities: list[str]
    rule: str
    reported: float = np.nan
    bound: float | list[float] = np.nan
    headline: bool = False

    def arrays(self, values: dict[str, pd.Series]) -> list[np.ndarray] | None:
        """Values [R] of each quantity, or None if the results lack any.

        A rule that compares replicate by replicate sees those that all quantities have.

        Args:
            values: As `replicate_values` gives them.
        """
        if not all(name in values for name in self.quantities):
            return None
        columns = [values[name] for name in self.quantities]
        if self.rule in PAIRED_RULES:
            common = pd.concat(columns, axis=1, join="inner")
            columns = [column for _, column in common.items()]
        return [column.to_numpy() for column in columns] if len(columns[0]) else None

    def judge(self, values: dict[str, pd.Series]) -> Finding:
        """Finding from the values of all quantities; without any of them it is inconclusive."""
        arrays = self.arrays(values)
        return UNKNOWN if arrays is None else RULES[self.rule](self.reported, self.bound, *arrays)


def _load_claims(path: Path) -> Iterator[Claim]:
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        series = entry.pop("series", None)
        if series is None:
            yield Claim(**entry)
        else:
            yield from (_member(entry, key, reported) for key, reported in series.items())


def _member(entry: dict, key: int | str, reported: float) -> Claim:
    """One number of a series: the key takes the place of {} in the claim and its quantities."""
    return Claim(
        **entry
        | {
            "id": f"{entry['id']}-{key}",
            "claim": entry["claim"].format(key),
            "quantities": [name.format(key) for name in entry["quantities"]],
            "reported": reported,
        }
    )


CLAIMS = tuple(_load_claims(Path(__file__).with_suffix(".yaml")))


def quantity_name(
    dataset: str, method: str, measure: str, perturbation: str = "none", level: float = 0.0
) -> str:
    """``dataset/method/measure``, with ``@level`` under Gaussian noise and
    ``@perturbation:level`` under every other perturbation than "none".
    """
    at = {"none": "", "gaussian": f"@{level:g}"}.get(perturbation, f"@{perturbation}:{level:g}")
    return f"{dataset}/{method}/{measure}{at}"


def replicate_values(metrics: pd.DataFrame) -> dict[str, pd.Series]:
    """Values by replicate, draws averaged, of every quantity by its name.

    Args:
        metrics: Tidy rows of the results.
    """
    keys = ["dataset", "method", "measure", "perturbation", "level"]
    means = metrics.groupby([*keys, "replicate"])["value"].mean()
    return {quantity_name(*key): group.droplevel(keys) for key, group in means.groupby(level=keys)}


def judge_claims(metrics: pd.DataFrame) -> pd.DataFrame:
    """Judge every claim; one whose quantities are not in the results is inconclusive.

    Args:
        metrics: Tidy rows of the results.

    Returns:
        `COLUMNS`, one row per claim in the order of claims.yaml.
    """
    values = replicate_values(metrics)
    rows = [
        (claim.document, claim.claim, claim.reported, *vars(claim.judge(values)).values())
        for claim in CLAIMS
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
