"""The command line of the scripts that turn results into tables, figures and numbers."""

import argparse
import json
from pathlib import Path
from typing import Any

FILE = {"type": Path}
FILES = {"type": Path, "nargs": "+"}
JSON = {"type": json.loads}

OPTIONS: dict[str, dict[str, Any]] = {
    "metrics": {**FILE, "help": "metrics.csv"},
    "claims": {**FILE, "help": "claims.csv"},
    "comparisons": {**FILE, "help": "comparisons.csv"},
    "timings": {**FILE, "help": "timings.csv"},
    "sources": {**FILE, "help": "data_sources.csv"},
    "machine": {**FILE, "help": "machine.csv"},
    "numbers": {**FILE, "help": "numbers.tex"},
    "anchors": {**FILE, "help": "numbers of the literature, .yaml"},
    "histories": {**FILES, "help": "history.csv of each training job"},
    "tables": {**FILES, "help": ".tex file of each table"},
    "pages": {**FILES, "help": ".html files to write, in the same order"},
    "text": {**FILES, "help": ".tex files that quote results"},
    "data": {**FILE, "help": "prepared .npz file"},
    "model": {**FILE, "help": "plain export of a model"},
    "constrained": {**FILE, "help": "the model with its constraints"},
    "dataset": {"help": "name of the dataset"},
    "settings": {**JSON, "help": "what the product needs of the configuration, as JSON"},
    "labels": {**JSON, "help": "dataset to its label, as JSON"},
    "latex": {**FILE, "help": ".tex file to write"},
    "output": {**FILE, "help": "file to write"},
}


def parse_options(description: str | None, *names: str) -> argparse.Namespace:
    """Read options, each of which must be given.

    Args:
        description: Of the script.
        names: Keys of `OPTIONS`.
    """
    parser = argparse.ArgumentParser(description=description)
    for name in names:
        parser.add_argument(f"--{name}", required=True, **OPTIONS[name])
    return parser.parse_args()
