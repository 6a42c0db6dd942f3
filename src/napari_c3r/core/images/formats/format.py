"""What a format of image files is: its suffixes, and how a file of it is opened."""

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
class FileContents:
    """What a file holds of one image or of several, as far as its header tells.

    Parameters
    ----------
    members
        All files that its image is spread over, itself among them; () where it is the only one.
    scenes
        Index and name of each of its scenes, without labels and thumbnails; () where it has one.
    """

    members: tuple[Path, ...] = ()
    scenes: tuple[tuple[int, str], ...] = ()


def _alone(_: Path) -> FileContents:
    return FileContents()


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
    contents
        Tells, without a pixel, of files that hold several scenes or a part of an image; by default
        each file is one image.

    Raises
    ------
    InputError
        There is no suffix, or one is not in lower case with its dot.
    """

    suffixes: tuple[str, ...]
    open: Opener
    is_photograph: Callable[[Path], bool] = _never
    contents: Callable[[Path], FileContents] = _alone

    def __post_init__(self) -> None:
        if not self.suffixes or not all(re.fullmatch(r"\.[a-z0-9_-]+", s) for s in self.suffixes):
            raise InputError(
                f"The suffixes of a format are {self.suffixes!r}; give at least one, in lower case "
                "with its dot, such as '.tif'"
            )
