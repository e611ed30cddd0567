"""Download one data set and write its decoded arrays to an .npz file."""

import argparse
import os
from pathlib import Path

from gradloss.data.download import download
from gradloss.data.manifest import load_manifest
from gradloss.support.command import run


def main() -> None:
    manifest = load_manifest()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, choices=sorted(manifest))
    parser.add_argument("--output", required=True, type=Path, help=".npz file to write")
    parser.add_argument(
        "--mirror",
        type=Path,
        default=os.environ.get("GRADLOSS_MIRROR") or None,
        help="local folder of data files, tried first (default: $GRADLOSS_MIRROR)",
    )
    arguments = parser.parse_args()
    download(manifest[arguments.dataset], arguments.output, arguments.mirror)


if __name__ == "__main__":
    run(main)
