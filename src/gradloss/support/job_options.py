"""The command line of the scripts that train, tune and evaluate."""

import argparse
import json
import re
from pathlib import Path


def run_parser(description: str | None) -> argparse.ArgumentParser:
    """Command line of a job on one run of a method on a dataset."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--settings", type=json.loads, required=True, help="of the run, as JSON")
    parser.add_argument("--data", type=Path, required=True, help="prepared .npz file")
    return parser


def job_parser(description: str | None) -> argparse.ArgumentParser:
    """Command line of a job that trains or evaluates a range of replicates of one run."""
    parser = run_parser(description)
    parser.add_argument("--replicates", type=parse_replicates, required=True, help="FIRST-LAST")
    parser.add_argument("--models", type=Path, required=True, help="folder of the trained models")
    return parser


def parse_replicates(text: str) -> list[int]:
    """Replicate numbers of a range ``FIRST-LAST``, both included.

    Raises:
        argparse.ArgumentTypeError: If the text is not such a range.
    """
    match = re.fullmatch(r"(\d+)-(\d+)", text)
    if not match or int(match[1]) > int(match[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is not a range FIRST-LAST such as 0-9")
    return list(range(int(match[1]), int(match[2]) + 1))
