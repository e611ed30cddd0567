"""Gradient-loss, baseline and 1-Lipschitz training, with replicates and statistics."""
