"""The configuration of an encoder with an embedding for every trained channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from napari_c3r.core.encoder.config import TransformerConfig

PositionRule = Literal["per-channel", "official"]
Unseen = Literal["refuse", "mean", "protein", "zero"]

_MOST_CHANNELS = 4096


@dataclass(frozen=True, kw_only=True)
class ChannelVitConfig(TransformerConfig):
    """The configuration of an encoder with an embedding for every trained channel.

    The network has no instance norm, so the normalisation of the crops decides what it sees. The
    common fields are those of `EncoderConfig`; `width` is a multiple of `heads`, and
    `concept_mode` makes no difference.

    Parameters
    ----------
    heads
        Attention heads.
    channels
        Names of the trained channels, in the order of their embeddings.
    depth
        Blocks.
    position_grid
        Side of the learned grid of positions, in patches.
    positions
        ``"per-channel"``: every channel has the positions that an image of one channel has.
        ``"official"``: as the official code, which resamples the grid even at its own size where
        there are several channels, and takes it as it is wherever the patches of all channels
        together are as many as its own, whose positions are then wrong. Weights that were trained
        that way need it.
    unseen
        What stands for the embedding of a stain that was not trained: ``"refuse"`` to embed such
        channels, the ``"mean"`` of all trained ones, that of the ``"protein"`` of interest, or
        ``"zero"``. The papers leave it open.

    Raises
    ------
    InputError
        If a value has the wrong type or is out of range.
    """

    architecture: ClassVar[str] = "channelvit"
    label: ClassVar[str] = "ChannelViT"

    heads: int
    channels: tuple[str, ...] = ()
    depth: int = 12
    position_grid: int = 14
    positions: PositionRule = "per-channel"
    unseen: Unseen = "mean"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_whole("heads", 1, 256)
        self._check_whole("depth", 0, 256)
        self._check_whole("position_grid", 1, 256)
        self._check("width", self.width % self.heads == 0, "must be a multiple of heads")
        named = isinstance(self.channels, (list, tuple)) and len(self.channels) <= _MOST_CHANNELS
        named = named and all(isinstance(name, str) and name for name in self.channels)
        named = named and len(set(self.channels)) == len(self.channels)
        self._check("channels", named, "must be a list of names, each once")
        object.__setattr__(self, "channels", tuple(self.channels))
        self._check_choice("positions", get_args(PositionRule))
        self._check_choice("unseen", get_args(Unseen))

    def network_sizes(self) -> dict[str, Any]:
        """What decides the shapes of the weights and the meaning of the embeddings."""
        sizes = super().network_sizes()
        return {name: sizes[name] for name in sizes if name not in ("positions", "unseen")}
