"""What a prepared data set is, as far as a configuration must fit it."""

from dataclasses import dataclass

import numpy as np

from gradloss.support.errors import DataError
from gradloss.support.files import Arrays


@dataclass(frozen=True)
class Form:
    """What a preparation states of its pool, in literal values: they are read before it runs.

    Attributes:
        shape: Of an example.
        classes: How many there are, labelled from 0 on; 0 of a regression.
        images: Whether the inputs are square images with pixels in [0, 1], flat or not.
        fixed_split: Whether all replicates have the same training and test part.
    """

    shape: tuple[int, ...]
    classes: int = 0
    images: bool = False
    fixed_split: bool = False

    def check(self, name: str, arrays: Arrays) -> None:
        """Refuse arrays of another form.

        Args:
            name: Of the data set.
            arrays: Of the pool, see `data.preparations`.

        Raises:
            DataError: They are not as stated.
        """
        x, y = arrays["x"], arrays["y"]
        found = Form(
            x.shape[1:],
            _classes(y, self.classes),
            self.images and bool(((x >= 0) & (x <= 1)).all()),
            bool(arrays["n_train"]),
        )
        if found != self:
            raise DataError(
                f"{name}: the prepared arrays are a {found}, and its module states {self}; "
                "correct the FORM in src/gradloss/data/preparations"
            )


def _classes(y: np.ndarray, stated: int) -> int:
    """The stated number if labels fit it; some may be absent."""
    if y.dtype != np.int64:
        return 0
    return stated if y.min() >= 0 and y.max() < stated else int(y.max()) + 1
