"""The heads of networks, that is the forms of their outputs, which losses and networks must fit."""

from collections.abc import Callable
from typing import TypeVar

from gradloss.support.errors import UserError

Function = TypeVar("Function", bound=Callable)


def head_of(settings: dict) -> str:
    """Form of a run's outputs.

    It is "value" (of a regression), "softmax" (class probabilities), "sign" (one 1-Lipschitz value
    whose sign is the class) or "scores" (one 1-Lipschitz value per class).

    Args:
        settings: Of the run.

    Raises:
        UserError: If HKR, which separates classes, is asked for a regression.
    """
    if settings["rule"] != "hkr":
        return "value" if settings["task"] == "regression" else "softmax"
    if settings["task"] == "regression":
        raise UserError(
            f"{settings['method']} separates classes, which {settings['dataset']} has not; "
            "remove it from that dataset's methods"
        )
    return "sign" if settings["classes"] == 2 else "scores"


class ForHeads(dict[str, Callable]):
    """Functions that a configuration can name, by their names.

    `offers.read_offers` reads from the sources which they are, without importing them.
    """

    def for_heads(self, *_heads: str, **_needs: bool) -> Callable[[Function], Function]:
        """Decorator of a function that fits these heads, and only data that are `images` if so."""

        def add(function: Function) -> Function:
            self[function.__name__] = function
            return function

        return add
