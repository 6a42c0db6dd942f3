"""What step 4 chooses, and what is known of the encoder that it chose."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_c3r.core.crops import CropSpec
from napari_c3r.core.encoder.options import RunOptions

BUNDLED = "bundled"


@dataclass(frozen=True)
class EncoderInfo:
    """What is known of an encoder once it is loaded.

    Attributes
    ----------
    source
        ``"bundled"`` or its folder.
    name
        How it calls itself.
    trained
        Whether its weights were trained.
    devices
        What this machine can compute on.
    readouts
        How it can turn tokens into a vector.
    clash
        Why PyTorch cannot be loaded into this window, which then embeds in a process of its own;
        empty where it can.
    """

    source: str
    name: str
    trained: bool
    devices: tuple[str, ...]
    readouts: tuple[str, ...]
    clash: str = ""


@dataclass(frozen=True)
class EmbedChoice:
    """How to embed.

    Attributes
    ----------
    source
        ``"bundled"`` or a model folder.
    options
        Where and how the encoder runs.
    crop
        How cells are cut out.
    every_field
        Whether all fields are meant, or the displayed one.
    """

    source: str
    options: RunOptions = field(default_factory=RunOptions)
    crop: CropSpec = field(default_factory=CropSpec)
    every_field: bool = False
