"""What a training job cost."""

import pandas as pd

from gradloss.support.machine import describe_machine
from gradloss.training.timing import write_timing


def test_timing_is_one_row(tmp_path):
    settings = {"dataset": "boston", "method": "gradient", "epochs": 3}
    write_timing(tmp_path / "timing.csv", settings, [4, 5, 6], 1.5, 900, "CPU, 1 thread")
    (row,) = pd.read_csv(tmp_path / "timing.csv").to_dict("records")
    assert row == {
        "dataset": "boston",
        "method": "gradient",
        "replicates": "4-6",
        "seconds": 1.5,
        "steps": 900,
        "stacked": 3,
        "device": "CPU, 1 thread",
        "machine": describe_machine(),
    }
