"""Seeds of every random draw, derived from what the draw is for."""

import hashlib


def derive_seed(root: int, dataset: str, replicate: int, purpose: str) -> int:
    """Seed in [0, 2**32) for one purpose of one replicate of one dataset.

    The method is not part of it: methods that are compared share their splits, initial
    weights, orders and noise wherever their shapes allow it.
    """
    text = f"{root}/{dataset}/{replicate}/{purpose}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")
