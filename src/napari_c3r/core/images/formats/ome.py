"""OME-TIFF: which planes of which files an image is, from the OME-XML that describes it.

A description lies in the image's only file, in each of its files, in one that the others name
(BinaryOnly), or in a text of its own (``.companion.ome``).
"""

from __future__ import annotations

import os
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.formats.format import Scene, is_extra_name
from napari_c3r.core.text import readable

COMPANION_SUFFIX = ".ome"

_HOME = "urn:uuid:home"
_NAMED = 3
# A scene that is this many times smaller than another one of its shape is a thumbnail of it.
_THUMBNAIL_FACTOR = 4.0


@dataclass(frozen=True, eq=False)
class OmeDescription:
    """What an OME-XML text says.

    Parameters
    ----------
    path
        The file that the text lies in, or that was opened where the text is that of another.
    root
        The text.
    holder
        The file that the text lies in.
    """

    path: Path
    root: Element
    holder: Path

    @cached_property
    def images(self) -> list[Element]:
        """The images with their pixels, in order."""
        return [e for e in self.root if local_name(e) == "Image" and pixels_of(e) is not None]

    @cached_property
    def scenes(self) -> tuple[Scene, ...]:
        """The images as scenes."""
        sizes = [_size(image) for image in self.images]
        largest = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
        found = []
        for index, image in enumerate(self.images):
            name = readable(" ".join((image.get("Name") or "").split()))
            files = self.files(index)
            if self.holder != self.path or self._is_text:
                files = tuple(dict.fromkeys([*files, self.holder]))
            extra = is_extra_name(name) or is_reduced(sizes[index], largest, _THUMBNAIL_FACTOR)
            found.append(Scene(index, name, () if files == (self.path,) else files, extra))
        return tuple(found)

    @property
    def _is_text(self) -> bool:
        return self.holder.suffix.lower() == COMPANION_SUFFIX

    def files(self, index: int) -> tuple[Path, ...]:
        """The files that hold the planes of an image, whether they are there or not."""
        blocks = _blocks(self.images[index])
        found = dict.fromkeys(self._file_of(block) for block in blocks)
        return tuple(found) or (self.holder,)

    def missing(self, index: int) -> tuple[Path, ...]:
        """Those of the files of an image that are not there."""
        return tuple(file for file in self.files(index) if not _is_there(file))

    def require_files(self, index: int) -> None:
        """Refuse an image of which files are missing: zeros would stand for them."""
        gone = self.missing(index)
        if gone:
            names = ", ".join(readable(file.name) for file in gone[:_NAMED])
            raise InputError(
                f"{readable(self.path.name)} is part of an image of {len(self.files(index))} "
                f"files, of which {names}{' and more are' if len(gone) > _NAMED else ' is'} "
                "missing: put all of them into one folder under the names that they were written "
                "with."
            )

    def alone(self, index: int) -> tuple[Path, str]:
        """A file of an image, and OME-XML of this image only, as seen from that file.

        The file's own planes are told without its name, so that it may be called otherwise; no
        two files have one identifier there.
        """
        numbers = {file: number for number, file in enumerate(self.files(index))}
        home = self.holder if self.holder in numbers else next(iter(numbers))
        root = Element(self.root.tag, {"UUID": _HOME})
        image = deepcopy(self.images[index])
        for block, copied in zip(_blocks(self.images[index]), _blocks(image), strict=True):
            file = self._file_of(block)
            for uuid in [e for e in copied if local_name(e) == "UUID"]:
                if file == home:
                    copied.remove(uuid)
                else:
                    uuid.set("FileName", os.path.relpath(file, home.parent))
                    uuid.text = f"urn:uuid:{numbers[file]}"
        root.append(image)
        root.extend(e for e in self.root if local_name(e) == "StructuredAnnotations")
        return home, ElementTree.tostring(root, "unicode")

    def doubts(self, index: int) -> tuple[str, ...]:
        """A note on files that are others than the description names.

        Raises
        ------
        InputError
            Two files of the image have changed their names.
        """
        wanted: dict[Path, str] = {}
        for block in _blocks(self.images[index]):
            uuid = _uuid(block)
            if uuid is not None and uuid.text:
                wanted.setdefault(self._file_of(block), uuid.text)
        if len(set(wanted.values())) < max(2, len(wanted)):
            return ()
        odd = []
        for file, identifier in wanted.items():
            own = _identifier(file)
            if own is None or own == identifier:
                continue
            if own in wanted.values():
                told = next(other for other, known in wanted.items() if known == own)
                raise InputError(
                    f"{readable(file.name)} says that it is {readable(told.name)}: files of this "
                    "image have each other's names. Give them those that they were written with."
                )
            odd.append(file)
        if not odd:
            return ()
        return (
            f"{readable(odd[0].name)} is another file than the one that {self.holder.name} names: "
            "check that they belong to one image.",
        )

    def _file_of(self, block: Element) -> Path:
        """The file of a block of planes."""
        uuid = _uuid(block)
        if uuid is None or not uuid.get("FileName"):
            return self.holder
        own = self.root.get("UUID")
        if own is not None and uuid.text == own and not self._is_text:
            return self.holder
        named = _beside(self.holder, uuid.get("FileName", ""))
        if own is None and not self._is_text and self._only == uuid.text and not _is_there(named):
            return self.holder  # which was given another name
        return named

    @cached_property
    def _only(self) -> str | None:
        """The identifier of the one file that is named, None where there are several."""
        named = {_uuid(b) for image in self.images for b in _blocks(image)}
        texts = {None if uuid is None else uuid.text for uuid in named}
        return texts.pop() if len(texts) == 1 else None


def describe(path: Path) -> OmeDescription | None:
    """Read the OME-XML of a file, or that of the file that it names; None where there is none.

    Parameters
    ----------
    path
        A TIFF file or the text of a companion.

    Raises
    ------
    InputError
        The file that holds the description of its pixels is missing or holds none.
    """
    root = _root(path)
    if root is None:
        if path.suffix.lower() == COMPANION_SUFFIX:
            raise InputError(f"{readable(path.name)} is no OME-XML: copy it again.")
        return None
    master = next((e for e in root if local_name(e) == "BinaryOnly"), None)
    if master is None:
        return OmeDescription(path, root, path)
    holder = _beside(path, master.get("MetadataFile", ""))
    where = f"{readable(path.name)} holds pixels, and {readable(holder.name)} what they are"
    if not _is_there(holder):
        raise InputError(f"{where}, which is missing: put it beside.")
    root = _root(holder)
    if root is None or any(local_name(e) == "BinaryOnly" for e in root):
        raise InputError(f"{where}, which it does not say: copy it again.")
    return OmeDescription(path, root, holder)


def local_name(element: Element) -> str:
    """Take the namespace off an element's name."""
    return str(element.tag).rpartition("}")[2]


def is_reduced(size: tuple[int, int], of: tuple[int, int], factor: float) -> bool:
    """Whether a height and width are those of another image, made smaller by a factor or more."""
    if not (0 < size[0] * factor <= of[0] and 0 < size[1] * factor <= of[1]):
        return False
    # Sides are rounded to whole pixels.
    return abs(size[0] * of[1] / of[0] - size[1]) <= 1


def _root(path: Path) -> Element | None:
    import tifffile

    if path.suffix.lower() == COMPANION_SUFFIX:
        return _parsed(path.read_bytes())
    with tifffile.TiffFile(path) as tif:
        return _parsed((tif.ome_metadata or "").encode()) if tif.is_ome else None


def _parsed(text: bytes) -> Element | None:
    try:
        root = ElementTree.fromstring(text.strip())
    except ElementTree.ParseError:
        return None
    return root if local_name(root) == "OME" else None


def _identifier(path: Path) -> str | None:
    root = _root(path)
    return None if root is None else root.get("UUID")


def _beside(file: Path, name: str) -> Path:
    """A file that another one names; where a path leads out of the folder, its last part counts."""
    given = PureWindowsPath(name)
    inside = not given.is_absolute() and not given.root and ".." not in given.parts
    path = file.parent.joinpath(*given.parts) if inside else file.parent / given.name
    return path if _is_there(path) else file.parent / given.name


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False  # no name that a file can have


def pixels_of(image: Element) -> Element | None:
    """The pixels that an image tells of, None where it tells of none."""
    return next((e for e in image if local_name(e) == "Pixels"), None)


def _blocks(image: Element) -> list[Element]:
    pixels = pixels_of(image)
    return [] if pixels is None else [e for e in pixels if local_name(e) == "TiffData"]


def _uuid(block: Element) -> Element | None:
    return next((e for e in block if local_name(e) == "UUID"), None)


def _size(image: Element) -> tuple[int, int]:
    pixels = pixels_of(image)
    sizes = ("", "") if pixels is None else (pixels.get("SizeY", ""), pixels.get("SizeX", ""))
    height, width = (int(size) if size.isdecimal() else 0 for size in sizes)
    return height, width
