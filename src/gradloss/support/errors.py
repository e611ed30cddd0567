"""Errors that a user can mend: scripts print them as one line instead of a traceback."""

EXCERPT_CHARACTERS = 80


class UserError(Exception):
    """Bad input; the message, a single line, says what is wrong, where, and how to mend it."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class DataError(UserError, ValueError):
    """A data file or an array in it is missing, damaged or not what it should be."""


def excerpt(found: object) -> str:
    """What was found, as text that is short enough for a message."""
    text = str(found)
    return text if len(text) <= EXCERPT_CHARACTERS else f"{text[:EXCERPT_CHARACTERS]}…"
