"""What was done in the docks as a Python script, and as a shell command, that do it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import FieldSource, ReadOptions
from napari_c3r.core.table.formats import DEFAULT_SUFFIX


@dataclass(frozen=True, eq=False)
class RecipeField:
    """One field and where its cells come from.

    Attributes
    ----------
    source
        Its files.
    find
        Keywords of :func:`napari_c3r.segment_cells`; None where labels are given.
    labels, nuclei
        Files of label images, None where the cells are found.
    """

    source: FieldSource
    find: Mapping[str, Any] | None = None
    labels: Path | None = None
    nuclei: Path | None = None


@dataclass(frozen=True, eq=False)
class Recipe:
    """Everything that decides the numbers of a result.

    Attributes
    ----------
    fields
        In the order of the table.
    assignment
        Roles of the channels.
    encoder
        ``"bundled"`` or a model folder.
    options
        Where and how the encoder ran.
    filter
        What was hidden when the map was made.
    map, cluster
        Keywords of :func:`napari_c3r.map_cells` and :func:`napari_c3r.cluster`, None where
        there is no map.
    out
        The table to write.
    """

    fields: Sequence[RecipeField]
    assignment: ChannelAssignment
    encoder: str = "bundled"
    options: RunOptions = field(default_factory=RunOptions)
    filter: CellFilter = field(default_factory=CellFilter)
    map: Mapping[str, Any] | None = None
    cluster: Mapping[str, Any] | None = None
    out: str = f"cells{DEFAULT_SUFFIX}"


def python_script(recipe: Recipe) -> str:
    """Write a script of the package's public functions that makes the same table.

    Raises
    ------
    InputError
        There is no field.
    """
    _require_fields(recipe)
    head = _HEAD + (_FILTERING if recipe.filter.active else "")
    parts = [head, _roles(recipe), f"encoder = c3r.load_encoder({recipe.encoder!r})"]
    if len(recipe.fields) == 1:
        parts.append(_one_field(recipe))
    else:
        parts.append(_many_fields(recipe))
    if recipe.filter.active:
        parts.append(
            f"hidden = CellFilter{_arguments(asdict(recipe.filter))}.hidden(cells_table.obs)\n"
            "cells_table = cells_table[~hidden].copy()"
        )
    if recipe.map is not None:
        parts.append(f"c3r.map_cells(cells_table{_keywords(recipe.map)})")
    if recipe.cluster is not None:
        parts.append(f"c3r.cluster(cells_table{_keywords(recipe.cluster)})")
    parts.append(f"c3r.write(cells_table, {recipe.out!r})")
    return "\n".join(parts) + "\n"


_HEAD = '''"""Made by napari-c3r: the same cells, vectors and map as in the window."""

from dataclasses import replace

import napari_c3r as c3r
'''


_FILTERING = "from napari_c3r.core.cells.filters import CellFilter\n"


def _roles(recipe: Recipe) -> str:
    lines = [f"    {name!r}: {role!r}," for name, role in recipe.assignment.to_dict().items()]
    return "\n".join(["roles = c3r.ChannelAssignment({", *lines, "})"])


def _run_keywords(options: RunOptions) -> str:
    return (
        f"device={options.device!r}, precision={options.precision!r}, "
        f"batch_size={options.batch_size!r}"
    )


def _one_field(recipe: Recipe) -> str:
    only = recipe.fields[0]
    lines = ["", *_reading(_paths(only.source), only.source.reading)]
    lines.append(f"image = replace(image, name={only.source.name!r})")
    lines += _cells(only)
    lines += [
        "cells_table = c3r.embed(",
        "    image, cells, roles, encoder=encoder, nuclei=nuclei,",
        f"    {_run_keywords(recipe.options)},",
        ")",
    ]
    return "\n".join(lines)


def _many_fields(recipe: Recipe) -> str:
    """A list of the fields and a loop over it, rather than the same lines many times."""
    rows = [
        f"    ({f.source.name!r}, {_paths(f.source)!r}, {_text(f.labels)!r}, {_text(f.nuclei)!r}),"
        for f in recipe.fields
    ]
    first = recipe.fields[0]
    find = next((f.find for f in recipe.fields if f.find is not None), None)
    loop = [*_reading("paths", first.source.reading), "image = replace(image, name=name)"]
    if any(f.labels is not None for f in recipe.fields):
        loop += [
            "if labels is not None:",
            "    cells = c3r.read_labels(labels)",
            "    nuclei = c3r.read_labels(nuclei) if nuclei is not None else None",
            *([] if find is None else ["else:", f"    {_segment(find)}"]),
        ]
    elif find is not None:
        loop.append(_segment(find))
    loop += [
        "tables.append(",
        "    c3r.embed(",
        "        image, cells, roles, encoder=encoder, nuclei=nuclei,",
        f"        {_run_keywords(recipe.options)},",
        "    )",
        ")",
    ]
    return "\n".join(
        [
            "",
            "# Name, files, label image of the cells where it is kept, and of their nuclei.",
            "fields = [",
            *rows,
            "]",
            "tables = []",
            "for name, paths, labels, nuclei in fields:",
            *(f"    {line}" for line in loop),
            "cells_table = c3r.join_results(tables)",
        ]
    )


def _reading(paths: Any, reading: ReadOptions) -> list[str]:
    named = paths if isinstance(paths, str) and paths == "paths" else repr(paths)
    options = {
        "scene": reading.scene or None,
        "t": reading.t or None,
        "z": reading.z if reading.z != "max" else None,
        "swap": reading.swap or None,
        "names": dict(reading.names) or None,
        "pixel_size_um": reading.pixel_size_um,
    }
    given = {name: value for name, value in options.items() if value is not None}
    return [f"image = c3r.read_image({named}{_keywords(given)})"]


def _cells(one: RecipeField) -> list[str]:
    if one.labels is None:
        return [_segment(one.find or {})]
    nuclei = "None" if one.nuclei is None else f"c3r.read_labels({str(one.nuclei)!r})"
    return [f"cells = c3r.read_labels({str(one.labels)!r})", f"nuclei = {nuclei}"]


def _segment(find: Mapping[str, Any]) -> str:
    given = {name: value for name, value in find.items() if value is not None}
    return f"nuclei, cells = c3r.segment_cells(image{_keywords(given)})"


def _arguments(given: Mapping[str, Any]) -> str:
    return "(" + ", ".join(f"{name}={value!r}" for name, value in given.items()) + ")"


def _keywords(given: Mapping[str, Any]) -> str:
    return "".join(f", {name}={value!r}" for name, value in given.items())


def _paths(source: FieldSource) -> str | list[str]:
    paths = list(dict.fromkeys(str(path) for path in source.files.paths))
    return paths[0] if len(paths) == 1 else paths


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def shell_command(recipe: Recipe) -> str:
    """Write the command that makes the same table.

    Raises
    ------
    InputError
        There is no field, or the command has no words for what was done: labels drawn in
        several fields, k-means, or control cells.
    """
    _require_fields(recipe)
    first = recipe.fields[0]
    drawn = [one for one in recipe.fields if one.labels is not None]
    if drawn and len(recipe.fields) > 1:
        raise InputError(
            "The command takes labels for one field only; copy as Python, or embed field by field"
        )
    if recipe.filter.active:
        raise InputError(f"The command cannot hide {recipe.filter.words()}; copy as Python")
    cluster = dict(recipe.cluster or {})
    if cluster.get("method", "hdbscan") != "hdbscan":
        raise InputError("The command clusters by HDBSCAN only; copy as Python")
    if "controls" in dict(recipe.map or {}):
        raise InputError("The command knows no control cells for the map; copy as Python")
    paths = [str(path) for one in recipe.fields for path in one.source.files.paths]
    words = ["napari-c3r", "embed", *dict.fromkeys(paths), "--out", recipe.out]
    words += _reading_words(first.source.reading)
    words += ["--context", ",".join(recipe.assignment.context)]
    words += ["--concept", ",".join(recipe.assignment.concept)]
    if first.labels is not None:
        words += ["--labels", str(first.labels)]
    else:
        words += _find_words(dict(first.find or {}))
    options = recipe.options
    words += ["--encoder", recipe.encoder] if recipe.encoder != "bundled" else []
    words += ["--device", options.device, "--precision", options.precision]
    words += ["--batch-size", str(options.batch_size)]
    if recipe.map is not None:
        words += ["--map", "--seed", str(dict(recipe.map).get("seed", 0))]
    return shlex.join(words)


def _reading_words(reading: ReadOptions) -> list[str]:
    words: list[str] = []
    if reading.names:
        words += ["--names", ",".join(f"{old}={new}" for old, new in reading.names.items())]
    for option, value, usual in (
        ("--scene", reading.scene, 0),
        ("--t", reading.t, 0),
        ("--z", reading.z, "max"),
        ("--swap", reading.swap, ""),
        ("--pixel-size-um", reading.pixel_size_um, None),
    ):
        if value != usual:
            words += [option, str(value)]
    return words


def _find_words(find: dict[str, Any]) -> list[str]:
    # Without the option the command chooses a channel; the nucleus' own says that there is none.
    words = ["--nucleus", find["nucleus"], "--cell", find.get("cell") or find["nucleus"]]
    for unit in ("um", "px"):
        size = find.get(f"nucleus_diameter_{unit}")
        if size is not None:
            words += [f"--nucleus-size-{unit}", repr(size)]
    return words


def _require_fields(recipe: Recipe) -> None:
    if not recipe.fields:
        raise InputError("There is nothing to copy; embed some cells first")
