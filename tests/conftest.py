"""Set-up that every test shares."""

import os
import sys

import pytest

# TensorFlow's own notes would bury a failure's message.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(autouse=True)
def no_script_ends_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that ends its process at once would end the tests too, as if they had passed."""
    monkeypatch.setattr(os, "_exit", sys.exit)
