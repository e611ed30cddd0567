"""The claims of the documents and our predictions, read from claims.yaml, and their verdicts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from gradloss.analysis.summaries import is_error
from gradloss.analysis.verdicts import RULES, Finding, judge_number
from gradloss.analysis.words import NOT_COMPUTED
from gradloss.support.errors import UserError

COLUMNS = [
    *("document", "claim", "reported"),
    *("replicated", "ci_low", "ci_high", "pi_low", "pi_high", "sharp"),
    *("can_fail", "headline", "replicates", "verdict"),
]
UNKNOWN = Finding(np.nan, np.nan, np.nan, 0, NOT_COMPUTED)


@dataclass(frozen=True)
class Claim:
    """One number or sentence of a document, or one prediction of ours.

    Attributes:
        id: Name by which the paper refers to it.
        document: Number of the document, "P1" to "P5" for a prediction, "anchors", or "causes".
        claim: The claim in words.
        quantities: What it is about, named as by `quantity_name`.
        rule: Name of the rule in `verdicts.RULES`, or "number" for `verdicts.judge_number`.
        reported: The number that the document prints, or NaN.
        bound: Threshold, tolerance or pair of bounds of the rule, or the numbers whose spread it
            judges.
        headline: Whether it is in the table of the main claims.
        cannot_fail: Why no result could refute it, such as "identity", or nothing.
        derived: Whether the number follows from others that are judged themselves.
        left_out: Whether the study leaves it out, whatever the text says of it.
    """

    id: str
    document: str
    claim: str
    quantities: list[str]
    rule: str
    reported: float = np.nan
    bound: float | list[float] = np.nan
    headline: bool = False
    cannot_fail: str = ""
    derived: bool = False
    left_out: bool = False

    @property
    def can_fail(self) -> bool:
        """Whether some result could refute it."""
        return not self.cannot_fail

    @property
    def is_on_curve(self) -> bool:
        """Whether it is a point of a training curve, whose points come from the same runs."""
        return any("@epoch:" in name for name in self.quantities)

    def arrays(self, values: dict[str, pd.Series]) -> list[np.ndarray] | None:
        """Values [R] of each quantity, or None if the results lack any.

        They are of the replicates that all quantities have, but that a number without randomness
        has one only.

        Args:
            values: As `replicate_values` gives them.
        """
        if not all(name in values for name in self.quantities):
            return None
        columns = [values[name] for name in self.quantities]
        if self.rule != "near":
            common = pd.concat(columns, axis=1, join="inner")
            columns = [column for _, column in common.items()]
        return [column.to_numpy() for column in columns] if len(columns[0]) else None

    def judge(self, values: dict[str, pd.Series], runs: dict[str, pd.Series]) -> Finding:
        """Finding from the values of all quantities; without any of them there is no verdict.

        Args:
            values: As `replicate_values` gives them.
            runs: The same of the first draw of every replicate.
        """
        arrays = self.arrays(values)
        if arrays is None:
            return UNKNOWN
        if self.rule == "number":
            (found,), (single,) = arrays, self.arrays(runs)
            positive = bool((found > 0).all() and (single > 0).all())
            on_logarithm = positive and is_error(self.quantities[0])
            return judge_number(self.reported, found, single, on_logarithm)
        return RULES[self.rule](self.reported, self.bound, *arrays)


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


_ALL = tuple(_load_claims(Path(__file__).with_suffix(".yaml")))
CLAIMS = tuple(claim for claim in _ALL if not claim.left_out)
LEFT_OUT = frozenset(claim.id for claim in _ALL if claim.left_out)


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
    named = ((quantity_name(*key), group) for key, group in means.groupby(level=keys))
    return {name: group.droplevel(keys).rename(name) for name, group in named}


def claims_of(document: str) -> list[Claim]:
    """Claims of a document, in the order of claims.yaml; see `Claim.document`."""
    return [claim for claim in CLAIMS if claim.document == document]


def judge_claims(metrics: pd.DataFrame, claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """Judge claims; one whose quantities are not in the results is `words.NOT_COMPUTED`.

    Args:
        metrics: Tidy rows of the results.
        claims: In the order of claims.yaml.

    Returns:
        `COLUMNS`, one row per claim.
    """
    values = replicate_values(metrics)
    runs = replicate_values(metrics[metrics["draw"] == 0])
    rows = [
        {"document": claim.document, "can_fail": claim.can_fail}
        | {name: getattr(claim, name) for name in ("claim", "reported", "headline")}
        | vars(claim.judge(values, runs))
        for claim in claims
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def by_claim(rows: pd.DataFrame, claims: list[Claim], file: Path) -> pd.DataFrame:
    """Rows of a CSV file with one row per claim, by the claims' ids.

    Raises:
        UserError: The rows are of other claims.
    """
    if list(rows["claim"]) != [claim.claim for claim in claims]:
        raise UserError(f"{file} does not hold the claims of claims.yaml; judge them again")
    return rows.set_index(pd.Index([claim.id for claim in claims]))
