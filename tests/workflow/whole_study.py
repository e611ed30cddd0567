"""A study in which each kind of rule has a job, on made-up downloads of the real form."""

from pathlib import Path

import numpy as np
import yaml
from study import ROOT, TWO_MOONS

from gradloss.data.manifest import content_hash
from gradloss.data.readers import BOSTON_COLUMNS
from gradloss.support.files import write_npz

NOISE = {"draws": 1, "gaussian": [0.1], "uniform": [0.1]}
VALIDATION = {"share": 0.2, "replicates": 1}
# What each dataset keeps of the shipped configuration, and what takes the place of the rest.
CHANGES = {
    "boston": {
        "epochs": 3,
        "replicates": 2,
        "arm_replicates": 1,
        "noise": NOISE,
        "tuning": VALIDATION,
        "methods": {
            "gradient": {"loss": "gradient_of_batch_mean"},
            "baseline": {"loss": "mean_squared_error"},
            "gradient_per_example": {},
            "gradient_long": {"loss": "gradient_of_batch_mean", "epochs": 4},
            "weight_decay": {
                "loss": "mean_squared_error",
                "tune": {"weight_decay": [0.01, 0.1]},
            },
        },
    },
    "fashion_mnist": {
        "preparation": {"limit_train": 200, "limit_test": 50},
        "network": {"name": "convolutional", "filters": [4], "hidden": [8]},
        "epochs": 1,
        "replicates": 1,
        "arm_replicates": 1,
        "noise": {**NOISE, "gaussian_clipped": [0.1], "pixel_flip": [0.05]},
        "corruptions": ["stripe", "fog"],
        "tuning": VALIDATION,
        "attacks": {
            "methods": ["gradient", "hkr_robust"],
            "images": 20,
            "replicates": 1,
            "starts": 1,
            "steps": 2,
            "l2": [0.5],
            "linf": [0.05],
            "ensemble": {"l2": 0.5, "linf": 0.05, "targets": 1, "square_queries": 2},
            "audit": {"images": 10, "iterations": 2, "targets": 1, "queries": 2},
        },
        "methods": {
            "gradient": {},
            "hkr_robust": {"tune": {"margin": [0.5, 1]}},
            "hkr_margin_05": {},
        },
    },
    "two_moons": {**TWO_MOONS, "replicates": 1, "methods": {"hkr": {"epochs": 1}}},
    "trilotropicos": {"epochs": 5, "replicates": 2},
}


def whole_configuration() -> dict:
    """The shipped configuration, cut to few datasets and short trainings."""
    shipped = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    datasets = {name: {**shipped["datasets"][name], **entry} for name, entry in CHANGES.items()}
    methods = shipped["methods"]  # the text quotes them all
    small = {"name": "lipschitz_convolutional", "filters": [4, 4], "hidden": [8]}
    for name in ("hkr_robust", "hkr_margin_05"):
        methods[name] = {**methods[name], "network": small}
    methods["hkr"] = {**methods["hkr"], "batch_size": 32, "steps_per_epoch": 3}
    return {**shipped, "simulations": 50, "datasets": datasets, "methods": methods}


def write_downloads(folder: Path) -> None:
    """Files as the downloads leave them, in a copy of the sources whose manifest names them."""
    generator = np.random.default_rng(0)
    rows = generator.uniform(1, 50, size=(60, len(BOSTON_COLUMNS)))
    points = generator.uniform(4, 12, size=(150, 1))
    images = {"x_train": 200, "x_test": 50}
    labels = {"y_train": 200, "y_test": 50}
    downloads = {
        "boston": {"table": rows, "columns": np.array(BOSTON_COLUMNS)},
        "fashion_mnist": {
            **{key: generator.integers(0, 256, (n, 28, 28), np.uint8) for key, n in images.items()},
            **{key: np.arange(n, dtype=np.uint8) % 10 for key, n in labels.items()},
        },
        "trilotropicos": {"table": np.hstack([points, 12.7 - 0.7 * points])},
    }
    manifest = folder / "src/gradloss/data/manifest.yaml"
    entries = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    for name, arrays in downloads.items():
        write_npz(folder / f"data/{name}.npz", {**arrays, "source": np.array("made up")})
        entries[name]["content_sha256"] = content_hash(arrays)
    manifest.write_text(yaml.safe_dump(entries), encoding="utf-8")
