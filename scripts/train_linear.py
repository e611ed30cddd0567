"""Train every variant of the linear regression for a range of replicates."""

import argparse
import json
import logging
from pathlib import Path

from gradloss.command import parse_replicates, run
from gradloss.data.pool import load_pool
from gradloss.device import configure_device
from gradloss.files import atomic_folder
from gradloss.linear import VARIANTS, train_variant, variant_path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=json.loads, required=True, help="of the run, as JSON")
    parser.add_argument("--replicates", type=parse_replicates, required=True, help="FIRST-LAST")
    parser.add_argument("--data", type=Path, required=True, help="prepared .npz file")
    parser.add_argument("--models", type=Path, required=True, help="folder to write")
    arguments = parser.parse_args()
    configure_device(arguments.settings["threads"])
    pool = load_pool(arguments.data)
    with atomic_folder(arguments.models) as folder:
        for replicate in arguments.replicates:
            for variant in VARIANTS:
                model = train_variant(variant, pool.x, pool.y, arguments.settings, replicate)
                model.save(variant_path(folder, variant, replicate))
            logging.info("replicate %d trained in %d variants", replicate, len(VARIANTS))


if __name__ == "__main__":
    run(main)
