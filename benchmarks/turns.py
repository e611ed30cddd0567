"""The child's side: a measurement whenever the parent asks for one.

A child imports, traces and warms up once, says that it is ready, and then measures one turn per
line on standard input. So turns of different processes can alternate closely, and processes that
belong together start at the same time.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator

END = "end"


class Turns:
    """Requests on standard input, answers on standard output, both one line each.

    What libraries print goes to standard error instead.
    """

    def __init__(self) -> None:
        self._answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def __iter__(self) -> Iterator[bool]:
        """True for each turn that the parent asks for, after a word that this child is ready."""
        self._send({"ready": True})
        for line in iter(sys.stdin.readline, ""):
            if line.strip() == END:
                return
            yield True

    def answer(self, **values: float) -> None:
        """Answer a turn; adds the peak memory of this process in MB."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self._send({**values, "peak_mb": peak})

    def _send(self, values: dict) -> None:
        print(json.dumps(values), file=self._answers, flush=True)


class EpochClock:
    """Turns of epochs within one `fit`; a mix-in for the `Callback` of either Keras.

    The first turn is the warm-up. Between two turns `fit` waits for the parent.

    Args:
        turns: Requests of the parent.
        epochs: Of one turn.
        answer: Takes the seconds of a turn's training and of its validation.
    """

    def __init__(self, turns: Turns, epochs: int, answer: Callable[[float, float], None]) -> None:
        super().__init__()
        self._requests = iter(turns)
        self._epochs = epochs
        self._answer = answer
        self._warm = False
        self._restart()

    def _restart(self) -> None:
        self._left, self._training, self._validation = self._epochs, 0.0, 0.0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock."""
        self._begun, self._trained = time.perf_counter(), None

    def on_test_begin(self, logs: dict | None = None) -> None:
        """Training ends where validation begins."""
        self._trained = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Add up; after the last epoch of a turn answer, and wait for the next request."""
        now = time.perf_counter()
        trained = self._trained or now
        self._training += trained - self._begun
        self._validation += now - trained
        self._left -= 1
        if self._left:
            return
        if self._warm:
            self._answer(self._training, self._validation)
        self._warm = True
        self._restart()
        if not next(self._requests, False):
            self.model.stop_training = True
