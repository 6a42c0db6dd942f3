"""The plugin's settings, kept by napari (File ▸ Preferences)."""

from __future__ import annotations

from dataclasses import dataclass


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
