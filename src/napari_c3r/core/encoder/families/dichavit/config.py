"""The configuration of DiChaViT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from napari_c3r.core.encoder.families.channelvit.config import ChannelVitConfig


@dataclass(frozen=True, kw_only=True)
class DichavitConfig(ChannelVitConfig):
    """The configuration of DiChaViT, with the fields of ChannelViT.

    Raises
    ------
    InputError
        If a value has the wrong type or is out of range.
    """

    architecture: ClassVar[str] = "dichavit"
    label: ClassVar[str] = "DiChaViT"
