"""1-Lipschitz layers, activations, losses and their plain export, native to Keras 3."""

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
from .losses import (
    HKR,
    KR,
    HingeMargin,
    MulticlassHinge,
    MulticlassHKR,
    MulticlassKR,
    hinge_margin,
    hkr,
    kr,
    multiclass_hinge,
    multiclass_hkr,
)
from .normalization import bjorck, frobenius_normalize, power_iteration, spectral_orthonormalize

__all__ = [
    "HKR",
    "KR",
    "FrobeniusDense",
    "FullSort",
    "GroupSort",
    "GroupSort2",
    "HingeMargin",
    "KernelNormalization",
    "MaxMin",
    "MulticlassHKR",
    "MulticlassHinge",
    "MulticlassKR",
    "NormalizedKernel",
    "ScaledL2NormPooling2D",
    "SpectralConv2D",
    "SpectralDense",
    "bjorck",
    "conv_spectral_norm",
    "convolution_factor",
    "export",
    "frobenius_normalize",
    "hinge_margin",
    "hkr",
    "kernel_normalizations",
    "kr",
    "multiclass_hinge",
    "multiclass_hkr",
    "power_iteration",
    "singular_values",
    "spectral_orthonormalize",
]
