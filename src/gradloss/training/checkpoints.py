"""The state of a training that was cut off, from which it goes on to the same result."""

import hashlib
import json
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

import gradloss
from gradloss.support.errors import DataError
from gradloss.support.files import read_npz, write_npz

log = logging.getLogger(__name__)

PACKAGE = Path(gradloss.__file__).parent
SHORTEST_INTERVAL = 1.0  # seconds between two states
LIBRARIES = ("tensorflow", "keras", "numpy")


@dataclass(frozen=True)
class TrainingState:
    """Everything that the rest of a training depends on.

    Attributes:
        epoch: Epochs that are done.
        variables: Values of weights, other state and optimiser, in a fixed order.
        losses: Of every step so far, each with its terms after it, [epochs, steps, R, 1 + K].
        records: What the monitor has told so far; JSON values.
        seconds: Wall time so far.
    """

    epoch: int
    variables: list[np.ndarray]
    losses: np.ndarray
    records: list
    seconds: float


class Checkpoint:
    """The last state of one training job, in one file that is replaced as a whole.

    A state that was saved by another computation (other settings, data, code or libraries) is
    ignored, and so is a damaged file.

    Args:
        path: The file; missing folders are created.
        identity: Of the computation, see `identity_of`.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self._path = path
        self._identity = identity
        self._next = time.monotonic() + SHORTEST_INTERVAL

    def load(self) -> TrainingState | None:
        """The last state of this computation, if there is one."""
        if not self._path.exists():
            return None
        try:
            arrays = read_npz(self._path)
            header = json.loads(str(arrays.pop("header")))
        except (DataError, KeyError, json.JSONDecodeError) as error:
            log.warning("checkpoint %s is damaged, training starts anew (%s)", self._path, error)
            return None
        if header["identity"] != self._identity:
            log.info("checkpoint %s is of another computation, training starts anew", self._path)
            return None
        losses = arrays.pop("losses")
        epoch, records, seconds = (header[key] for key in ("epoch", "records", "seconds"))
        return TrainingState(epoch, list(arrays.values()), losses, records, seconds)

    def is_due(self) -> bool:
        """Whether it is time to save: so rarely that it takes a fiftieth of the time at most."""
        return time.monotonic() >= self._next

    def save(self, state: TrainingState) -> None:
        """Replace the last state."""
        start = time.monotonic()
        plain = {key: getattr(state, key) for key in ("epoch", "records", "seconds")}
        header = {"identity": self._identity, **plain}
        variables = {f"variable_{i:04d}": value for i, value in enumerate(state.variables)}
        arrays = {"header": np.array(json.dumps(header)), "losses": state.losses, **variables}
        write_npz(self._path, arrays)
        end = time.monotonic()
        self._next = end + max(SHORTEST_INTERVAL, 50 * (end - start))
        log.info("checkpoint after epoch %d", state.epoch)

    def remove(self) -> None:
        """Forget the last state, when its training has ended."""
        self._path.unlink(missing_ok=True)


def identity_of(settings: str, data: Path) -> str:
    """Hash of all that a training's result depends on.

    Args:
        settings: Text of all settings.
        data: File of the prepared data.
    """
    digest = hashlib.sha256()
    libraries = [f"{name} {version(name)}" for name in LIBRARIES]
    for part in [settings.encode(), *map(str.encode, libraries), *_contents([data, *_sources()])]:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _contents(files: Iterable[Path]) -> Iterable[bytes]:
    return (file.read_bytes() for file in files)
