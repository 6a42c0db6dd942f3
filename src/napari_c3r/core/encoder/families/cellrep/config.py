"""The configuration of a CellRep encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from napari_c3r.core.encoder.config import TransformerConfig

_DEPTHS = {"L": 24}


@dataclass(frozen=True, kw_only=True)
class CellRepConfig(TransformerConfig):
    """The configuration of a CellRep encoder.

    Of the sizes, the paper gives only those of its transformer (ViT-L); all defaults here are this
    project's. The common fields are those of `EncoderConfig`; `width` is a multiple of `heads`, and
    `concept_mode` makes no difference.

    Parameters
    ----------
    heads
        Attention heads, of the mixer too.
    depth
        Blocks after the channels were averaged.
    mixer_depth
        Blocks before, over the patches of all channels.
    content_channels, content_kernel
        Of the convolution that looks at the content of a whole channel: its features, and the side
        of its kernel in pixels, which is its stride too.
    position_grid
        Side of the learned grid of positions, in patches.
    clip_percent
        Share of the pixels of a channel, in per cent, that is clipped at either end; 0 for none.
    histogram_tiles, histogram_bins
        Adaptive histogram equalisation: tiles along a side, 0 for none, and bins of a histogram.
    histogram_limit
        Largest height of a bin, as a multiple of the mean; what is above it is spread over all.

    Raises
    ------
    InputError
        If a value has the wrong type or is out of range.
    """

    architecture: ClassVar[str] = "cellrep"
    label: ClassVar[str] = "CellRep"

    heads: int
    depth: int = 12
    mixer_depth: int = 2
    content_channels: int = 64
    content_kernel: int = 8
    position_grid: int = 14
    clip_percent: float = 0.1
    histogram_tiles: int = 4
    histogram_bins: int = 64
    histogram_limit: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_whole("heads", 1, 256)
        self._check_whole("depth", 0, 256)
        self._check_whole("mixer_depth", 0, 256)
        self._check_whole("content_channels", 1, 8192)
        self._check_whole("content_kernel", 1, self.patch_size)
        self._check_whole("position_grid", 1, 256)
        self._check_number("clip_percent", 0, 25)
        self._check_whole("histogram_tiles", 0, 64)
        self._check_whole("histogram_bins", 2, 4096)
        self._check_number("histogram_limit", 1, 4096)
        self._check("width", self.width % self.heads == 0, "must be a multiple of heads")

    @classmethod
    def of_size(cls, size: str, **values: Any) -> Self:
        """Configure a published size, as deep as its transformer; ``"L"`` is the paper's."""
        return super().of_size(size, **{"depth": _DEPTHS.get(size, 12), **values})
