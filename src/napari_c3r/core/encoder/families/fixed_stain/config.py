"""The configuration of an encoder with an input for each of a fixed list of stains."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, get_args

from napari_c3r.core.encoder.config import MIN_MAX, NO_HOT_PIXELS, TransformerConfig

PositionRule = Literal["scale", "size", "antialiased"]

ALL_CHANNELS: Final = "min-max per crop over all channels"
STANDARDISED: Final = "mean 0 and deviation 1 per crop and channel"

_MOST_INPUTS: Final = 256


@dataclass(frozen=True, kw_only=True)
class FixedStainConfig(TransformerConfig):
    """The configuration of an encoder with an input for each of a fixed list of stains.

    The network has no instance norm, so the normalisation of the crops decides what it sees. The
    common fields are those of `EncoderConfig`; `width` is a multiple of `heads`, and
    `concept_mode` makes no difference.

    Parameters
    ----------
    heads
        Attention heads.
    channels
        Names of the inputs, in their order. None for a network that sees every channel alone, the
        same in all its inputs, as one that was trained on photographs.
    concept_channel
        The one of `channels` that takes the concept channels that are none of the others, one
        after the other; an empty string where each takes its own stain only.
    inputs
        Planes that the network takes; as many as `channels`, where these are named.
    mean, deviation
        What is subtracted from each input after the normalisation, and then divided by, one for
        each input; none for nothing.
    depth
        Blocks.
    position_grid
        Side of the learned grid of positions, in patches.
    positions
        How positions are resampled, see `napari_c3r.core.encoder.networks.vit.PositionRule`.
    norm_eps
        What the layer norms add to the variance.
    registers
        Tokens of no place beside the class token.

    Raises
    ------
    InputError
        If a value has the wrong type or is out of range.
    """

    architecture: ClassVar[str] = "fixed-stain"
    normalisations: ClassVar[tuple[str, ...]] = (
        MIN_MAX,
        NO_HOT_PIXELS,
        ALL_CHANNELS,
        STANDARDISED,
    )

    heads: int
    channels: tuple[str, ...] = ()
    concept_channel: str = ""
    inputs: int
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    depth: int = 12
    position_grid: int = 14
    positions: PositionRule = "scale"
    norm_eps: float = 1e-6
    registers: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for field, low in (("heads", 1), ("depth", 0), ("position_grid", 1), ("registers", 0)):
            self._check_whole(field, low, 256)
        self._check_whole("inputs", 1, _MOST_INPUTS)
        self._check("width", self.width % self.heads == 0, "must be a multiple of heads")
        self._check_names("channels")
        fits = len(self.channels) in (0, self.inputs)
        self._check("channels", fits, f"must name each of {self.inputs} inputs, or none")
        known = self.concept_channel in ("", *self.channels)
        self._check("concept_channel", known, "must be one of channels, or empty")
        self._check_numbers("mean", -math.inf)
        self._check_numbers("deviation", 0)
        self._check("mean", len(self.mean) == len(self.deviation), "must be as long as deviation")
        self._check_choice("positions", get_args(PositionRule))
        self._check("norm_eps", type(self.norm_eps) is float and 0 < self.norm_eps < 1, "is wrong")

    def _check_names(self, field: str) -> None:
        """Refuse anything but a list of names, each once, which becomes a tuple."""
        value = getattr(self, field)
        named = isinstance(value, (list, tuple))
        named = named and all(isinstance(name, str) and name for name in value)
        self._check(
            field, named and len(set(value)) == len(value), "must be a list of names, each once"
        )
        object.__setattr__(self, field, tuple(value))

    def _check_numbers(self, field: str, above: float) -> None:
        """Refuse anything but a number for each input, or none, which become a tuple."""
        value = getattr(self, field)
        right = isinstance(value, (list, tuple)) and len(value) in (0, self.inputs)
        right = right and all(
            type(each) in (int, float) and above < each < math.inf for each in value
        )
        self._check(field, right, f"must be {self.inputs} numbers, or none")
        object.__setattr__(self, field, tuple(map(float, value)))

    @property
    def fixed_channels(self) -> tuple[str, ...]:
        """Those of the channels that take their own stain only."""
        return tuple(name for name in self.channels if name != self.concept_channel)
