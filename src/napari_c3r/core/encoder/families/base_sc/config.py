"""The configuration of a single-channel encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from napari_c3r.core.encoder.config import EncoderConfig
from napari_c3r.core.encoder.networks.sizes import size_of


@dataclass(frozen=True, kw_only=True)
class BaseScConfig(EncoderConfig):
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

    heads: int
    depth: int = 12
    position_grid: int = 14

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_whole("heads", 1, 256)
        self._check_whole("depth", 0, 256)
        self._check_whole("position_grid", 1, 256)
        self._check("width", self.width % self.heads == 0, "must be a multiple of heads")

    @classmethod
    def of_size(cls, size: str, **values: Any) -> Self:
        """Configure one of the published sizes.

        Parameters
        ----------
        size
            ``"T"``, ``"S"``, ``"B"`` or ``"L"``.
        **values
            The other fields; `name` is by default ``"Base-SC ViT-"`` and the size.

        Raises
        ------
        InputError
            If the size is unknown or a value is invalid.
        """
        width, heads = size_of(size)
        values.setdefault("name", f"Base-SC ViT-{size}")
        return cls(width=width, heads=heads, **values)
