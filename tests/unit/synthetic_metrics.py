"""Tidy results of invented methods, in the form in which a whole study leaves them."""

import numpy as np
import pandas as pd

from gradloss.support.results import METRIC_KEYS

SIGMAS = [0.05, 0.1, 0.2, 0.3]
SIZES = {"l2": [0.5, 1.0, 1.58], "linf": [0.02, 0.05, 0.1]}
RADII = [0.1, 0.36, 1.08]
TOY_RADII = [0.05, 0.2]

MAIN = {
    "gradient": "gradient loss",
    "baseline": "baseline",
    "hkr_accurate": "HKR, accurate",
    "hkr_robust": "HKR, robust",
    "hkr_dense": "HKR, dense",
    "hkr": "HKR (1-Lipschitz)",
}
ARMS = {
    "cross_entropy": ("cross-entropy", "the loss is the cross-entropy"),
    "label_smoothing": ("label smoothing", "cross-entropy with targets smoothed by 0.1"),
    "brier": ("squared error", "mean squared error of the probabilities"),
    "brier_scaled": ("squared error, scaled", "mean squared error at the gradient loss's scale"),
    "gradient_targets_only": ("targets only", "without the gradient by the inputs (λ = 0)"),
    "gradient_weight_01": ("λ = 0.1", "weight of the input term is 0.1"),
    "gradient_weight_10": ("λ = 10", "weight of the input term is 10"),
    "gradient_weight_100": ("λ = 100", "weight of the input term is 100"),
    "constant_residual": ("constant residual", "the residual is not differentiated"),
    "jacobian": ("Jacobian penalty", "penalty on the Jacobian, not weighted by the residual"),
    "input_gradient": ("input-gradient penalty", "cross-entropy with a penalty on its gradient"),
    "noise_005": ("noise, σ = 0.05", "cross-entropy on noisy inputs, σ = 0.05"),
    "noise_01": ("noise, σ = 0.1", "cross-entropy on noisy inputs, σ = 0.1"),
    "noise_02": ("noise, σ = 0.2", "cross-entropy on noisy inputs, σ = 0.2"),
    "weight_decay": ("weight decay", "cross-entropy with weight decay"),
    "gradient_shuffled": ("gradient, shuffled", "shuffled anew in every epoch"),
    "gradient_small_batch": ("gradient, batch 32", "batches of 32 in file order, equal steps"),
    "gradient_small_shuffled": ("gradient, 32, shuffled", "shuffled batches of 32, equal steps"),
    "gradient_per_example": ("gradient, per example", "loss of each example"),
    "baseline_file": ("baseline, file order", "batches of 100 in file order"),
    "cross_entropy_shuffled": ("cross-entropy, shuffled", "cross-entropy, shuffled"),
    "cross_entropy_small_batch": ("cross-entropy, batch 32", "cross-entropy, batches of 32"),
    "cross_entropy_small_shuffled": (
        "cross-entropy, 32, shuffled",
        "cross-entropy, shuffled batches of 32 & 50 % more steps",
    ),
}
DOSES = {"hkr_margin_1": 1.0, "hkr_margin_01": 0.1, "hkr_dense": 0.5}  # method to its margin
ATTACKED = ["gradient", "baseline", "hkr_accurate", "hkr_robust", "hkr_dense", "noise_01"]
IMAGE_METHODS = [*list(MAIN)[:5], *(name for name in ARMS if name != "gradient_per_example")]
DOSED_METHODS = [*IMAGE_METHODS, "hkr_margin_1", "hkr_margin_01"]
TOY_METHODS = ["gradient", "baseline", "hkr"]
REGRESSION_METHODS = ["gradient", "baseline", *ARMS]

METHODS = (
    {name: {"label": label} for name, label in MAIN.items()}
    | {name: {"label": label, "changes": changes} for name, (label, changes) in ARMS.items()}
    | {name: {"label": name, "dose_of": "hkr_dense"} for name in ("hkr_margin_1", "hkr_margin_01")}
)
DATASETS = {
    "boston": {
        "label": "Boston housing",
        "task": "regression",
        "methods": {name: {} for name in REGRESSION_METHODS},
    },
    "boston_leak_free": {
        "label": "Boston housing, leak-free",
        "task": "regression",
        "source": "boston",
        "methods": {name: {} for name in ["gradient", "baseline"]},
    },
    "mnist": {
        "label": "MNIST",
        "task": "classification",
        "classes": 10,
        "methods": {name: {} for name in DOSED_METHODS},
    },
    "two_moons": {
        "label": "Two moons",
        "task": "classification",
        "classes": 2,
        "methods": {name: {} for name in TOY_METHODS},
    },
}
ENTRIES = {"datasets": DATASETS, "methods": METHODS}


# Shorter and longer trainings of two methods; which ones does not matter here.
LENGTHS = {"gradient": ["gradient_weight_10"], "brier": ["noise_02", "noise_005"]}
STEPS = {"noise_005": 1000, "gradient_weight_10": 12000, "noise_02": 12000}


def synthetic_timings(dataset: str) -> pd.DataFrame:
    """Timings of the methods of a dataset; those without other `STEPS` take 4000."""
    rows = [(dataset, name, 1.5, STEPS.get(name, 4000), 3, "a CPU") for name in METHODS]
    columns = ["dataset", "method", "seconds", "steps", "stacked", "device"]
    return pd.DataFrame([*rows, ("another", "brier", 1.5, 7, 3, "a CPU")], columns=columns)


def figure_settings(dataset: str) -> dict:
    """What the figures and the ablation table of a dataset are told."""
    entry = DATASETS[dataset]
    return {
        "label": entry["label"],
        "task": entry["task"],
        "labels": {name: method["label"] for name, method in METHODS.items()},
        "arms": [name for name in ARMS if name in entry["methods"]],
        "changes": {name: changes for name, (_, changes) in ARMS.items()},
        "methods": [name for name in entry["methods"] if "dose_of" not in METHODS[name]],
        "reference": "gradient",
    } | ({"classes": entry["classes"]} if "classes" in entry else {})


def compared_settings(dataset: str) -> dict:
    """What figures and tables that leave out the arms that are not attacked are told."""
    settings = figure_settings(dataset)
    left_out = set(settings["arms"]) - set(ATTACKED)
    return settings | {"methods": [name for name in settings["methods"] if name not in left_out]}


def synthetic_metrics(replicates: int = 5) -> pd.DataFrame:
    """Results of every dataset and method, with two draws of every random perturbation."""
    rows = []
    for dataset, entry in DATASETS.items():
        for place, method in enumerate(entry["methods"]):
            for replicate in range(replicates):
                generator = np.random.default_rng([len(rows), replicate])
                one = _regression if entry["task"] == "regression" else _classification
                found = one(dataset, method, place, generator)
                rows += [(dataset, method, replicate, *row) for row in found]
    return pd.DataFrame(rows, columns=[*METRIC_KEYS, "value"])


def _regression(dataset, method, place, generator):
    clean = 0.02 * (1 + 0.03 * place) * generator.lognormal(0, 0.15)
    yield "mse", "none", 0.0, 0, clean
    yield "jacobian_norm", "none", 0.0, 0, 0.5 + generator.uniform()
    slope = 20 if method == "baseline" else 6 + place / 4
    for sigma in SIGMAS:
        for draw in range(2):
            noisy = clean + slope * sigma**2 * generator.lognormal(-1, 0.1)
            yield "mse", "gaussian", sigma, draw, noisy


def _classification(dataset, method, place, generator):
    images = dataset == "mnist"
    robust = 1.5 if method.startswith("hkr") else 1 - 0.02 * place
    clean = 0.98 - 0.001 * place + 0.002 * generator.normal()
    yield "accuracy", "none", 0.0, 0, clean
    yield "jacobian_norm", "none", 0.0, 0, 1 / robust + 0.02 * generator.normal()
    yield "margin", "none", 0.0, 0, 0.8 + 0.02 * generator.normal()
    kinds = ["gaussian", "gaussian_clipped", "uniform", "pixel_flip"] if images else ["gaussian"]
    for kind in kinds:
        for sigma in SIGMAS:
            for draw in range(2):
                loss = sigma**2 / robust * (2 + 0.2 * generator.normal())
                yield "accuracy", kind, sigma, draw, clean - loss
    if images and method in ATTACKED:
        yield "accuracy", "subset", 0.0, 0, clean
        for norm, sizes in SIZES.items():
            for size in sizes:
                share = np.exp(-size / sizes[-1] * (3 / robust + 0.2 * generator.normal()))
                yield "accuracy", f"pgd_{norm}", size, 0, clean * share
                if size == sizes[1]:
                    yield "accuracy", f"ensemble_{norm}", size, 0, 0.9 * clean * share
                    yield "accuracy", f"audit_chain_{norm}", size, 0, 0.9 * clean * share
                    for strong in ("apgd", "targeted", "square", "worst"):
                        yield "accuracy", f"audit_{strong}_{norm}", size, 0, 0.89 * clean * share
    if method.startswith("hkr"):
        if images:
            yield "certified_fallen", "audit_worst_l2", SIZES["l2"][1], 0, 0.0
        yield "certificate", "none", 0.0, 0, 0.8 + 0.05 * generator.normal()
        if images:
            yield "certificate_2k", "none", 0.0, 0, 0.6 + 0.05 * generator.normal()
        for radius in RADII if images else TOY_RADII:
            yield "accuracy", "certified_l2", radius, 0, clean * np.exp(-(1.5 + place / 4) * radius)
        for layer in (1, 2, 3, 4):
            yield f"largest_singular_value_{layer}", "none", 0.0, 0, 1 + 1e-4 * generator.uniform()
            yield f"smallest_singular_value_{layer}", "none", 0.0, 0, 1 - 0.1 * generator.uniform()
    if method == "hkr":
        distance = 1.02 + 0.01 * generator.normal()
        yield "wasserstein", "none", 0.0, 0, distance
        yield "kr", "none", 0.0, 0, 0.96 * distance
