"""What a format of image files is: its suffixes, how a file is opened, and which scenes it has."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.stack import Stack


class Opener(Protocol):
    """Opens one file lazily.

    It refuses in an InputError a file that is truncated or of another format, and a scene that
    the file does not have.
    """

    def __call__(self, path: Path, scene: int, one_channel: bool) -> Stack:
        """Open a scene of a file; `one_channel` if it is one channel of an image of several."""
        ...


@dataclass(frozen=True)
class Scene:
    """One of the images that a file holds.

    Parameters
    ----------
    index
        What `ImageFormat.open` takes for it.
    name
        In the file, "" where it has none.
    files
        Those that hold its pixels or say where they lie, () where that is the file itself. Some
        of them may be missing.
    is_extra
        Whether it is no field of view but a thumbnail, a label or an overview of others.
    """

    index: int = 0
    name: str = ""
    files: tuple[Path, ...] = ()
    is_extra: bool = False


_EXTRA = re.compile(
    r"(?:.*[\s_\-.:/#])?(?:thumb(?:nail)?s?|macro|labels?|masks?|outlines?|preview|slide ?overview)"
    r"(?:[\s_\-]?(?:image|series))?(?:[\s_\-#]?[0-9]+)?",
    re.IGNORECASE,
)


def is_extra_name(name: str) -> bool:
    """Whether a scene's name is that of a thumbnail, a label or an overview of others."""
    return _EXTRA.fullmatch(name.strip()) is not None


def fields_of_view(scenes: tuple[Scene, ...]) -> tuple[Scene, ...]:
    """The scenes that are fields of view; all of them where none would be left."""
    return tuple(scene for scene in scenes if not scene.is_extra) or scenes


def one_scene(_: Path) -> tuple[Scene, ...]:
    """The scenes of a file that can hold one only."""
    return (Scene(),)


def _never(_: Path) -> bool:
    return False


@dataclass(frozen=True)
class ImageFormat:
    """One format of image files.

    Parameters
    ----------
    suffixes
        Of its files, in lower case with their dots: ``(".tif", ".tiff")``.
    open
        Opens a file of it.
    is_photograph
        Whether a file is a colour picture rather than stains, which napari then leaves to its
        other readers; never by default.
    scenes
        Which scenes a file has, from its metadata; one without a name by default.

    Raises
    ------
    InputError
        There is no suffix, or one is not in lower case with its dot.
    """

    suffixes: tuple[str, ...]
    open: Opener
    is_photograph: Callable[[Path], bool] = _never
    scenes: Callable[[Path], tuple[Scene, ...]] = one_scene

    def __post_init__(self) -> None:
        if not self.suffixes or not all(re.fullmatch(r"\.[a-z0-9_-]+", s) for s in self.suffixes):
            raise InputError(
                f"The suffixes of a format are {self.suffixes!r}; give at least one, in lower case "
                "with its dot, such as '.tif'"
            )
