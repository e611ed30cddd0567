"""Gradient-loss, baseline and 1-Lipschitz training, with replicates and statistics."""

import gc

# TensorFlow's import makes a million objects that stay: looking through them for garbage, as often
# as Python does, takes a sixth of its time.
gc.set_threshold(100_000)
