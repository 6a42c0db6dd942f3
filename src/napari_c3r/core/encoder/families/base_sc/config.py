"""The configuration of a single-channel encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from napari_c3r.core.encoder.config import TransformerConfig


@dataclass(frozen=True, kw_only=True)
class BaseScConfig(TransformerConfig):
    """The configuration of a single-channel encoder.

    The network has no instance norm, so the normalisation of the crops decides what it sees. The
    common fields are those of `EncoderConfig`; `width` is a multiple of `heads`, and
    `concept_mode` makes no difference.

    Parameters
    ----------
    heads
        Attention heads.
    depth
        Blocks.
    position_grid
        Side of the learned grid of positions, in patches.

    Raises
    ------
    InputError
        If a value has the wrong type or is out of range.
    """

    architecture: ClassVar[str] = "base-sc"
    label: ClassVar[str] = "Base-SC"

    heads: int
    depth: int = 12
    position_grid: int = 14

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_whole("heads", 1, 256)
        self._check_whole("depth", 0, 256)
        self._check_whole("position_grid", 1, 256)
        self._check("width", self.width % self.heads == 0, "must be a multiple of heads")
