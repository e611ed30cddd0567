"""Train one method on one dataset for a range of replicates."""

from pathlib import Path

from gradloss import lipschitz
from gradloss.command import job_parser, run
from gradloss.data.pool import load_pool
from gradloss.device import configure_device
from gradloss.experiments import constrained_path, model_path, run_training
from gradloss.files import atomic_folder
from gradloss.results import write_csv, write_timing


def main() -> None:
    parser = job_parser(__doc__)
    parser.add_argument("--timing", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    settings = arguments.settings
    device = configure_device(settings["threads"])
    trained = run_training(settings, load_pool(arguments.data), arguments.replicates)
    with atomic_folder(arguments.models) as folder:
        for replicate, model in trained.models.items():
            if settings["rule"] == "hkr":
                model.save(constrained_path(folder, replicate))
                model = lipschitz.export(model)
            model.save(model_path(folder, replicate))
        write_csv(trained.history, folder / "history.csv")
    write_timing(
        arguments.timing, settings, arguments.replicates, trained.seconds, trained.steps, device
    )


if __name__ == "__main__":
    run(main)
