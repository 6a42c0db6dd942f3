"""The encoders to choose from: those that come with the package, and folders used before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_c3r.core.atomic import replacing
from napari_c3r.core.encoder.bundled import bundled_folders, described
from napari_c3r.core.encoder.config import EncoderConfig
from napari_c3r.core.encoder.families import family_of, read_config
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from napari_c3r.core.channels import ChannelAssignment

MAX_KEPT: Final = 30
_CONFIG: Final = "config.json"


@dataclass(frozen=True)
class KnownEncoder:
    """An encoder as its ``config.json`` describes it; its weights are not looked at.

    Attributes
    ----------
    source
        What `load_encoder` takes: the name of a bundled folder, or a path.
    config
        Its sizes and what it recommends.
    """

    source: str
    config: EncoderConfig

    @property
    def name(self) -> str:
        """How it is called in menus."""
        return self.config.name

    @property
    def description(self) -> str:
        """What it does with channels and roles."""
        return family_of(self.config).description

    @property
    def sentence(self) -> str:
        """What it is, which crops it takes, and what it does with channels and roles."""
        return f"{described(self.config)} {self.description}"

    def refusal(self, assignment: ChannelAssignment, options: RunOptions = RunOptions()) -> str:
        """Why it cannot embed channels with these roles; see `refusal`."""
        return refusal(self.config, assignment, options)


def refusal(
    config: EncoderConfig, assignment: ChannelAssignment, options: RunOptions = RunOptions()
) -> str:
    """Why an encoder cannot embed channels with these roles, in one line; empty where it can.

    Parameters
    ----------
    config
        Of the encoder.
    assignment
        Role of every channel.
    options
        How it would run.
    """
    chosen = options.recommended_by(config)
    try:
        family_of(config).make_plan(
            assignment,
            assignment.names,
            chosen.concept_mode or config.concept_mode,
            chosen.readout or config.readout,
        )
    except InputError as error:
        return str(error)
    return ""


class KnownEncoders:
    """Encoders to choose from: the bundled ones first, then the folders used last.

    A file that cannot be read is started afresh: it only holds conveniences.

    Parameters
    ----------
    path
        Where to keep the folders, as JSON; None keeps them for this session only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._folders: list[str] = _read(path) if path is not None else []

    @property
    def bundled(self) -> tuple[str, ...]:
        """Sources of the encoders that come with the package."""
        return tuple(bundled_folders())

    def remember(self, source: str) -> None:
        """Keep an encoder that was loaded, as the one used last."""
        if source in self.bundled:
            return
        folder = str(Path(source).absolute())
        if self._folders[:1] == [folder]:
            return
        self._folders = [folder, *(each for each in self._folders if each != folder)][:MAX_KEPT]
        if self._path is not None:
            _write(self._path, self._folders)

    def all(self) -> tuple[KnownEncoder, ...]:
        """What there is now; a folder that is gone, or is no model folder any more, is left out."""
        found = [_look(name, folder) for name, folder in bundled_folders().items()]
        found += [_look(folder, Path(folder)) for folder in self._folders]
        return tuple(each for each in found if each is not None)

    def find(self, source: str) -> KnownEncoder | None:
        """The encoder of a source, whether it was used before or not; None where there is none."""
        return _look(source, bundled_folders().get(source, Path(source)))


def _look(source: str, folder: Path) -> KnownEncoder | None:
    try:
        return KnownEncoder(source, read_config((folder / _CONFIG).read_text("utf-8")))
    except (OSError, ValueError, InputError):
        return None


def _read(path: Path) -> list[str]:
    try:
        stored = json.loads(path.read_text("utf-8"))
        return [str(folder) for folder in stored["folders"]][:MAX_KEPT]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def _write(path: Path, folders: Sequence[str]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            part.write_text(json.dumps({"folders": list(folders)}, ensure_ascii=False), "utf-8")
    except (OSError, InputError):
        # A folder that cannot be written to costs the memory, not the work.
        return
