"""1-Lipschitz layers, activations and their plain export, native to Keras 3."""

from .activations import FullSort, GroupSort, GroupSort2, MaxMin
from .export import (
    KernelNormalization,
    conv_spectral_norm,
    export,
    kernel_normalizations,
    singular_values,
)
from .layers import (
    FrobeniusDense,
    NormalizedKernel,
    ScaledL2NormPooling2D,
    SpectralConv2D,
    SpectralDense,
    convolution_factor,
)
from .normalization import bjorck, frobenius_normalize, power_iteration, spectral_orthonormalize

__all__ = [
    "FrobeniusDense",
    "FullSort",
    "GroupSort",
    "GroupSort2",
    "KernelNormalization",
    "MaxMin",
    "NormalizedKernel",
    "ScaledL2NormPooling2D",
    "SpectralConv2D",
    "SpectralDense",
    "bjorck",
    "conv_spectral_norm",
    "convolution_factor",
    "export",
    "frobenius_normalize",
    "kernel_normalizations",
    "power_iteration",
    "singular_values",
    "spectral_orthonormalize",
]
