"""How images and files are called: readable names, different for every image of a listing."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_c3r.core.text import readable

_THUMBNAIL = re.compile(r"_thumb|^thumb", re.IGNORECASE)
_LABELS = re.compile(r"(?:^|[_\-. ])(?:labels?|masks?|outlines?)$", re.IGNORECASE)
_OME = re.compile(r"\.ome$", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    """What an image may be called by.

    Parameters
    ----------
    name
        The short name, which others of the listing may have too.
    folder
        Where its files lie.
    suffix
        Of its first file, ``.ome.tif``.
    """

    name: str
    folder: Path
    suffix: str


def stem(path: Path) -> str:
    """Give a file's readable name without suffix, ``.ome.tif`` and ``.ome.zarr`` included."""
    return readable(_OME.sub("", path.stem))


def suffix(path: Path) -> str:
    """Give a file's suffix, ``.ome.tif`` included."""
    return readable(path.name.removeprefix(_OME.sub("", path.stem)))


def is_extra(stem: str) -> bool:
    """Whether a name is that of a thumbnail, a mask, labels or outlines next to the images."""
    return bool(_THUMBNAIL.search(stem) or _LABELS.search(stem))


def unique_names(candidates: Sequence[Candidate]) -> list[str]:
    """Names of which no two are the same, not even where capitals do not count.

    Equal names get as many of their folders as tell them apart, up to the root; within one
    folder their suffix; in the last resort a number.

    Parameters
    ----------
    candidates
        The images of a listing, in its order.
    """
    names = [candidate.name for candidate in candidates]
    folders: dict[Path, tuple[str, ...]] = {}
    for candidate in candidates:
        if candidate.folder not in folders:
            folders[candidate.folder] = _folder_names(candidate.folder)
    for members in _equal(names):
        parts = [folders[candidates[index].folder] for index in members]
        depth = _depth(parts)
        for index, above in zip(members, parts, strict=True):
            names[index] = "/".join([*above[len(above) - min(depth, len(above)) :], names[index]])
    for members in _equal(names):
        if len({_key(candidates[index].suffix) for index in members}) > 1:
            for index in members:
                names[index] += candidates[index].suffix
    return _numbered(names)


def _folder_names(folder: Path) -> tuple[str, ...]:
    try:
        folder = folder.resolve()
    except (OSError, RuntimeError):
        folder = folder.absolute()
    return tuple(readable(part) for part in folder.parts if part != folder.anchor)


def _depth(parts: Sequence[tuple[str, ...]]) -> int:
    """How many folders tell as many of the images apart as all folders do."""
    distinct = set(parts)

    def told_apart(depth: int) -> bool:
        return len({each[max(0, len(each) - depth) :] for each in distinct}) == len(distinct)

    return next(depth for depth in range(max(map(len, distinct)) + 1) if told_apart(depth))


def _equal(names: Sequence[str]) -> list[list[int]]:
    """Places of names that others have too, name by name."""
    places: dict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(names):
        places[_key(name)].append(index)
    return [members for members in places.values() if len(members) > 1]


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _numbered(names: Sequence[str]) -> list[str]:
    taken = {_key(name) for name in names}
    seen: set[str] = set()
    numbered = []
    for name in names:
        first, number = name, 1
        while _key(name) in seen or (number > 1 and _key(name) in taken):
            number += 1
            name = f"{first} ({number})"
        seen.add(_key(name))
        numbered.append(name)
    return numbered
