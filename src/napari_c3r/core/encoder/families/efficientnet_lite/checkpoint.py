"""Published files of EfficientNet-Lite."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from napari_c3r.core.encoder.families.efficientnet_lite.config import (
    BlockSizes,
    EfficientNetLiteConfig,
)
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

# Stride of the first block of each stage; a stage begins where the number of planes changes.
_STRIDES: Final = (1, 2, 2, 2, 1, 2, 1)
_NORM_EPS: Final = 1e-3
_LAYERS: Final = {
    "_expand_conv": "expand",
    "_depthwise_conv": "depthwise",
    "_project_conv": "project",
}
_NORMS: Final = ("_bn0", "_bn1", "_bn2")


def config_of(
    weights: Mapping[str, Tensor], values: Mapping[str, Any]
) -> EfficientNetLiteConfig | None:
    """Describe the network of a published file.

    Parameters
    ----------
    weights, values
        As `EncoderFamily.config_from_checkpoint` takes them.

    Returns
    -------
    EfficientNetLiteConfig or None
        None if it is no EfficientNet.

    Raises
    ------
    InputError
        If it is one with squeeze and excitation, or a value is missing or wrong.
    """
    if not {"_conv_stem.weight", "_conv_head.weight"} <= weights.keys():
        return None
    if any("_se_reduce" in name for name in weights):
        raise InputError("is an EfficientNet with squeeze and excitation: give a Lite one")
    if "channels" in values:
        raise InputError("a network of photographs takes any channel: leave out channels")
    stem, sizes = weights["_conv_stem.weight"].shape[0], []
    inputs, stage = stem, -1
    for number in range(len(_blocks(weights))):
        depthwise = weights[f"_blocks.{number}._depthwise_conv.weight"]
        width = weights[f"_blocks.{number}._project_conv.weight"].shape[0]
        begins = width != inputs or number == 0
        stage += begins
        if stage >= len(_STRIDES):
            raise InputError(f"has more than {len(_STRIDES)} stages of blocks")
        stride = _STRIDES[stage] if begins else 1
        sizes.append(BlockSizes(width, depthwise.shape[0], depthwise.shape[-1], stride))
        inputs = width
    head = weights["_conv_head.weight"].shape[0]
    return EfficientNetLiteConfig(**{"width": head, "stem": stem, "blocks": tuple(sizes), **values})


def weights_of(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Bring published weights to the names of `EfficientNetLite`; classifiers are left out.

    The three colours are the same grey here, so that the first convolution is the sum over them.
    """
    first = {**weights, "_conv_stem.weight": weights["_conv_stem.weight"].sum(1, keepdim=True)}
    found = _folded(first, "_conv_stem", "_bn0", "stem") | _folded(
        first, "_conv_head", "_bn1", "head"
    )
    for number in _blocks(weights):
        block = f"_blocks.{number}."
        layers = [name for name in _LAYERS if f"{block}{name}.weight" in weights]
        # The norms are counted from 0 where there is an expansion, else from 1.
        for layer, norm in zip(layers, _NORMS[-len(layers) :], strict=True):
            ours = f"blocks.{number}.{_LAYERS[layer]}"
            found |= _folded(weights, f"{block}{layer}", f"{block}{norm}", ours)
    return found


def _blocks(weights: Mapping[str, Tensor]) -> list[int]:
    """Numbers of the blocks, in order."""
    numbers = {int(m[1]) for name in weights if (m := re.match(r"_blocks\.(\d+)\.", name))}
    if sorted(numbers) != list(range(len(numbers))):
        raise InputError("lacks a block")
    return sorted(numbers)


def _folded(
    weights: Mapping[str, Tensor], convolution: str, norm: str, ours: str
) -> dict[str, Tensor]:
    """A convolution with the batch norm behind it, which is an affine map once trained."""
    kernel = weights[f"{convolution}.weight"]
    scale, shift, mean, variance = (
        weights[f"{norm}.{name}"].double()
        for name in ("weight", "bias", "running_mean", "running_var")
    )
    factor = scale / (variance + _NORM_EPS).sqrt()
    return {
        f"{ours}.weight": (kernel.double() * factor[:, None, None, None]).float(),
        f"{ours}.bias": (shift - mean * factor).float(),
    }
