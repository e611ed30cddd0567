"""What the start of a job does not wait for."""

import subprocess
import sys

import pytest

SEEN = """
import sys
import gradloss.{module}
print(sorted({{"sklearn", "matplotlib.pyplot"}} & sys.modules.keys()))
import matplotlib.pyplot
from sklearn.base import BaseEstimator
"""


@pytest.mark.parametrize("module", ["training.run", "evaluation.run"])
def test_keras_starts_without_what_is_optional_and_leaves_it_importable(module: str):
    command = [sys.executable, "-c", SEEN.format(module=module)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=True)
    assert outcome.stdout == "[]\n"
