"""The command line of the scripts that turn results into tables, figures and numbers."""

import argparse
import json
from pathlib import Path
from typing import Any

FILE = {"type": Path}
FILES = {"type": Path, "nargs": "+"}
JSON = {"type": json.loads}

OPTIONS: dict[str, dict[str, Any]] = {
    # None where a configuration has nothing of what is shown.
    "metrics": {"type": Path, "nargs": "*", "help": "metrics.csv, or parts of it"},
    "claims": {**FILE, "help": "claims.csv"},
    "comparisons": {**FILE, "help": "comparisons.csv"},
    "coverage": {**FILE, "help": "coverage.csv"},
    "design": {**FILE, "help": "design.csv"},
    "tuning": {**FILE, "help": "tuning.csv"},
    "sampling": {**FILE, "help": "test_sampling.csv"},
    "timings": {"type": Path, "nargs": "*", "help": "timings.csv, or parts of it"},
    "stages": {**FILE, "help": "published_stages.csv"},
    "judged": {**FILES, "help": "judged claims of each document, .csv"},
    "sources": {**FILE, "help": "data_sources.csv"},
    "machine": {**FILE, "help": "machine.csv"},
    "numbers": {**FILE, "help": "numbers.tex"},
    "published": {**FILE, "help": "published.csv"},
    "anchors": {**FILE, "help": "numbers of the literature, .yaml"},
    "images": {**FILES, "help": ".npz files that say which test examples are right"},
    "histories": {**FILES, "help": "histories of training jobs, .csv"},
    "tables": {**FILES, "help": ".tex file of each table"},
    "pages": {**FILES, "help": ".html files to write, in the same order"},
    "text": {**FILES, "help": ".tex files that quote results"},
    "data": {**FILE, "help": "prepared .npz file"},
    "values": {**FILE, "help": "outputs on a grid, .npz"},
    "dataset": {"help": "name of the dataset"},
    "document": {"help": "name of the document, as in claims.yaml"},
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
