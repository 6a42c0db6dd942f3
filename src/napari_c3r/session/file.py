"""A whole session in a folder: where the images are, roles, cells, settings and the result."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.atomic import recovered, replacing_folder, require_place
from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError
from napari_c3r.core.guard import reason
from napari_c3r.core.images import FieldSource, Image, ImageFiles, ReadOptions
from napari_c3r.core.images.image_files import PlaneFile
from napari_c3r.core.images.label_file import read_labels
from napari_c3r.core.table import read, write
from napari_c3r.session.description import require_description
from napari_c3r.session.kept import Kept, read_parts, write_parts
from napari_c3r.session.plate_map_file import SavedPlateMap

if TYPE_CHECKING:
    from anndata import AnnData

SUFFIX = ".c3r"
VERSION = 1
_DESCRIPTION, _RESULT = "session.json", "result.h5ad"


@dataclass(frozen=True, eq=False)
class SavedCells:
    """The cells of one field, as they were embedded or drawn.

    Attributes
    ----------
    labels, nuclei
        (Y, X) integers; nuclei None where not known.
    origin
        In words, where they come from.
    found_by
        Keywords of :func:`napari_c3r.segment_cells`, None for other labels.
    drawn
        The labels as they were edited since, None where they were not.
    """

    labels: Any
    nuclei: Any = None
    origin: str = ""
    found_by: Mapping[str, Any] | None = None
    drawn: Any = None


@dataclass(frozen=True, eq=False)
class SavedSession:
    """What a session folder holds.

    Attributes
    ----------
    fields
        The fields by their files; those without files were saved with their pixels.
    index
        The displayed field.
    assignment
        Roles of the channels.
    cells
        By image name.
    result
        All rows, hidden ones included; None before embedding.
    filter
        What is hidden.
    encoder
        ``"bundled"`` or a model folder.
    finished
        Whether the result holds every cell that was wanted.
    settings
        What else the dock should be set to, as plain values.
    names
        What the user called cells, by image name and label, also those of no result.
    plate_map
        What was done to the wells, None where that is not known.
    parts
        What else the parts of the session keep, by their names.
    """

    fields: Sequence[FieldSource]
    index: int
    assignment: ChannelAssignment
    cells: Mapping[str, SavedCells] = field(default_factory=dict)
    result: AnnData | None = None
    filter: CellFilter = field(default_factory=CellFilter)
    encoder: str = "bundled"
    finished: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    plate_map: SavedPlateMap | None = None
    parts: Mapping[str, Kept] = field(default_factory=dict)


def labels_name(index: int, kind: str = "cells") -> str:
    """Name of a label image in a session folder, by the field's number from 0."""
    return f"{kind}/{index + 1:04d}.tif"


def write_session(
    path: str | Path, session: SavedSession, images: Mapping[str, Image] | None = None
) -> Path:
    """Write a session folder, all of it or nothing.

    Parameters
    ----------
    path
        The folder; its parent must exist. A session that stands there is replaced, anything
        else is left alone.
    session
        What to write.
    images
        Images without files, by name: their pixels are written too.

    Raises
    ------
    InputError
        The folder holds something else, or cannot be written.
    """
    folder = require_place(Path(path))
    if folder.exists() and not (folder / _DESCRIPTION).is_file():
        raise InputError(f"'{folder}' exists and is not a session; choose another name")
    with replacing_folder(folder) as new:
        _fill(new, session, images or {}, folder)
    return folder


def _fill(folder: Path, session: SavedSession, images: Mapping[str, Image], final: Path) -> None:
    fields = []
    for number, source in enumerate(session.fields):
        if source.name in images:
            source = _write_pixels(folder, number, images[source.name], final)
        fields.append(_describe_field(source, final))
        cells = session.cells.get(source.name)
        if cells is not None:
            _write_labels(folder / labels_name(number), cells.labels)
            for kind, labels in (("nuclei", cells.nuclei), ("drawn", cells.drawn)):
                if labels is not None:
                    _write_labels(folder / labels_name(number, kind), labels)
            fields[-1]["cells"] = {"origin": cells.origin, "found_by": cells.found_by}
    if session.result is not None:
        write(session.result, folder / _RESULT)
    content = {
        "format": VERSION,
        "fields": fields,
        "index": session.index,
        "roles": session.assignment.to_dict(),
        "filter": asdict(session.filter),
        "encoder": session.encoder,
        "finished": session.finished,
        "settings": dict(session.settings),
        "names": {image: dict(names) for image, names in session.names.items()},
        "plate_map": None if session.plate_map is None else session.plate_map.write(folder),
        "parts": write_parts(folder, session.parts),
    }
    # Escaped, since a path may hold bytes that are no UTF-8, and must lead to its file again.
    text = json.dumps(content, indent=1)
    (folder / _DESCRIPTION).write_text(text + "\n", "utf-8")


def _write_pixels(folder: Path, number: int, image: Image, final: Path) -> FieldSource:
    import tifffile

    name = f"images/{number + 1:04d}.ome.tif"
    (folder / "images").mkdir(exist_ok=True)
    size = image.pixel_size_um
    physical = {"PhysicalSizeX": size, "PhysicalSizeY": size} if size else {}
    with tifffile.TiffWriter(folder / name, ome=True, bigtiff=True) as writer:
        writer.write(
            np.asarray(image.data),
            compression="zlib",
            photometric="minisblack",
            metadata={"axes": "CYX", "Channel": {"Name": list(image.channel_names)}, **physical},
        )
    files = ImageFiles(image.name, (PlaneFile(final / name),), image.plate, image.well, image.site)
    return FieldSource(files, ReadOptions(pixel_size_um=size))


def _write_labels(path: Path, labels: Any) -> None:
    import tifffile

    path.parent.mkdir(exist_ok=True)
    tifffile.imwrite(path, np.asarray(labels), compression="zlib", photometric="minisblack")


def _describe_field(source: FieldSource, final: Path) -> dict[str, Any]:
    files, reading = source.files, asdict(source.reading)
    planes = [
        {
            **_describe_path(plane.path, final),
            "channel": plane.channel,
            "z": plane.z,
            "t": plane.t,
        }
        for plane in files.files
    ]
    return {
        "name": files.name,
        "plate": files.plate,
        "well": files.well,
        "site": files.site,
        "notes": list(files.notes),
        "scene": files.scene,
        "companions": [_describe_path(path, final) for path in files.companions],
        "reading": {**reading, "names": dict(reading["names"])},
        "files": planes,
    }


def _describe_path(path: Path, final: Path) -> dict[str, Any]:
    path = path.resolve()
    return {"path": str(path), "relative": _relative(path, final)}


def _relative(path: Path, folder: Path) -> str | None:
    """Where a file is from the session's folder, so that both can be moved together."""
    try:
        return Path(os.path.relpath(path, folder.resolve())).as_posix()
    except ValueError:
        # Another drive.
        return None


def is_session(path: str | Path) -> bool:
    """Whether a path is a session folder, or the description in it."""
    path = recovered(Path(path))
    return (path / _DESCRIPTION).is_file() or (path.name == _DESCRIPTION and path.is_file())


def session_stamp(path: str | Path) -> int:
    """Tells one saving of a session from every other; 0 where there is none."""
    folder = Path(path)
    folder = folder.parent if folder.name == _DESCRIPTION else folder
    described = recovered(folder) / _DESCRIPTION
    return described.stat().st_mtime_ns if described.is_file() else 0


def read_session(path: str | Path) -> SavedSession:
    """Read a session folder.

    Raises
    ------
    InputError
        It is no session, was written by a later version, is damaged, or its images are gone.
    """
    folder = Path(path)
    folder = folder.parent if folder.name == _DESCRIPTION else folder
    if not is_session(folder):
        raise InputError(f"'{folder}' holds no {_DESCRIPTION}, so it is not a session")
    try:
        content = json.loads((folder / _DESCRIPTION).read_text("utf-8"))
        if isinstance(content["format"], int) and content["format"] > VERSION:
            raise InputError(
                f"'{folder}' has format {content['format']} and this version reads {VERSION}; "
                "update napari-c3r"
            )
        require_description(content)
        fields = tuple(_read_field(described, folder) for described in content["fields"])
        cells = {
            fields[number].name: _read_cells(folder, number, described["cells"])
            for number, described in enumerate(content["fields"])
            if "cells" in described
        }
        return SavedSession(
            fields,
            content["index"],
            ChannelAssignment(content["roles"]),
            cells,
            read(folder / _RESULT) if (folder / _RESULT).exists() else None,
            CellFilter(**content["filter"]),
            content["encoder"],
            content["finished"],
            content["settings"],
            {
                image: {int(label): name for label, name in names.items()}
                for image, names in content.get("names", {}).items()
            },
            _read_plate_map(folder, content.get("plate_map")),
            read_parts(folder, content.get("parts", {})),
        )
    except InputError as error:
        raise InputError(f"'{folder}' cannot be opened: {error}") from error
    # A damaged file may fail anywhere in what reads it.
    except Exception as error:
        told = f"{type(error).__name__}: {reason(error)}"
        raise InputError(f"'{folder}' is damaged ({told})") from error


def _read_plate_map(folder: Path, described: dict[str, Any] | None) -> SavedPlateMap | None:
    return None if described is None else SavedPlateMap.read(folder, described)


def _read_field(described: dict[str, Any], folder: Path) -> FieldSource:
    planes = tuple(
        PlaneFile(_found(file, folder), file["channel"], file["z"], file["t"])
        for file in described["files"]
    )
    files = ImageFiles(
        described["name"],
        planes,
        described["plate"],
        described["well"],
        described["site"],
        tuple(described["notes"]),
        scene=described.get("scene"),
        companions=tuple(_found(file, folder) for file in described.get("companions", ())),
    )
    return FieldSource(files, ReadOptions(**described["reading"]))


def _found(file: dict[str, Any], folder: Path) -> Path:
    """The file where it was, or next to the session when both were moved."""
    near = folder / file["relative"] if file["relative"] else None
    if near is not None and near.exists():
        return Path(os.path.normpath(near))
    path = Path(file["path"])
    if not path.exists():
        raise InputError(
            f"The image '{path}' of this session is gone; put it back, or move it together "
            "with the session's folder"
        )
    return path


def _read_cells(folder: Path, number: int, described: dict[str, Any]) -> SavedCells:
    def optional(kind: str) -> Any:
        path = folder / labels_name(number, kind)
        return read_labels(path) if path.exists() else None

    return SavedCells(
        read_labels(folder / labels_name(number)),
        optional("nuclei"),
        described["origin"],
        described["found_by"],
        optional("drawn"),
    )
