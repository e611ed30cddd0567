"""The parent's side of a peer: the engine's trainings in JAX, timed only if they are the same."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from children import Children
from measurement import Measurement

from gradloss.configuration.heads import head_of
from gradloss.support.errors import UserError

# Of a loss, relative, within the steps that are checked: float32 alone makes up to 1e-6 there.
TOLERANCE = 1e-5


def refuse_other_losses(name: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    """Refuse a peer whose losses [epochs, steps, R] are not those of the engine.

    Raises:
        UserError: If one differs by more than `TOLERANCE` of it.
    """
    same_shape = ours.shape == theirs.shape
    difference = np.max(np.abs(theirs / ours - 1)) if same_shape else np.inf
    if not difference <= TOLERANCE:
        raise UserError(
            f"{name} is not timed: from the same weights and batches its losses differ from the "
            f"engine's by {difference:.1e} of them, and {TOLERANCE:.0e} is allowed"
        )


@contextmanager
def checked_peer(
    name: str, python: Path, measurement: Measurement, processes: int, script: str = "jax_loop.py"
) -> Iterator[Children]:
    """Processes that train what the engine trains, and did so in their first steps.

    Args:
        name: Of the work, for messages.
        python: Of the peer's environment.
        measurement: Of the engine.
        processes: How many, each with as many threads as the engine's.
        script: File of this folder.

    Raises:
        UserError: If the losses of the first steps are not the engine's.
    """
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "handover.npz"))
        arguments = [measurement.to_json(), path]
        with Children(f"handover, {name}", "handover.py", arguments) as engine:
            engine.wait_until_ready()
            ours = np.array(engine.turn()[0]["losses"])
        peer = Children(
            f"JAX, {name}",
            script,
            [json.dumps(peer_settings(measurement.settings) | {"path": path})],
            processes,
            {"JAX_PLATFORMS": "cpu", "PJRT_NPROC": str(measurement.settings["threads"])},
            str(python),
        )
        with peer:
            peer.wait_until_ready()
            for answer in peer.turn():
                refuse_other_losses(peer.name, ours, np.array(answer["losses"]))
            peer.next_measurement()
            yield peer


def peer_settings(settings: dict) -> dict:
    """What a peer is told of a run, beside the arrays."""
    told = {key: settings[key] for key in ("loss", "batch_size", "learning_rate")}
    return told | {"head": head_of(settings)}
