"""What was done in the docks as a Python script, and as a shell command, that do it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.cells.quality import QualityOptions
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops import CropSpec
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import FieldSource, find_images
from napari_c3r.core.metadata.roles import Design
from napari_c3r.core.options import changed, shell_words
from napari_c3r.core.segment import SegmentOptions
from napari_c3r.core.spelling import spell_names
from napari_c3r.core.table.formats import DEFAULT_SUFFIX


@dataclass(frozen=True, eq=False)
class RecipeField:
    """One field and where its cells come from.

    Attributes
    ----------
    source
        Its files and how they are read.
    segmenting
        How its cells are found; None where labels are given.
    labels, nuclei
        Files of label images, None where the cells are found.
    """

    source: FieldSource
    segmenting: SegmentOptions | None = None
    labels: Path | None = None
    nuclei: Path | None = None


@dataclass(frozen=True)
class RecipePlateMap:
    """The plate map of a result.

    Attributes
    ----------
    path
        Its file.
    design
        What its columns mean.
    guessed
        Whether that is what names and values suggest.
    """

    path: Path
    design: Design
    guessed: bool


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
    crop
        How cells were cut out.
    filter
        What was hidden when the map was made.
    map, cluster
        Keywords of :func:`napari_c3r.map_cells` and :func:`napari_c3r.cluster`, None where
        there is no map.
    plate_map
        What was done to the wells, None where that is not known.
    quality
        From which scores on cells are flagged.
    by_hand
        What was done to the clusters by hand, in words; a script does not do it.
    out
        The table to write.
    """

    fields: Sequence[RecipeField]
    assignment: ChannelAssignment
    encoder: str = "bundled"
    options: RunOptions = field(default_factory=RunOptions)
    crop: CropSpec = field(default_factory=CropSpec)
    filter: CellFilter = field(default_factory=CellFilter)
    map: Mapping[str, Any] | None = None
    cluster: Mapping[str, Any] | None = None
    plate_map: RecipePlateMap | None = None
    quality: QualityOptions = field(default_factory=QualityOptions)
    by_hand: Sequence[str] = ()
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
    names = "QualityOptions, flag_cells" if changed(recipe.quality) else "flag_cells"
    head += f"from napari_c3r.core.cells.quality import {names}\n"
    head += _MEANING if recipe.plate_map is not None else ""
    parts = [head, _roles(recipe), f"encoder = c3r.load_encoder({recipe.encoder!r})"]
    if len(recipe.fields) == 1:
        parts.append(_one_field(recipe))
    else:
        parts.append(_many_fields(recipe))
    if (known := recipe.plate_map) is not None:
        parts.append(
            f"c3r.annotate(cells_table, {str(known.path)!r})\n"
            f"set_design(cells_table, {_design(known.design)})"
        )
    chosen = changed(recipe.quality)
    parts.append(f"flag_cells(cells_table{f', QualityOptions{_arguments(chosen)}' * bool(chosen)})")
    if recipe.filter.active:
        parts.append(
            f"hidden = CellFilter{_arguments(asdict(recipe.filter))}.hidden(cells_table.obs)\n"
            "cells_table = cells_table[~hidden].copy()"
        )
    if recipe.map is not None:
        parts.append(f"c3r.map_cells(cells_table{_keywords(recipe.map)})")
    if recipe.cluster is not None:
        parts.append(f"c3r.cluster(cells_table{_keywords(recipe.cluster)})")
    if recipe.by_hand:
        told = "; ".join(" ".join(words.split()) for words in recipe.by_hand)
        parts.append(f"# By hand afterwards, which this script does not do: {told}")
    parts.append(f"c3r.write(cells_table, {recipe.out!r})")
    return "\n".join(parts) + "\n"


_HEAD = '''"""Made by napari-c3r: the same cells, vectors and map as in the window."""

from dataclasses import replace

import napari_c3r as c3r
'''


_FILTERING = "from napari_c3r.core.cells.filters import CellFilter\n"
_MEANING = "from napari_c3r.core.metadata import Design, set_design\n"


def _design(design: Design) -> str:
    return f"Design{_arguments(changed(design))}"


def _roles(recipe: Recipe) -> str:
    lines = [f"    {name!r}: {role!r}," for name, role in recipe.assignment.to_dict().items()]
    return "\n".join(["roles = c3r.ChannelAssignment({", *lines, "})"])


def _embedding(recipe: Recipe) -> list[str]:
    """The call of `embed`, with every setting that differs from its default."""
    given = [f"{name}={value!r}" for name, value in changed(recipe.options).items()]
    if recipe.crop != CropSpec():
        given.append(f"crop=c3r.CropSpec{_arguments(changed(recipe.crop))}")
    settings = [f"    {', '.join(given)},"] if given else []
    return [
        "c3r.embed(",
        "    image, cells, roles, encoder=encoder, nuclei=nuclei,",
        *settings,
        ")",
    ]


def _one_field(recipe: Recipe) -> str:
    only = recipe.fields[0]
    lines = ["", _reading(repr(_paths(only.source)), _read_keywords(only))]
    lines.append(f"image = replace(image, name={only.source.name!r})")
    if only.labels is None:
        lines.append(_segmenting(_segment_keywords(recipe, only)))
    else:
        nuclei = "None" if only.nuclei is None else f"c3r.read_labels({str(only.nuclei)!r})"
        lines += [f"cells = c3r.read_labels({str(only.labels)!r})", f"nuclei = {nuclei}"]
    embedding = _embedding(recipe)
    return "\n".join([*lines, f"cells_table = {embedding[0]}", *embedding[1:]])


def _many_fields(recipe: Recipe) -> str:
    """A list of the fields and a loop over it, rather than the same lines many times."""
    read = [_read_keywords(one) for one in recipe.fields]
    found = [_segment_keywords(recipe, one) for one in recipe.fields if one.labels is None]
    columns = ["name", "paths", "labels", "nuclei"]
    # What differs between the fields stands in their rows, all else in the loop.
    columns += ["reading"] if _differ(read) else []
    columns += ["segmenting"] if _differ(found) else []
    rows = []
    for one, keywords in zip(recipe.fields, read, strict=True):
        row = {
            "name": one.source.name,
            "paths": _paths(one.source),
            "labels": _text(one.labels),
            "nuclei": _text(one.nuclei),
            "reading": keywords,
            "segmenting": _segment_keywords(recipe, one) if one.labels is None else None,
        }
        rows.append("    (" + ", ".join(repr(row[name]) for name in columns) + "),")
    loop = [_reading("paths", None if "reading" in columns else read[0])]
    loop.append("image = replace(image, name=name)")
    segment = _segmenting(None if "segmenting" in columns else next(iter(found), {}))
    if len(found) == len(recipe.fields):
        loop.append(segment)
    else:
        loop += [
            "if labels is not None:",
            "    cells = c3r.read_labels(labels)",
            "    nuclei = c3r.read_labels(nuclei) if nuclei is not None else None",
            *(["else:", f"    {segment}"] if found else []),
        ]
    loop += ["tables.append(", *(f"    {line}" for line in _embedding(recipe)), ")"]
    return "\n".join(
        [
            "",
            "# Name, files, label image of the cells where it is kept, and of their nuclei.",
            "fields = [",
            *rows,
            "]",
            "tables = []",
            f"for {', '.join(columns)} in fields:",
            *(f"    {line}" for line in loop),
            "cells_table = c3r.join_results(tables)",
        ]
    )


def _differ(values: Iterable[Any]) -> bool:
    first, *others = [*values] or [None]
    return any(other != first for other in others)


def _read_keywords(one: RecipeField) -> dict[str, Any]:
    """Keywords of `read_image`."""
    scene = one.source.files.scene
    return {**({} if scene is None else {"scene": scene}), **changed(one.source.reading)}


def _segment_keywords(recipe: Recipe, one: RecipeField) -> dict[str, Any]:
    return (one.segmenting or SegmentOptions()).for_roles(recipe.assignment).keywords()


def _reading(paths: str, keywords: Mapping[str, Any] | None) -> str:
    given = ", **reading" if keywords is None else _keywords(keywords)
    return f"image = c3r.read_image({paths}{given})"


def _segmenting(keywords: Mapping[str, Any] | None) -> str:
    given = ", **segmenting" if keywords is None else _keywords(keywords)
    return f"nuclei, cells = c3r.segment_cells(image{given})"


def _arguments(given: Mapping[str, Any]) -> str:
    return "(" + ", ".join(f"{name}={value!r}" for name, value in given.items()) + ")"


def _keywords(given: Mapping[str, Any]) -> str:
    return "".join(f", {name}={value!r}" for name, value in given.items())


def _paths(source: FieldSource) -> str | list[str]:
    paths = _given(source)
    return paths[0] if len(paths) == 1 else paths


def _given(source: FieldSource) -> list[str]:
    """The files from which its image is found again."""
    return list(dict.fromkeys(str(file.path) for file in source.files.files))


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def shell_command(recipe: Recipe) -> str:
    """Write the command that makes the same table.

    Raises
    ------
    InputError
        There is no field, or the command has no words for what was done: labels drawn in
        several fields, k-means, control cells or batches.
    """
    _require_fields(recipe)
    first = recipe.fields[0]
    drawn = [one for one in recipe.fields if one.labels is not None]
    if drawn and len(recipe.fields) > 1:
        raise InputError(
            "The command takes labels for one field only; copy as Python, or embed field by field"
        )
    if _differ(changed(one.source.reading) for one in recipe.fields):
        raise InputError("The command reads all fields in one way; copy as Python")
    if _differ(_segment_keywords(recipe, one) for one in recipe.fields if one.labels is None):
        raise InputError("The command finds the cells of all fields in one way; copy as Python")
    if changed(recipe.quality):
        raise InputError("The command flags cells at the usual thresholds only; copy as Python")
    if recipe.filter.active:
        raise InputError(f"The command cannot hide {recipe.filter.words()}; copy as Python")
    cluster = dict(recipe.cluster or {})
    if cluster.get("method", "hdbscan") != "hdbscan":
        raise InputError("The command clusters by HDBSCAN only; copy as Python")
    if "controls" in dict(recipe.map or {}):
        raise InputError("The command knows no control cells for the map; copy as Python")
    if "batch" in dict(recipe.map or {}):
        raise InputError("The command brings no batches together in the map; copy as Python")
    paths = [path for one in recipe.fields for path in _given(one.source)]
    scenes = [one.source.files.scene for one in recipe.fields if one.source.reading.scene is None]
    if len(recipe.fields) > 1 and any(scene is not None for scene in scenes):
        there = find_images(paths, pattern=first.source.reading.pattern or None)
        if len(there) != len(recipe.fields):
            raise InputError("The command reads every scene of a file; copy as Python")
    words = ["napari-c3r", "embed", *dict.fromkeys(paths), "--out", recipe.out]
    reading = first.source.reading
    if len(recipe.fields) == 1 and reading.scene is None:
        reading = replace(reading, scene=first.source.files.scene)
    words += shell_words(reading)
    words += ["--context", spell_names(recipe.assignment.context)]
    words += ["--concept", spell_names(recipe.assignment.concept)]
    if first.labels is not None:
        words += ["--labels", str(first.labels)]
    else:
        words += _segment_words(recipe, first)
    words += ["--encoder", recipe.encoder] if recipe.encoder != "bundled" else []
    words += [*shell_words(recipe.options), *shell_words(recipe.crop)]
    if (known := recipe.plate_map) is not None:
        if not known.guessed:
            raise InputError(
                "The command guesses what the columns of the plate map mean; copy as Python"
            )
        words += ["--metadata", str(known.path)]
    if recipe.map is not None:
        words += ["--map", "--seed", str(dict(recipe.map).get("seed", 0))]
    return shlex.join(words)


def _segment_words(recipe: Recipe, one: RecipeField) -> list[str]:
    # Without the option the command chooses a channel; the nucleus' own says that there is none.
    chosen = (one.segmenting or SegmentOptions()).for_roles(recipe.assignment)
    return shell_words(replace(chosen, cell=chosen.cell or chosen.nucleus))


def _require_fields(recipe: Recipe) -> None:
    if not recipe.fields:
        raise InputError("There is nothing to copy; embed some cells first")
