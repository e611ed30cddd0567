"""What the number of replicates allows to tell: the design behind each claim that compares methods.

Every claim is brought into the form "the mean of the excesses is above 0", see
`verdicts.Comparison`; of several inequalities the most doubtful one is shown.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gradloss.analysis.claims import CLAIMS, Claim, replicate_values
from gradloss.analysis.statistics import (
    Interval,
    detectable_effect,
    mean_interval,
    replicates_for_power,
    resampled_interval,
)
from gradloss.analysis.verdicts import FEWEST_REPLICATES, PAIRED_RULES

COLUMNS = [
    *("document", "claim", "scale", "replicates", "excess", "deviation", "half_width"),
    *("detectable", "replicates_for_power", "corrected_low", "corrected_high"),
]


def describe_design(metrics: pd.DataFrame, test_by_train: Mapping[str, float]) -> pd.DataFrame:
    """The design of every main claim and prediction that compares methods.

    Args:
        metrics: Tidy rows of the results.
        test_by_train: Ratio of the sizes of test and training part, of the datasets whose
            replicates divide one table at random.

    Returns:
        `COLUMNS`; a row per claim with `FEWEST_REPLICATES` whose excesses vary. The excess, its
        standard deviation, the half width of its 95 % interval and the effect that the replicates
        could tell with a power of 90 % are in units of the claim, of ratios in natural logarithms.
        The replicates that such a power needs are missing where the excess is not above 0; the
        interval of Nadeau and Bengio is missing where no table is divided.
    """
    values = replicate_values(metrics)
    rows = [_design(claim, values, test_by_train) for claim in CLAIMS if _is_shown(claim)]
    return pd.DataFrame([row for row in rows if row], columns=COLUMNS)


def _is_shown(claim: Claim) -> bool:
    compares = claim.rule in PAIRED_RULES
    return compares and claim.can_fail and (claim.headline or not claim.document.isdigit())


def _design(
    claim: Claim, values: dict[str, pd.Series], test_by_train: Mapping[str, float]
) -> tuple | None:
    arrays = claim.arrays(values)
    if arrays is None or len(arrays[0]) < FEWEST_REPLICATES:
        return None
    excesses = PAIRED_RULES[claim.rule](claim.bound, *arrays).excesses
    excess = min(excesses, key=np.mean)
    if np.isnan(excess).any() or np.ptp(excess) == 0:
        return None
    interval, deviation = mean_interval(excess), float(excess.std(ddof=1))
    dataset = claim.quantities[0].partition("/")[0]
    corrected = (
        resampled_interval(excess, test_by_train[dataset])
        if dataset in test_by_train
        else Interval(np.nan, np.nan, np.nan, 0)
    )
    return (
        claim.document,
        claim.claim,
        "logarithm" if "ratio" in claim.rule else "difference",
        interval.replicates,
        interval.mean,
        deviation,
        interval.high - interval.mean,
        detectable_effect(deviation, interval.replicates),
        replicates_for_power(deviation, interval.mean) if interval.mean > 0 else np.nan,
        corrected.low,
        corrected.high,
    )
