"""What is measured of 1-Lipschitz classifiers only: separation, certificates, layers, export."""

from collections.abc import Iterator

import keras
import numpy as np

from gradloss import lipschitz
from gradloss.configuration.heads import head_of
from gradloss.evaluation.measures import (
    certified_radii,
    certified_radii_2k,
    lipschitz_bound,
    wasserstein_distance,
)
from gradloss.evaluation.run import (
    Evaluated,
    Part,
    Row,
    clean,
)
from gradloss.losses.hkr import hinge_margin, kr, multiclass_hinge
from gradloss.networks.architectures import encode_targets
from gradloss.networks.prediction import Predictor
from gradloss.networks.replicate import constrained_path, evaluate_outputs
from gradloss.networks.saving import load_model
from gradloss.support.errors import UserError


def hkr_rows(evaluated: Evaluated, certified: list[float]) -> Iterator[Row]:
    """Rows of an HKR method's model.

    Args:
        evaluated: The model and its parts.
        certified: Euclidean radii at which the certified accuracy is given.

    Raises:
        UserError: The test part lacks one of two classes.
    """
    settings, tested, model = evaluated.settings, evaluated.tested, evaluated.model
    yield from _separation_rows(tested, evaluated.trained(), settings)
    yield from _certificate_rows(tested, settings, certified, model)
    yield from _layer_rows(model)
    yield _export_gap(tested, load_model(constrained_path(evaluated.folder, evaluated.replicate)))


def _separation_rows(tested: Part, trained: Part, settings: dict) -> Iterator[Row]:
    """Terms of the HKR loss on both parts, and the distance that the first one estimates.

    Of two classes also the largest output in size, which the document bounds by one.
    """
    head = head_of(settings)
    hinge_of = hinge_margin if head == "sign" else multiclass_hinge
    for part, suffix in ((tested, ""), (trained, "_train")):
        targets = encode_targets(part.y, head, settings["classes"])
        hinge = hinge_of(targets, part.outputs, settings["margin"])
        yield clean(f"kr{suffix}", np.mean(kr(targets, part.outputs)))
        yield clean(f"hinge{suffix}", np.mean(hinge))
    for name, value in evaluate_outputs(trained.outputs, trained.y, head).items():
        yield clean(f"{name}_train", value)
    if head == "sign":
        yield clean("largest_output", np.abs(tested.outputs).max())
        classes = [tested.x[tested.y == label] for label in (0, 1)]
        if not all(map(len, classes)):
            raise UserError(
                f"the test part of {settings['dataset']} has one class only, between which and the "
                "other a distance is measured; raise test_size of its split"
            )
        yield clean("wasserstein", wasserstein_distance(*classes))


def _certificate_rows(
    tested: Part, settings: dict, certified: list[float], model: keras.Model
) -> Iterator[Row]:
    head = head_of(settings)
    yield clean("lipschitz_bound", lipschitz_bound(model))
    radii = {"": certified_radii(tested.outputs, tested.y, head, model)}
    if head == "scores":
        radii["_2k"] = certified_radii_2k(tested.outputs, tested.y, model)
    for suffix, own in radii.items():
        yield clean(f"certificate{suffix}", own.mean())
        for radius in certified:
            yield "accuracy", f"certified_l2{suffix}", radius, 0, float(np.mean(own > radius))


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
