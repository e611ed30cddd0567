"""Tabulate how each method is trained on each dataset."""

from itertools import groupby

from gradloss.analysis.words import words
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import MISSING, RAGGED, booktabs, escape, write_text

WIDTHS = (0.85, 0.8, 1.05, 1.35)  # inches
COLUMNS = "{longtable}{@{}" + "".join(f"{RAGGED}p{{{width}in}}" for width in WIDTHS) + "rlrr@{}}"
PARAMETERS = (
    "margin",
    "alpha",
    "label_smoothing",
    "input_weight",
    "penalty",
    "noise_sigma",
    "adversarial_radius",
    "adversarial_steps",
    "weight_decay",
    "precision",
    "steps_per_epoch",
)
HEADER = ["data set", "method", "loss", "network", "batch", "order", "rate", "epochs"]


def tabulate(runs: list[dict], labels: dict[str, str]) -> str:
    """A longtable with a row per run, in the order of the configuration.

    Args:
        runs: Merged settings of each run.
        labels: Dataset to its label.
    """
    by_dataset = groupby(runs, key=lambda settings: settings["dataset"])
    groups = [[_cells(settings, labels) for settings in group] for _, group in by_dataset]
    return booktabs(COLUMNS, HEADER, groups, r"\scriptsize")


def _cells(settings: dict, labels: dict[str, str]) -> list[str]:
    plain = [settings.get(key, MISSING) for key in ("order", "learning_rate", "epochs")]
    return [
        escape(labels[settings["dataset"]]),
        escape(settings.get("label", settings["method"])),
        escape("; ".join([words(settings.get("loss", MISSING)), *_parameters(settings)])),
        _network(settings.get("network")),
        str(settings.get("batch_size", MISSING)),
        *(escape(str(value)) for value in plain),
    ]


def _parameters(settings: dict) -> list[str]:
    """What a recipe has beyond the columns of the table."""
    stated = [(words(key), settings[key]) for key in PARAMETERS if key in settings]
    stated += [(words(constant), "tuned") for constant in settings.get("tune", {})]
    return [f"{key} {value if isinstance(value, str) else f'{value:g}'}" for key, value in stated]


def _network(network: dict | None) -> str:
    if network is None:
        return MISSING
    parts = [network[key] for key in ("filters", "hidden") if key in network]
    sizes = "; ".join(", ".join(map(str, part)) for part in parts)
    return escape(f"{words(network['name'])} {sizes}")


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "settings", "labels", "output")
    write_text(arguments.output, tabulate(arguments.settings, arguments.labels))


if __name__ == "__main__":
    run(main)
