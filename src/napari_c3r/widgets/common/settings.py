"""The plugin's settings, kept by napari (File ▸ Preferences)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_c3r.core.channels.history import ChannelHistory
    from napari_c3r.core.encoder.known import KnownEncoders

_PLUGIN = "napari-c3r"
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


@dataclass(frozen=True)
class Settings:
    """What the docks start with.

    Attributes
    ----------
    device
        Where to compute: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.
    precision
        ``"auto"``, ``"float32"``, ``"bfloat16"`` or ``"float16"``.
    batch_size
        Cells at once, 0 for automatic.
    seed
        Of the map and of k-means.
    autosave
        Whether work that was not saved is kept aside every few minutes.
    problem
        What is wrong with the settings, in one line; a default then takes the place of a setting.
    """

    device: str = "auto"
    precision: str = "auto"
    batch_size: int = 0
    seed: int = 0
    autosave: bool = True
    problem: str = ""


def read_settings() -> Settings:
    """Read the settings, or the defaults where napari does not know the plugin."""
    kept, problem = _kept()
    if kept is None:
        return Settings(problem=problem)
    values = kept.embedding
    found = Settings(
        values.device.strip(),
        values.precision,
        values.batch_size,
        values.seed,
        kept.session.autosave,
    )
    if _DEVICE.fullmatch(found.device):
        return found
    problem = (
        f"The setting Device is '{found.device}', so auto is used; "
        "give auto, cpu, cuda, cuda:1 or mps in File ▸ Preferences"
    )
    return replace(found, device="auto", problem=problem)


class Preferences:
    """Keeps controls at what the settings say, from the start and whenever they change.

    A control that was set by hand stays as it is until its own setting changes.

    Parameters
    ----------
    controls
        What to call with a new value, by the name of the setting.
    """

    def __init__(self, controls: Mapping[str, Callable[[Any], object]]) -> None:
        self._controls = controls
        self._shown = Settings()
        self._kept, _ = _kept()
        self._follow()
        if self._kept is not None:
            self._kept.events.changed.connect(self._follow)

    def _follow(self, _: object = None) -> None:
        before, self._shown = asdict(self._shown), read_settings()
        for name, value in asdict(self._shown).items():
            if value != before[name]:
                self._controls[name](value)

    def release(self) -> None:
        """Follow them no longer."""
        if self._kept is not None:
            self._kept.events.changed.disconnect(self._follow)


def memory_path() -> Path | None:
    """Where names and roles of channels are kept: next to napari's settings and the plugin's."""
    from napari.settings import get_settings

    # For those of a plugin, napari reads what every plugin declares, which takes its time.
    path = get_settings().config_path
    return None if path is None else Path(path).with_name(f"{_PLUGIN}-channels.json")


def channel_history() -> ChannelHistory:
    """What was chosen for channels in earlier sessions."""
    from napari_c3r.core.channels.history import ChannelHistory

    return ChannelHistory(memory_path())


def unsaved_folder() -> Path | None:
    """Where work is kept aside that was not saved; None where there is no place for it."""
    path = memory_path()
    return None if path is None else path.with_name(f"{_PLUGIN}-unsaved")


def understood_hints_path() -> Path | None:
    """Where it is kept which hints need not be shown any more."""
    path = memory_path()
    return None if path is None else path.with_name(f"{_PLUGIN}-hints.json")


def known_encoders() -> KnownEncoders:
    """The encoders to choose from, among them the model folders of earlier sessions."""
    from napari_c3r.core.encoder.known import KnownEncoders

    path = memory_path()
    return KnownEncoders(None if path is None else path.with_name(f"{_PLUGIN}-encoders.json"))


def _kept() -> tuple[Any, str]:
    """What napari keeps for the plugin, or None and, in one line, why."""
    from napari.settings import get_plugin_settings

    try:
        return get_plugin_settings(_PLUGIN), ""
    except KeyError:
        return None, ""
    # napari asserts on what is in a file; a dock should open whatever was typed into it.
    except Exception:
        return None, (
            "The plugin's settings cannot be read, so the defaults are used; "
            f"delete the file {_PLUGIN}.yaml beside napari's own settings"
        )
