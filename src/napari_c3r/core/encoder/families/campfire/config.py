"""The configuration of a Campfire encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from napari_c3r.core.encoder.config import Readout, TransformerConfig


@dataclass(frozen=True, kw_only=True)
class CampfireConfig(TransformerConfig):
    """The configuration of a Campfire encoder.

    The paper gives neither the sizes of its network nor the constants of its positions: those here
    are this project's. There is no class token, so the only readout is ``"mean"``. The common
    fields are those of `EncoderConfig`; `width` is a multiple of ``4 * heads``, and `concept_mode`
    makes no difference.

    Parameters
    ----------
    heads
        Attention heads.
    depth
        Blocks.
    position_temperature
        Of the sine and cosine positions that are added to the patches; see
        `napari_c3r.core.encoder.networks.positions.sincos_positions`.
    rotary_base
        Of the rotary positions in the attention; see
        `napari_c3r.core.encoder.networks.rotary.rotation_of`.

    Raises
    ------
    InputError
        If a value has the wrong type or is out of range.
    """

    architecture: ClassVar[str] = "campfire"
    label: ClassVar[str] = "Campfire"
    readouts: ClassVar[tuple[Readout, ...]] = ("mean",)

    heads: int
    depth: int = 12
    readout: Readout = "mean"
    position_temperature: float = 10000.0
    rotary_base: float = 100.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_whole("heads", 1, 256)
        self._check_whole("depth", 0, 256)
        for field in ("position_temperature", "rotary_base"):
            self._check_number(field, 1, 1e6)
        self._check("width", self.width % (4 * self.heads) == 0, "must be a multiple of 4 * heads")
