"""The paired comparisons of all claims, as one family of tests."""

import numpy as np
import pandas as pd

from gradloss.analysis.claims import CLAIMS, Claim, replicate_values
from gradloss.analysis.statistics import (
    CONFIDENCE,
    UNKNOWN,
    holm,
    mean_interval,
    p_value_above,
    probability_of_superiority,
)
from gradloss.analysis.verdicts import FEWEST_REPLICATES, PAIRED_RULES

ESTIMATES = ["mean_difference", "ci_low", "ci_high"]
PROBABILITIES = ["probability", "probability_low", "probability_high"]
COLUMNS = [
    *("document", "claim", "a", "b"),
    *ESTIMATES,
    *PROBABILITIES,
    *("p", "p_holm", "replicates", "holds_after_holm"),
]

# The sides a and b of a rule that are not its first two quantities: a is claimed to be larger.
SIDES = {
    "ratio_below": ("{1}", "{0}"),
    "difference_below": ("{1}", "{0}"),
    "gain_share_below": ("{bound:g} * ({0} - {2})", "{0} - {1}"),
    "reduction_share_below": ("{bound:g} * ({2} - {0})", "{1} - {0}"),
    "share_above": ("{0} - {1}", "{bound:g} * ({0} - {2})"),
    "ratio_of_ratios_above": ("{0} / {1}", "{2} / {3}"),
    "smallest_gap": ("least other gap", "{0} - {1}"),
}
# Those that claim no side to be the larger.
EQUIVALENCES = ("equivalent", "ratio_equivalent")
LEVEL = (1 - CONFIDENCE) / 2  # of one-sided tests, so that what holds has its interval on one side


def compare_methods(metrics: pd.DataFrame) -> pd.DataFrame:
    """Compare the two sides of every claim about methods that are paired by replicate.

    Side a is the one that the claim calls the larger; of errors, the larger is the worse. The
    mean of a - b and the probability, P(a beats b), leave the claim's bound aside; equivalences
    have no such probability. The p-value is of the claim with its bound, and Holm's correction is
    over all claims that can fail and could be tested, which takes three replicates. What holds
    after it does so at `LEVEL`, that of the intervals, so that its verdict is "reproduced".

    Args:
        metrics: Tidy rows of the results.

    Returns:
        `COLUMNS`, one row per claim in the order of claims.yaml; what is unknown is missing.
    """
    values = replicate_values(metrics)
    compared = [claim for claim in CLAIMS if claim.rule in PAIRED_RULES]
    frame = pd.DataFrame([_compare(claim, values) for claim in compared], columns=COLUMNS)
    tested = frame["p"].notna() & np.array([claim.can_fail for claim in compared])
    frame.loc[tested, "p_holm"] = holm(frame.loc[tested, "p"].to_numpy())
    frame["holds_after_holm"] = (frame["p_holm"] < LEVEL).astype(object).where(tested)
    return frame


def _compare(claim: Claim, values: dict[str, pd.Series]) -> dict:
    a, b = (
        side.format(*claim.quantities, bound=claim.bound)
        for side in SIDES.get(claim.rule, ("{0}", "{1}"))
    )
    row = {"document": claim.document, "claim": claim.claim, "a": a, "b": b}
    arrays = claim.arrays(values)
    if arrays is None:
        return row | {"p": np.nan, "p_holm": np.nan, "replicates": 0}
    comparison = PAIRED_RULES[claim.rule](claim.bound, *arrays)
    difference = mean_interval(comparison.ahead - comparison.behind)
    chance = probability_of_superiority(comparison.ahead, comparison.behind)
    if claim.rule in EQUIVALENCES:
        chance = UNKNOWN
    enough = difference.replicates >= FEWEST_REPLICATES
    # A claim of several inequalities is as doubtful as the most doubtful one of them.
    p = np.max([p_value_above(excess, 0) for excess in comparison.excesses]) if enough else np.nan
    return (
        row
        | dict(zip(ESTIMATES, (difference.mean, difference.low, difference.high), strict=True))
        | dict(zip(PROBABILITIES, (chance.mean, chance.low, chance.high), strict=True))
        | {"p": p, "p_holm": np.nan, "replicates": difference.replicates}
    )
