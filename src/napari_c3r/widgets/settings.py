"""The plugin's settings, kept by napari (File ▸ Preferences)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_c3r.core.memory import ChannelMemory


@dataclass(frozen=True)
class Settings:
    """What the docks start with.

    Attributes
    ----------
    device
        Where to compute: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"mps"``.
    seed
        Of the map and of k-means.
    """

    device: str = "auto"
    seed: int = 0


def read_settings() -> Settings:
    """Read the settings, or the defaults where napari does not know the plugin."""
    from napari.settings import get_plugin_settings

    try:
        embedding = get_plugin_settings("napari-c3r").embedding
    except (KeyError, AttributeError):
        return Settings()
    return Settings(str(embedding.device), int(embedding.seed))


def memory_path() -> Path | None:
    """Where names and roles of channels are kept: beside the plugin's settings."""
    from napari.settings import get_plugin_settings

    try:
        path = get_plugin_settings("napari-c3r").config_path
    except (KeyError, AttributeError):
        return None
    return None if path is None else Path(path).with_name("napari-c3r-channels.json")


def channel_memory() -> ChannelMemory:
    """What was chosen for channels in earlier sessions."""
    from napari_c3r.core.memory import ChannelMemory

    return ChannelMemory(memory_path())
