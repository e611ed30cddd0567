"""Train every variant of the linear regression for a range of replicates."""

import logging

from gradloss.data.pool import load_pool
from gradloss.networks.linear import VARIANTS, variant_path
from gradloss.networks.saving import models_folder, save_model
from gradloss.support.command import run
from gradloss.support.device import configure_device
from gradloss.support.job_options import job_parser
from gradloss.training.linear import train_variant


def main() -> None:
    arguments = job_parser(__doc__).parse_args()
    configure_device(arguments.settings["threads"])
    pool = load_pool(arguments.data)
    with models_folder(arguments.models) as folder:
        for replicate in arguments.replicates:
            for variant in VARIANTS:
                model = train_variant(variant, pool.x, pool.y, arguments.settings, replicate)
                save_model(model, variant_path(folder, variant, replicate))
            logging.info("replicate %d trained in %d variants", replicate, len(VARIANTS))


if __name__ == "__main__":
    run(main)
