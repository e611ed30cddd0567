"""The job that tries every value of a method's free constant on a part of the training data."""

import json
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from gradloss import lipschitz
from gradloss.configuration.heads import head_of
from gradloss.data.pool import Pool, load_pool
from gradloss.evaluation.run import Part, error_rows, outputs_under_noise
from gradloss.losses.binding import BatchLoss
from gradloss.networks.prediction import Predictor
from gradloss.networks.replicate import inputs_of, split_of
from gradloss.support.device import configure_device
from gradloss.support.job_options import run_parser
from gradloss.support.results import metric_rows, write_csv
from gradloss.training.run import run_training

log = logging.getLogger(__name__)


def run_tuning_job(description: str | None, build_loss: Callable[[dict], BatchLoss]) -> None:
    """Read the command line, try every value and write what each reaches.

    Args:
        description: Of the script.
        build_loss: Gives the loss of a run's settings.

    Raises:
        UserError: See `training.run.run_training`.
        OSError: A file cannot be read or written.
    """
    parser = run_parser(description)
    parser.add_argument(
        "--validation", type=json.loads, required=True, help="share, replicates, noise, as JSON"
    )
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    configure_device(arguments.settings["threads"])
    pool = load_pool(arguments.data)
    write_csv(tune(arguments.settings, arguments.validation, pool, build_loss), arguments.output)


def tune(
    settings: dict, validation: dict, pool: Pool, build_loss: Callable[[dict], BatchLoss]
) -> pd.DataFrame:
    """Train with every value of the constant, and evaluate on what the training left out.

    Args:
        settings: Of the run; `tune` holds the constant and its values.
        validation: The `share` of the training part that is left out, the number of `replicates`,
            and the `gaussian` levels of noise.
        pool: Prepared data of the dataset.
        build_loss: Gives the loss of a run's settings.

    Returns:
        Tidy rows, see `results.metric_rows`, with `constant` and `candidate`, the value tried.

    Raises:
        UserError: See `training.run.run_training`.
    """
    [(constant, candidates)] = settings["tune"].items()
    noise = {"draws": 1, "gaussian": validation["gaussian"]}
    replicates = list(range(validation["replicates"]))
    fixed = {key: value for key, value in settings.items() if key != "tune"}
    tables = []
    for candidate in candidates:
        log.info("%s = %g", constant, candidate)
        tried = {**fixed, constant: candidate, "validation": validation["share"]}
        models = run_training(tried, pool, replicates, build_loss(tried)).models
        rows = []
        for replicate, model in models.items():
            fitted, held_out = split_of(tried, pool, replicate)
            x = inputs_of(tried, pool, fitted)[held_out]
            plain = lipschitz.export(model)
            predict = partial(Predictor(plain), plain)
            part = Part(x, pool.y[held_out], predict(x))
            noisy = outputs_under_noise(part, tried, noise, replicate, predict)
            found = error_rows([("none", 0.0, 0, part.outputs), *noisy], part.y, head_of(tried))
            rows += [(replicate, *row) for row in found]
        table = metric_rows(settings["dataset"], settings["method"], rows)
        table.insert(2, "constant", constant)
        table.insert(3, "candidate", float(candidate))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
