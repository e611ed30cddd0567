"""What is measured of 1-Lipschitz classifiers only: separation, certificates, layers, export."""

from collections.abc import Iterator

import keras
import numpy as np

from gradloss import lipschitz
from gradloss.evaluation import Evaluated, Part, Row, clean, load_model
from gradloss.experiments import constrained_path, evaluate_outputs, head_of
from gradloss.measures import certified_radii, lipschitz_bound, wasserstein_distance
from gradloss.models import encode_targets
from gradloss.prediction import Predictor


def hkr_rows(evaluated: Evaluated, certified: list[float]) -> Iterator[Row]:
    """Rows of an HKR method's model.

    Args:
        evaluated: The model and its parts.
        certified: Euclidean radii at which the certified accuracy is given.
    """
    settings, tested, model = evaluated.settings, evaluated.tested, evaluated.model
    yield from _separation_rows(tested, evaluated.trained(), settings)
    yield from _certificate_rows(tested, settings, certified, model)
    yield from _layer_rows(model)
    yield _export_gap(tested, load_model(constrained_path(evaluated.folder, evaluated.replicate)))


def _separation_rows(tested: Part, trained: Part, settings: dict) -> Iterator[Row]:
    """Terms of the HKR loss on both parts, and the distance that the first one estimates."""
    head = head_of(settings)
    hinge_of = lipschitz.hinge_margin if head == "sign" else lipschitz.multiclass_hinge
    for part, suffix in ((tested, ""), (trained, "_train")):
        targets = encode_targets(part.y, head, settings["classes"])
        hinge = hinge_of(targets, part.outputs, settings["margin"])
        yield clean(f"kr{suffix}", np.mean(lipschitz.kr(targets, part.outputs)))
        yield clean(f"hinge{suffix}", np.mean(hinge))
    for name, value in evaluate_outputs(trained.outputs, trained.y, head).items():
        yield clean(f"{name}_train", value)
    if head == "sign":
        classes = (tested.x[tested.y == label] for label in (0, 1))
        yield clean("wasserstein", wasserstein_distance(*classes))


def _certificate_rows(
    tested: Part, settings: dict, certified: list[float], model: keras.Model
) -> Iterator[Row]:
    bound = lipschitz_bound(model)
    radii = certified_radii(tested.outputs, tested.y, head_of(settings), bound)
    yield clean("lipschitz_bound", bound)
    yield clean("certificate", radii.mean())
    for radius in certified:
        yield "accuracy", "certified_l2", radius, 0, float(np.mean(radii > radius))


def _layer_rows(model: keras.Model) -> Iterator[Row]:
    """Sizes, and extreme singular values of every kernel, numbered from the inputs on."""
    yield clean("parameters", model.count_params())
    sizes = [layer.count_params() for layer in model.layers if layer.weights]
    for number, size in enumerate(sizes, 1):
        yield clean(f"parameters_{number}", size)
    for number, (largest, smallest) in enumerate(lipschitz.singular_values(model).values(), 1):
        yield clean(f"largest_singular_value_{number}", largest)
        yield clean(f"smallest_singular_value_{number}", smallest)


def _export_gap(tested: Part, constrained: keras.Model) -> Row:
    """The largest change of an output by the export."""
    outputs = Predictor(constrained)(constrained, tested.x)
    return clean("export_gap", np.abs(tested.outputs - outputs).max())
