"""Gradient-loss, baseline and 1-Lipschitz training, with replicates and statistics."""

import gc
import sys
from importlib.abc import MetaPathFinder

# TensorFlow's import makes a million objects that stay: looking through them for garbage, as often
# as Python does, takes a sixth of its time.
gc.set_threshold(100_000)


class _KerasAlone(MetaPathFinder):
    """Keeps scikit-learn and pyplot out of the start of Keras, where they are optional.

    They take three of its ten seconds, for wrappers that nothing here uses. Apart from that both
    import as ever.
    """

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Find nothing, and hide the two while Keras is being imported."""
        keras = getattr(sys.modules.get("keras"), "__spec__", None)
        if name in {"sklearn", "matplotlib.pyplot"} and getattr(keras, "_initializing", False):
            raise ModuleNotFoundError(f"{name} is not for Keras", name=name)


sys.meta_path.insert(0, _KerasAlone())
