"""What the layers of this package share."""

import keras


class LipschitzLayer(keras.layers.Layer):
    """Base or mixin of layers with a Lipschitz constant k.

    Args:
        *args: those of the next base class.
        k_coef_lip: k, above 0.
        **kwargs: those of the next base class.

    Raises:
        ValueError: k_coef_lip is not above 0.
    """

    def __init__(self, *args, k_coef_lip: float = 1.0, **kwargs):
        super().__init__(*args, **kwargs)
        if not k_coef_lip > 0:
            raise ValueError(f"{self.name}: k_coef_lip is {k_coef_lip}; choose it above 0.")
        self.k_coef_lip = float(k_coef_lip)

    def get_config(self):
        return {**super().get_config(), "k_coef_lip": self.k_coef_lip}
