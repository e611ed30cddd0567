"""Train document 004's network by its own library for one epoch, on what replicates of ours see.

The environment must hold TF_USE_LEGACY_KERAS=1.
"""

import logging
from pathlib import Path

from gradloss.configuration.runs import LIBRARY
from gradloss.support.command import run
from gradloss.support.device import configure_device
from gradloss.support.files import read_npz
from gradloss.support.job_options import run_parser
from gradloss.support.results import metric_rows, write_csv


def main() -> None:
    # Fails where Keras is not the old one.
    from gradloss.training.deel_lip import fit_epoch

    parser = run_parser(__doc__)
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    settings, epochs = arguments.settings, read_npz(arguments.data)
    configure_device(settings["threads"])
    rows = []
    for place, replicate in enumerate(epochs["replicate"].tolist()):
        x, y, seed = (epochs[name][place] for name in ("x", "y", "seed"))
        means = fit_epoch(settings, x, y, int(seed))
        rows += [(replicate, name, "epoch", 1.0, 0, value) for name, value in means.items()]
        logging.info("replicate %d: mean loss %.4f", replicate, means["mean_loss"])
    write_csv(metric_rows(settings["dataset"], LIBRARY, rows), arguments.output)


if __name__ == "__main__":
    run(main)
