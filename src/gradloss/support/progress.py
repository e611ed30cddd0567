"""How far a long job is: a bar on a terminal, a line now and then in a log."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 30.0

log = logging.getLogger(__name__)


@contextmanager
def progress(total: int, unit: str, before: int = 0) -> Iterator[Callable[[int, str], None]]:
    """Show the units of work that are done, and the time that the rest will take.

    On a terminal a bar shows them, and the lines of the log go above it. Elsewhere the first unit,
    the last one and some between them make a line of the log.

    Args:
        total: Units of work.
        unit: What one is, such as "epoch".
        before: Units that were done before, at an unknown speed.

    Yields:
        A function that is told how many units are done, those of before included, and a note on
        the last one, such as "mean loss 0.5".
    """
    # Without a terminal, tqdm disables a bar for which `disable` is None.
    with tqdm(total=total, initial=before, unit=f" {unit}", disable=None) as bar:
        if bar.disable:
            yield _lines(total, unit, before)
            return

        def show(done: int, note: str) -> None:
            bar.set_postfix_str(note, refresh=False)
            bar.update(done - bar.n)

        # In a notebook without widgets its import alone warns.
        from tqdm.contrib.logging import logging_redirect_tqdm

        with logging_redirect_tqdm():
            yield show


def _lines(total: int, unit: str, before: int) -> Callable[[int, str], None]:
    start = due = time.monotonic()

    def write(done: int, note: str) -> None:
        nonlocal due
        now = time.monotonic()
        if now < due and done < total:
            return
        due = now + SECONDS_BETWEEN_LINES
        rest = (now - start) / (done - before) * (total - done)
        log.info(
            "%s %d of %d, %s%s", unit, done, total, note, f", {duration(rest)} left" if rest else ""
        )

    return write


def duration(seconds: float) -> str:
    """A time in words, such as "8 s", "52 min 10 s" or "1 h 5 min"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
