"""From the seconds of every round to the rows of the table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradloss.paper.benchmark import COLUMNS


@dataclass(frozen=True)
class Samples:
    """What was measured of one kind of training.

    Attributes:
        theirs: Seconds of one replicate in the documents' loop, [rounds]; NaN if not measured.
        ours: Seconds that one replicate takes of the whole machine in the engine, [rounds].
        peak_mb: Peak memory of one process of the engine.
        operations: Counted floating-point operations of one replicate; NaN if not counted.
    """

    theirs: np.ndarray
    ours: np.ndarray
    peak_mb: float
    operations: float

    def __add__(self, other: "Samples") -> "Samples":
        """Both trainings, one after the other, round by round."""
        return Samples(
            self.theirs + other.theirs,
            self.ours + other.ours,
            max(self.peak_mb, other.peak_mb),
            self.operations + other.operations,
        )


def table_row(
    work: str,
    method: str,
    samples: Samples,
    machine_rate: float,
    ratios: np.ndarray | None = None,
) -> dict[str, str | float]:
    """A row of the table: medians over the rounds, and the spread of the ratio.

    Args:
        work: Name of the work.
        method: Name of the method.
        samples: Its measurements.
        machine_rate: Operations per second of a matrix product on the whole machine.
        ratios: Of each round; theirs to ours if not given.
    """
    if ratios is None:
        ratios = samples.theirs / samples.ours
    ours = float(np.median(samples.ours))
    values = (
        float(np.median(samples.theirs)),
        ours,
        float(np.median(ratios)),
        float(np.min(ratios)),
        float(np.max(ratios)),
        samples.peak_mb,
        samples.operations / ours / machine_rate,
    )
    return dict(zip(COLUMNS, (work, method, *values), strict=True))


def per_replicate(answers: Sequence[Mapping[str, float]], key: str, stacked: int) -> float:
    """Seconds per replicate of processes that ran together, until the last of them was done.

    Args:
        answers: Of all processes, in one round.
        key: Which seconds.
        stacked: Replicates of each process.
    """
    return max(answer[key] for answer in answers) / (len(answers) * stacked)
