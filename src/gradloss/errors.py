"""Errors that a user can mend: scripts print them as one line instead of a traceback."""


class UserError(Exception):
    """Bad input; the message says what is wrong, where, and how to mend it."""


class DataError(UserError, ValueError):
    """A data file or an array in it is missing, damaged or not what it should be."""
