"""Prepare one data set: write the pool of inputs and targets that training reads."""

import argparse
import json
from pathlib import Path

from gradloss.data.preparations import NAMES
from gradloss.data.prepare import prepare
from gradloss.support.command import run
from gradloss.support.errors import UserError
from gradloss.support.files import read_npz, write_npz


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, choices=NAMES)
    parser.add_argument("--input", type=Path, help="downloaded .npz file, if the data need one")
    parser.add_argument("--settings", default="{}", help="JSON object of preparation settings")
    parser.add_argument("--output", required=True, type=Path, help=".npz file to write")
    arguments = parser.parse_args()
    raw = read_npz(arguments.input) if arguments.input else {}
    write_npz(arguments.output, prepare(arguments.dataset, raw, parse_settings(arguments.settings)))


def parse_settings(text: str) -> dict:
    try:
        settings = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"--settings is not JSON: {error}") from error
    if not isinstance(settings, dict):
        raise UserError(f"--settings is {text}, give a JSON object")
    return settings


if __name__ == "__main__":
    run(main)
