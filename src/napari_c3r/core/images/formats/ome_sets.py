"""OME-TIFFs of several files or scenes: what the OME-XML of one of the files tells of all."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import tifffile

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.formats.format import FileContents
from napari_c3r.core.text import readable

# Series that slide scanners and converters add beside the images.
_NO_SCENE = re.compile(r"(label|macro|thumb(nail)?|overview|preview)([ _-]?image)?", re.IGNORECASE)
_OME = re.compile(r"<(?:\w+:)?OME\b[^>]*>")
_UUID = re.compile(r"\bUUID\s*=\s*[\"']([^\"']*)[\"']")
_TIFF_SUFFIXES = (".tif", ".tiff")


def contents_of(path: Path) -> FileContents:
    """What an OME-TIFF holds of one image or of several; nothing of any other TIFF.

    Only its first page's description is read, and of a binary-only file the one that has the
    metadata. A file that cannot be read holds nothing, which is said when it is opened.
    """
    try:
        xml = master_xml(path, _description(path))
        root = ElementTree.fromstring(xml.encode()) if xml else None
    except (InputError, OSError, ValueError, ElementTree.ParseError, tifffile.TiffFileError):
        return FileContents()
    except Exception:  # whatever else a damaged header makes the library raise
        return FileContents()
    if root is None:
        return FileContents()
    named = [e.get("FileName") or "" for e in root.iter() if _local(e) == "UUID"]
    members = tuple(path.parent / name for name in dict.fromkeys(named) if name)
    images = [e.get("Name") or "" for e in root if _local(e) == "Image"]
    scenes = tuple((n, readable(name)) for n, name in enumerate(images) if not _no_scene(name))
    return FileContents(
        members if len(members) > 1 else (),
        scenes if len(images) > 1 else (),
    )


def master_xml(path: Path, description: str) -> str:
    """The OME-XML that goes for a file, which may lie in another one.

    Parameters
    ----------
    path
        The file.
    description
        Of its first page.

    Returns
    -------
    str
        Empty where the file is no OME-TIFF.

    Raises
    ------
    InputError
        The file keeps its metadata in one that is not there.
    """
    if "<OME" not in description and ":OME" not in description:
        return ""
    found = re.search(
        r"<(?:\w+:)?BinaryOnly\b[^>]*\bMetadataFile\s*=\s*[\"']([^\"']+)", description
    )
    if found is None:
        return description
    other = path.parent / found[1]
    if not other.is_file():
        raise InputError(
            f"{path.name} keeps its metadata in '{readable(found[1])}', which is missing: put both "
            "into one folder under the names that they were written with."
        )
    if other.suffix.lower() in _TIFF_SUFFIXES:
        xml = _description(other)
    else:
        xml = other.read_text("utf-8", errors="replace")
    return _as_told_by(xml, description)


def _as_told_by(xml: str, description: str) -> str:
    """The OME-XML of another file with the identity of the file that it goes for."""
    own, theirs = _OME.search(description), _OME.search(xml)
    if theirs is None:
        return xml
    uuid = _UUID.search(own[0]) if own is not None else None
    root = _UUID.sub("", theirs[0])
    if uuid is not None:
        root = f'{root[:-1]} UUID="{uuid[1]}">'
    return xml[: theirs.start()] + root + xml[theirs.end() :]


def _description(path: Path) -> str:
    with tifffile.TiffFile(path) as tif:
        return str(tif.pages.first.description)


def _no_scene(name: str) -> bool:
    return bool(_NO_SCENE.fullmatch(name.strip()))


def _local(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]
