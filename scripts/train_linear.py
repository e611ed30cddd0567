"""Train every variant of the linear regression for a range of replicates."""

import logging

from gradloss.command import job_parser, run
from gradloss.data.pool import load_pool
from gradloss.device import configure_device
from gradloss.files import atomic_folder
from gradloss.linear import VARIANTS, train_variant, variant_path
from gradloss.saving import save_model


def main() -> None:
    arguments = job_parser(__doc__).parse_args()
    configure_device(arguments.settings["threads"])
    pool = load_pool(arguments.data)
    with atomic_folder(arguments.models) as folder:
        for replicate in arguments.replicates:
            for variant in VARIANTS:
                model = train_variant(variant, pool.x, pool.y, arguments.settings, replicate)
                save_model(model, variant_path(folder, variant, replicate))
            logging.info("replicate %d trained in %d variants", replicate, len(VARIANTS))


if __name__ == "__main__":
    run(main)
