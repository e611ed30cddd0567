"""The numbers of the published run, and how those of another run compare with them.

Every quantity of the results is published as a mean over replicates with its bootstrap interval,
every claim with its verdict. A number of another run is

- *identical* if it has the same six significant digits, and a claim the same verdict too;
- *within* if it lies in the published interval and the verdict is the same. An interval is at
  least `ROUNDING` to each side, which is what float32 loses on numbers of order one. One replicate
  has no interval; there a number may differ by `SINGLE` of its size;
- *outside* otherwise, or *missing* if the other run does not have it.
"""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from gradloss.claims import quantity_name
from gradloss.errors import UserError
from gradloss.files import atomic_write
from gradloss.results import write_csv
from gradloss.summaries import KEYS, intervals, read_metrics, replicate_means

DIGITS = 6
ROUNDING = 1e-6
SINGLE = 0.01

NUMBERS = "published.csv"
CLAIMS = "published_claims.csv"
TIMINGS = "published_timings.csv"

STATUSES = ["identical", "within", "outside", "missing"]
ESTIMATE = ["mean", "ci_low", "ci_high"]


def summarise(metrics: pd.DataFrame) -> pd.DataFrame:
    """Every quantity of the results: mean over replicates, draws averaged, and 95 % interval.

    Args:
        metrics: Tidy results.

    Returns:
        Columns `KEYS`, replicates, `ESTIMATE`, with six significant digits; the interval is NaN
        for one replicate.
    """
    summary = intervals(replicate_means(metrics), KEYS)
    summary = summary.rename(columns={"low": "ci_low", "high": "ci_high"})
    return _rounded(summary[[*KEYS, "replicates", *ESTIMATE]])


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
    write_csv(summarise(read_metrics(metrics_csv)), folder / NUMBERS)
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
    numbers = _read(folder / NUMBERS, [*KEYS, "replicates", *ESTIMATE])
    return numbers, read_claims(folder / CLAIMS)


def read_claims(path: Path) -> pd.DataFrame:
    """Rows of claims.csv, the documents' names as text."""
    columns = ["seed", "claim", "replicated", "ci_low", "ci_high", "verdict"]
    return _read(path, columns, dtype={"seed": str})


def compare_numbers(published: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    """Compare every published number with a run's.

    Args:
        published: As `summarise` gives them.
        metrics: Tidy results of the run.

    Returns:
        Columns dataset, name (as by `quantity_name`), status, found, `ESTIMATE`; a row per
        published number.
    """
    means = replicate_means(metrics).groupby(KEYS)["value"]
    found = means.agg(lambda values: values.to_numpy().mean()).rename("found").reset_index()
    joined = published.merge(_rounded(found), on=KEYS, how="left", indicator=True)
    names = [quantity_name(*key) for key in joined[KEYS].itertuples(index=False)]
    return _judged(joined.assign(name=names))


def compare_claims(published: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """Compare every published claim with a run's; columns as of `compare_numbers`.

    Args:
        published: Claims of the published run.
        claims: Claims of the run.
    """
    keys = ["seed", "claim"]
    found = _rounded(claims[[*keys, "replicated", "verdict"]])
    found = found.rename(columns={"replicated": "found", "verdict": "found_verdict"})
    joined = published.rename(columns={"replicated": "mean"})
    joined = joined.merge(found, on=keys, how="left", indicator=True)
    turned = (joined["_merge"] == "both") & (joined["verdict"] != joined["found_verdict"])
    verdict = joined["verdict"].mask(turned, joined["found_verdict"] + ", not " + joined["verdict"])
    name = joined["seed"] + ", " + joined["claim"] + ", " + verdict
    judged = _judged(joined.assign(dataset="claims", name=name))
    return judged.assign(status=judged["status"].mask(turned, "outside"))


def _judged(joined: pd.DataFrame) -> pd.DataFrame:
    """Add the status of each row of `found` and `ESTIMATE`, merged with an indicator."""
    found, mean = joined["found"], joined["mean"]
    slack = ROUNDING + np.where(joined["ci_low"].isna(), SINGLE, 0) * mean.abs()
    low = joined["ci_low"].fillna(mean).clip(upper=mean - slack)
    high = joined["ci_high"].fillna(mean).clip(lower=mean + slack)
    status = np.select(
        [
            joined["_merge"] == "left_only",
            (found == mean) | (found.isna() & mean.isna()),
            (low <= found) & (found <= high),
        ],
        ["missing", "identical", "within"],
        "outside",
    )
    return joined.assign(status=status)[["dataset", "name", "status", "found", *ESTIMATE]]


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
