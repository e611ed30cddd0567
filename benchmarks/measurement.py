"""What one child process measures, and how that scales to a full training.

Nothing here imports Keras: the process that runs deel-lip needs Keras 2.
"""

import json
import math
import sys
from dataclasses import asdict, dataclass

import numpy as np

from gradloss.data.pool import Pool, load_pool
from gradloss.data.prepare import prepare

# Shape of the inputs and number of training rows of the prepared pools.
SHAPES: dict[str, tuple[tuple[int, ...], int]] = {
    "boston": ((506, 8), 0),
    "mnist": ((70000, 784), 60000),
    "fashion_mnist": ((70000, 28, 28, 1), 60000),
}


@dataclass(frozen=True)
class Measurement:
    """One thing to measure; travels to a child process as JSON.

    Attributes:
        settings: Of the run, as `runs.run_settings` gives them, with `threads`.
        data: Prepared file, or None for arrays of the same shape.
        steps: Steps of a timed epoch, which is cut to the examples that it needs; None for
            a whole epoch.
        epochs: Timed epochs of one turn.
        replicates: Replicates that the engine stacks.
    """

    settings: dict
    data: str | None
    steps: int | None
    epochs: int
    replicates: int = 1

    def to_json(self) -> str:
        """Text that `from_command_line` reads."""
        return json.dumps(asdict(self))

    def load_pool(self) -> Pool:
        """The prepared pool, or one of the same shape."""
        if self.data is not None:
            return load_pool(self.data)
        return draw_pool(self.settings["dataset"], self.settings["seed"])

    def timed_settings(self) -> dict:
        """Settings of a timed epoch: they differ where an epoch is a number of steps."""
        if self.steps is None or "steps_per_epoch" not in self.settings:
            return self.settings
        return {**self.settings, "steps_per_epoch": self.steps}

    def timed_rows(self, train: np.ndarray) -> np.ndarray:
        """The training rows [n] of a timed epoch."""
        if self.steps is None or "steps_per_epoch" in self.settings:
            return train
        return train[: self.steps * self.settings["batch_size"]]

    def turn_steps(self, examples: int) -> int:
        """Steps of one turn, with so many examples in the training set."""
        return self.epochs * (self.steps or epoch_steps(self.settings, examples))

    def training_steps(self, examples: int) -> int:
        """Steps of the full training."""
        return self.settings["epochs"] * epoch_steps(self.settings, examples)


def from_command_line() -> list[Measurement]:
    """The measurements that a child is asked for, one per argument."""
    return [Measurement(**json.loads(argument)) for argument in sys.argv[1:]]


def epoch_steps(settings: dict, examples: int) -> int:
    """Steps of a whole epoch; a last partial batch counts."""
    return settings.get("steps_per_epoch") or math.ceil(examples / settings["batch_size"])


def training_seconds(
    step_seconds: float, steps: int, pass_seconds: float = 0.0, passes: int = 0
) -> float:
    """Seconds of a full training: its steps and its passes over the test set."""
    return step_seconds * steps + pass_seconds * passes


def draw_pool(dataset: str, seed: int) -> Pool:
    """Two moons, or random arrays of a prepared pool's shape and types."""
    if dataset not in SHAPES:
        return Pool(**prepare(dataset, {}, {"pool_size": 100000, "noise": 0.05, "seed": seed}))
    shape, n_train = SHAPES[dataset]
    rng = np.random.default_rng(seed)
    x = rng.random(shape, dtype=np.float32)
    y = rng.integers(0, 10, shape[0]) if n_train else rng.random(shape[0], dtype=np.float32)
    return Pool(x, y, n_train)
