"""The configuration of an EfficientNet-Lite."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NamedTuple

from napari_c3r.core.encoder.config import EncoderConfig, Readout

_MOST_BLOCKS: Final = 256
_MOST_FEATURES: Final = 8192


class BlockSizes(NamedTuple):
    """Sizes of an inverted residual block.

    Attributes
    ----------
    width
        Planes that come out.
    hidden
        Planes within; where as many as come in, the block has no expansion.
    kernel
        Side of the depthwise convolution in pixels.
    stride
        Of the depthwise convolution.
    """

    width: int
    hidden: int
    kernel: int
    stride: int


@dataclass(frozen=True, kw_only=True)
class EfficientNetLiteConfig(EncoderConfig):
    """The configuration of an EfficientNet-Lite.

    There is no class token, so the only readout is ``"mean"``. The common fields are those of
    `EncoderConfig`; `width` is the number of planes of the last layer, `patch_size` the product of
    all strides, and `concept_mode` makes no difference.

    Parameters
    ----------
    stem
        Planes after the first convolution, which has a stride of 2.
    blocks
        `BlockSizes` of every block, in order.
    mean, deviation
        What is subtracted from pixels in [0, 1], and then divided by.

    Raises
    ------
    InputError
        If a value has the wrong type or is out of range.
    """

    architecture: ClassVar[str] = "efficientnet-lite"
    readouts: ClassVar[tuple[Readout, ...]] = ("mean",)

    patch_size: int = 32
    readout: Readout = "mean"
    stem: int = 32
    blocks: tuple[BlockSizes, ...]
    # The authors subtract 127 from 8-bit photographs and divide by 128.
    mean: float = 127 / 255
    deviation: float = 128 / 255

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_whole("stem", 1, _MOST_FEATURES)
        self._check("blocks", _are_blocks(self.blocks), "must be a list of four sizes each")
        object.__setattr__(self, "blocks", tuple(BlockSizes(*each) for each in self.blocks))
        strides = 2 * math.prod(each.stride for each in self.blocks)
        self._check("patch_size", self.patch_size == strides, f"must be {strides}, as strides say")
        self._check_number("mean", -1e3, 1e3)
        self._check_number("deviation", 1e-3, 1e3)


def _are_blocks(value: Any) -> bool:
    """Whether a value is a list of the sizes of blocks."""
    if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= _MOST_BLOCKS:
        return False
    return all(
        isinstance(each, (list, tuple))
        and len(each) == len(BlockSizes._fields)
        and all(type(size) is int and 1 <= size <= _MOST_FEATURES for size in each)
        for each in value
    )
