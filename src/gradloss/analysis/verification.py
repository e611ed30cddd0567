"""The numbers of the published run, and how those of another run compare with them.

Every quantity of the results is published as a mean over replicates with its 95 % interval, every
claim with its verdict. A number of another run is

- *identical* if mean and interval have the same six significant digits, as with the same seeds on
  the same machine, and a claim the same verdict too;
- *within* if Welch's interval for the difference of the two means, at 95 %, holds 0: the seeds may
  be other ones, and the replicates more or fewer. What float32 loses on numbers of order one,
  `ROUNDING`, is no difference;
- *untested* if one of the two runs has a single replicate of it, and so no interval;
- *turned* if a claim's number is within, and its verdict is another one: it lies near a bound;
- *outside* otherwise, or *missing* if the other run does not have it.

Of thousands of numbers some are outside in every honest rerun. So a run deviates from the published
one if a number is outside at a level that Holm's method corrects for all numbers and claims: an
honest rerun does in at most one of 20 cases.
"""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from gradloss.analysis.claims import quantity_name
from gradloss.analysis.statistics import CONFIDENCE, holm
from gradloss.analysis.summaries import KEYS, intervals, read_metrics, replicate_means
from gradloss.support.errors import UserError
from gradloss.support.files import atomic_write
from gradloss.support.results import write_csv

DIGITS = 6
ROUNDING = 1e-6

NUMBERS = "published.csv"
CLAIMS = "published_claims.csv"
TIMINGS = "published_timings.csv"

STATUSES = ["identical", "within", "untested", "turned", "outside", "missing"]
ESTIMATE = ["mean", "ci_low", "ci_high", "replicates"]
FOUND = [f"found_{name}" for name in ESTIMATE]


def summarise(metrics: pd.DataFrame) -> pd.DataFrame:
    """Every quantity of the results: mean over replicates, draws averaged, and 95 % interval.

    Args:
        metrics: Tidy results.

    Returns:
        Columns `KEYS`, `ESTIMATE`, with six significant digits; the interval is NaN for one
        replicate.
    """
    summary = intervals(replicate_means(metrics), KEYS)
    summary = summary.rename(columns={"low": "ci_low", "high": "ci_high"})
    return _rounded(summary[[*KEYS, *ESTIMATE]])


def write_published(metrics_csv: Path, claims_csv: Path, folder: Path) -> None:
    """Publish a run: write its numbers, its claims and its training times.

    Args:
        metrics_csv: metrics.csv of the run, with timings.csv beside it.
        claims_csv: claims.csv of the run.
        folder: Where `NUMBERS`, `CLAIMS` and `TIMINGS` go.

    Raises:
        UserError: A file is not what it should be.
        OSError: A file cannot be read or written.
    """
    write_csv(summarise(read_metrics([metrics_csv])), folder / NUMBERS)
    write_csv(_rounded(read_claims(claims_csv)), folder / CLAIMS)
    with atomic_write(folder / TIMINGS) as temporary:
        shutil.copyfile(metrics_csv.with_name("timings.csv"), temporary)


def read_published(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Numbers and claims of the published run.

    Raises:
        UserError: There are none, or a file is not what it should be.
    """
    if not (folder / NUMBERS).exists():
        raise UserError(
            f"{folder / NUMBERS} is not there, as no run has been published; "
            "run make publish after a full run"
        )
    numbers = _read(folder / NUMBERS, [*KEYS, *ESTIMATE])
    return numbers, read_claims(folder / CLAIMS)


def read_claims(path: Path) -> pd.DataFrame:
    """Rows of claims.csv, the documents' names as text."""
    columns = ["document", "claim", "replicated", "ci_low", "ci_high", "replicates", "verdict"]
    return _read(path, columns, dtype={"document": str})


def compare_numbers(published: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    """Compare every published number with a run's.

    Args:
        published: As `summarise` gives them.
        metrics: Tidy results of the run.

    Returns:
        Columns dataset, name (as by `quantity_name`), status, p_value (see `equality_p_values`),
        `ESTIMATE`, `FOUND`; a row per published number.
    """
    joined = _joined(published, summarise(metrics), KEYS)
    names = [quantity_name(*key) for key in joined[KEYS].itertuples(index=False)]
    return _judged(joined.assign(name=names))


def compare_claims(published: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """Compare every published claim with a run's; columns as of `compare_numbers`.

    Args:
        published: Claims of the published run.
        claims: Claims of the run.
    """
    renamed = {"replicated": "mean"}
    both = published.rename(columns=renamed), _rounded(claims).rename(columns=renamed)
    joined = _joined(*both, ["document", "claim"], "verdict")
    turned = (joined["_merge"] == "both") & (joined["verdict"] != joined["found_verdict"])
    verdict = joined["verdict"].mask(turned, joined["found_verdict"] + ", not " + joined["verdict"])
    name = joined["document"] + ", " + joined["claim"] + ", " + verdict
    judged = _judged(joined.assign(dataset="claims", name=name))
    near = turned & judged["status"].isin(["identical", "within"])
    return judged.assign(status=judged["status"].mask(near, "turned"))


def deviations(rows: pd.DataFrame) -> pd.DataFrame:
    """Of compared rows those that other seeds do not explain; see the module.

    Args:
        rows: All of them, as `compare_numbers` and `compare_claims` give them.
    """
    p_values = rows["p_value"].mask(rows["status"] == "untested", 1.0).fillna(0.0)
    return rows[holm(p_values.to_numpy()) < 1 - CONFIDENCE]


def _joined(
    published: pd.DataFrame, found: pd.DataFrame, keys: list[str], *more: str
) -> pd.DataFrame:
    """Published rows, and beside them those of a run with the same keys, with an indicator."""
    columns = [*ESTIMATE, *more]
    found = found[[*keys, *columns]].rename(columns={name: f"found_{name}" for name in columns})
    return published.merge(found, on=keys, how="left", indicator=True)


def _judged(joined: pd.DataFrame) -> pd.DataFrame:
    """Add the status and the p-value of each row of `ESTIMATE` and `FOUND`."""
    published, found = joined[ESTIMATE].to_numpy(float), joined[FOUND].to_numpy(float)
    same = ((published == found) | (np.isnan(published) & np.isnan(found))).all(axis=1)
    p_values = equality_p_values(published.T, found.T)
    difference = np.abs(found[:, 0] - published[:, 0])
    p_values[same | (difference <= ROUNDING)] = 1.0
    status = np.select(
        [
            joined["_merge"] == "left_only",
            same,
            p_values >= 1 - CONFIDENCE,
            np.isnan(p_values) & ~np.isnan(difference),
        ],
        ["missing", "identical", "within", "untested"],
        "outside",
    )
    judged = joined.assign(status=status, p_value=p_values)
    return judged[["dataset", "name", "status", "p_value", *ESTIMATE, *FOUND]]


def equality_p_values(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Two-sided p-values of the hypotheses that two studies estimate the same (Welch, 1947).

    The standard errors are those of Student's 95 % intervals. Where all numbers are positive and
    the first interval is that of a geometric mean, logarithms are compared.

    Args:
        first: Means, lower and upper bounds of their intervals, and numbers of replicates, [4, N].
        second: The same of the other study.

    Returns:
        [N]; NaN where one of the two has no interval.
    """
    mean, low, high = first[:3]
    # The product of the bounds is the square of a geometric mean, and less for an arithmetic one.
    is_geometric = low * high > mean**2 - ((high - low) / 2) ** 2 / 2
    is_positive = (np.minimum(first[:3], second[:3]) > 0).all(axis=0)
    moments = []
    for *estimate, count in (first, second):
        values = np.array(estimate)
        np.log(values, out=values, where=is_geometric & is_positive)
        error = (values[2] - values[1]) / 2 / stats.t.ppf((1 + CONFIDENCE) / 2, count - 1)
        moments += [values[0], error * np.sqrt(count), count]
    # Without any spread, what differs at all has the p-value 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.array(stats.ttest_ind_from_stats(*moments, equal_var=False).pvalue)


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Floats with six significant digits, as they are after being written and read."""
    floats = frame.select_dtypes("floating").columns
    return frame.assign(
        **{name: frame[name].map(lambda value: float(f"{value:.{DIGITS}g}")) for name in floats}
    )


def _read(path: Path, columns: list[str], **options: object) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path, **options)
    except ValueError as error:
        raise UserError(f"{path} is not a CSV file ({error}); make it again") from error
    missing = [name for name in columns if name not in frame]
    if missing:
        raise UserError(f"{path}: lacks the column '{missing[0]}'; make it again")
    return frame
