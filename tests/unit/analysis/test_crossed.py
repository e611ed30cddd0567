"""The interval over replicates and images: its formula, and how often it covers."""

import numpy as np
import pytest
from scipy import stats

from gradloss.analysis.crossed import crossed_interval

TRIALS = 400
IMAGES = 1000
DEVIATION = np.sqrt(0.95 * 0.05 / TRIALS)


def test_it_is_the_analysis_of_variance_written_out():
    values = np.array([[1, 0, 0, 1, 2], [0, 0, -1, 1, 3], [2, 1, 0, 1, 5.0]])
    rows, columns = values.shape
    # Mean squares of a table without replication, as in any textbook.
    total = np.sum((values - values.mean()) ** 2)
    of_rows = columns * np.sum((values.mean(axis=1) - values.mean()) ** 2)
    of_columns = rows * np.sum((values.mean(axis=0) - values.mean()) ** 2)
    error = (total - of_rows - of_columns) / ((rows - 1) * (columns - 1))
    square_rows, square_columns = of_rows / (rows - 1), of_columns / (columns - 1)
    half = np.sqrt(
        stats.t.ppf(0.975, rows - 1) ** 2 * square_rows / values.size
        + stats.t.ppf(0.975, columns - 1) ** 2 * (square_columns - error) / values.size
    )
    interval = crossed_interval(values)
    assert interval.replicates == 3
    assert interval.mean == pytest.approx(values.mean())
    bounds = values.mean() - half, values.mean() + half
    assert (interval.low, interval.high) == pytest.approx(bounds)


def test_images_without_effect_leave_the_interval_over_replicates():
    values = np.repeat(np.array([[0.1], [0.3], [0.8]]), 50, axis=1)
    alone = stats.t.interval(0.95, 2, np.mean([0.1, 0.3, 0.8]), stats.sem([0.1, 0.3, 0.8]))
    interval = crossed_interval(values)
    assert (interval.low, interval.high) == pytest.approx(alone)


def test_it_is_never_narrower_than_over_replicates_alone():
    generator = np.random.default_rng(0)
    for _ in range(50):
        values = generator.integers(-1, 2, (4, 30))
        means = values.mean(axis=1)
        half = stats.t.ppf(0.975, 3) * stats.sem(means)
        interval = crossed_interval(values)
        assert interval.high - interval.mean >= half * (1 - 1e-12)


@pytest.mark.parametrize("shape", [(1, 9), (9, 1)])
def test_a_single_replicate_or_image_has_no_interval(shape):
    interval = crossed_interval(np.ones(shape))
    assert interval.mean == 1 and np.isnan(interval.low) and np.isnan(interval.high)


def gaussian(generator, replicates, share):
    """Effects of replicates with ``share`` times the part of the images in the variance."""
    spread = np.sqrt(share * replicates / IMAGES)
    values = spread * generator.normal(size=(replicates, 1)) + generator.normal(size=IMAGES)
    return values + generator.normal(size=(replicates, IMAGES)), 0.0


def correctness(generator, replicates, share):
    """Differences of two methods that are right where a latent normal value is positive.

    Images are hard for both alike and for each of its own; so are replicates weak.
    """
    own, gain, easy = 0.3, 0.2, 1.8
    spread = np.sqrt(share) * 0.1
    alike = generator.normal(size=IMAGES)
    right = [
        easy
        + mean
        + alike
        + own * generator.normal(size=IMAGES)
        + spread * generator.normal(size=(replicates, 1))
        + 0.5 * generator.normal(size=(replicates, IMAGES))
        > 0
        for mean in (gain, 0)
    ]
    total = np.sqrt(1 + own**2 + spread**2 + 0.25)
    truth = stats.norm.cdf((easy + gain) / total) - stats.norm.cdf(easy / total)
    return right[0].astype(np.int8) - right[1], truth


@pytest.mark.parametrize("draw", [gaussian, correctness])
@pytest.mark.parametrize("replicates", [3, 5, 8, 20])
@pytest.mark.parametrize("share", [0, 4])
def test_it_covers_the_truth_as_often_as_it_says(draw, replicates, share):
    """At least 93 %, and not above 97 % where one of the parts is nearly all of the variance.

    With three replicates and a large part of the images it covers up to 98 %: the quantile
    of two degrees of freedom is spent on a part that hardly counts.
    """
    generator = np.random.default_rng(17)
    trials = [draw(generator, replicates, share) for _ in range(TRIALS)]
    covered = np.mean([(i := crossed_interval(v)).low <= truth <= i.high for v, truth in trials])
    assert covered >= 0.93 - 2 * DEVIATION
    assert covered <= (0.97 if replicates > 5 else 0.985) + 2 * DEVIATION
