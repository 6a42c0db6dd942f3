"""What was done in the docks as a Python script that does it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.cells.quality import QualityOptions
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops import CropSpec
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.metadata.roles import Design
from napari_c3r.core.options import changed
from napari_c3r.core.segment import SegmentOptions
from napari_c3r.core.table.formats import DEFAULT_SUFFIX
from napari_c3r.session.script_code import ScriptPart, import_lines
from napari_c3r.session.script_shifts import EMBEDDED


class Hide(Enum):
    """When cells are hidden."""

    BEFORE = "before the map"
    AFTER = "after all else"
    AROUND = "for the map alone, and at last"


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
        What was done to the clusters by hand, in words, where a script cannot do it.
    hide
        When the cells that the filter hides were hidden.
    joined, clusters, afterwards
        Parts of the script: before there is a map, on the clusters that were just found, and
        once there are clusters.
    montage
        Draws the pictures of cells that are shown.
    why
        Asks again why cells are here.
    asks_again
        Whether parts ask the cells again, with their images and labels.
    unmade
        Columns that a script does not make.
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
    hide: Hide = Hide.BEFORE
    joined: Sequence[ScriptPart] = ()
    clusters: Sequence[ScriptPart] = ()
    afterwards: Sequence[ScriptPart] = ()
    montage: ScriptPart | None = None
    why: ScriptPart | None = None
    asks_again: bool = False
    unmade: Sequence[str] = ()
    out: str = f"cells{DEFAULT_SUFFIX}"


def python_script(recipe: Recipe) -> str:
    """Write a script of the package's public functions that makes the same table.

    Raises
    ------
    InputError
        There is no field.
    """
    require_fields(recipe)
    body = [_roles(recipe), f"encoder = c3r.load_encoder({recipe.encoder!r})"]
    body.append(_one_field(recipe) if len(recipe.fields) == 1 else _many_fields(recipe))
    imports = {(_QUALITY, "flag_cells")}
    if recipe.asks_again:
        imports.add((_EXPLAIN, "Field"))
        body.append(_embedded(several=len(recipe.fields) > 1))
    if (known := recipe.plate_map) is not None:
        imports |= {(_METADATA, "Design"), (_METADATA, "set_design")}
        body.append(
            f"c3r.annotate(cells_table, {str(known.path)!r})\n"
            f"set_design(cells_table, {_design(known.design)})"
        )
    body += _lines(recipe.joined)
    if chosen := changed(recipe.quality):
        imports.add((_QUALITY, "QualityOptions"))
    body.append(f"flag_cells(cells_table{f', QualityOptions{_arguments(chosen)}' * bool(chosen)})")
    mapping = _mapping(recipe)
    if not recipe.filter.active:
        body += [*mapping, *_lines(recipe.afterwards)]
    else:
        imports.add((_FILTERS, "CellFilter"))
        find = f"hidden = CellFilter{_arguments(asdict(recipe.filter))}.hidden(cells_table.obs)"
        drop = "cells_table = cells_table[~hidden].copy()"
        afterwards = _lines(recipe.afterwards)
        match recipe.hide:
            case Hide.BEFORE:
                body += [find, drop, *mapping, *afterwards]
            case Hide.AFTER:
                body += [*mapping, *afterwards, find, drop]
            case Hide.AROUND:
                imports.add((_FILTERS, "keep_with_hidden"))
                kept = "cells_table = keep_with_hidden(every, cells_table)"
                body += [find, "every = cells_table", drop, *mapping, kept, *afterwards, drop]
    if recipe.unmade:
        body.append(f"# Columns that this script does not make: {', '.join(recipe.unmade)}")
    body.append(f"c3r.write(cells_table, {recipe.out!r})")
    parts = [*recipe.joined, *recipe.clusters, *recipe.afterwards]
    for last in (recipe.montage, recipe.why):
        if last is not None:
            body.append("\n".join(last.lines))
            parts.append(last)
    imports = imports.union(*(part.imports for part in parts))
    return "\n".join([_HEAD, *import_lines(imports), "", *body]) + "\n"


def _lines(parts: Iterable[ScriptPart]) -> list[str]:
    return ["\n".join(part.lines) for part in parts]


def _mapping(recipe: Recipe) -> list[str]:
    """Map and clusters, with what was done to these by hand."""
    lines = []
    if recipe.map is not None:
        lines.append(f"c3r.map_cells(cells_table{_keywords(recipe.map)})")
    if recipe.cluster is not None:
        lines += [f"c3r.cluster(cells_table{_keywords(recipe.cluster)})", *_lines(recipe.clusters)]
    if recipe.by_hand:
        told = "; ".join(" ".join(words.split()) for words in recipe.by_hand)
        lines.append(f"# By hand afterwards, which this script does not do: {told}")
    return lines


_HEAD = '''"""Made by napari-c3r: the same cells, vectors and map as in the window."""

from dataclasses import replace

import napari_c3r as c3r'''

if TYPE_CHECKING:
    from napari_c3r.core.images import FieldSource

_QUALITY: Final = "napari_c3r.core.cells.quality"
_FILTERS: Final = "napari_c3r.core.cells.filters"
_EXPLAIN: Final = "napari_c3r.core.explain"
_METADATA: Final = "napari_c3r.core.metadata"


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
        lines.append(_segmenting(segment_keywords(recipe, only)))
    else:
        nuclei = "None" if only.nuclei is None else f"c3r.read_labels({str(only.nuclei)!r})"
        lines += [f"cells = c3r.read_labels({str(only.labels)!r})", f"nuclei = {nuclei}"]
    embedding = _embedding(recipe)
    return "\n".join([*lines, f"cells_table = {embedding[0]}", *embedding[1:]])


def _many_fields(recipe: Recipe) -> str:
    """A list of the fields and a loop over it, rather than the same lines many times."""
    read = [_read_keywords(one) for one in recipe.fields]
    found = [segment_keywords(recipe, one) for one in recipe.fields if one.labels is None]
    columns = ["name", "paths", "labels", "nuclei"]
    # What differs between the fields stands in their rows, all else in the loop.
    columns += ["reading"] if differ(read) else []
    columns += ["segmenting"] if differ(found) else []
    rows = []
    for one, keywords in zip(recipe.fields, read, strict=True):
        row = {
            "name": one.source.name,
            "paths": _paths(one.source),
            "labels": _text(one.labels),
            "nuclei": _text(one.nuclei),
            "reading": keywords,
            "segmenting": segment_keywords(recipe, one) if one.labels is None else None,
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
    if kept := _kept_images(recipe):
        loop.append(f"{', '.join(f'{name}[name]' for name in kept)} = {', '.join(kept.values())}")
    loop += ["tables.append(", *(f"    {line}" for line in _embedding(recipe)), ")"]
    return "\n".join(
        [
            "",
            "# Name, files, label image of the cells where it is kept, and of their nuclei.",
            "fields = [",
            *rows,
            "]",
            *([f"{', '.join(kept)} = {', '.join(['{}'] * len(kept))}"] if kept else []),
            "tables = []",
            f"for {', '.join(columns)} in fields:",
            *(f"    {line}" for line in loop),
            "cells_table = c3r.join_results(tables)",
        ]
    )


def _kept_images(recipe: Recipe) -> dict[str, str]:
    """What the loop over the fields keeps for later, and under which names."""
    kept = {"images": "image", "label_images": "cells"}
    if recipe.asks_again:
        return kept | {"nuclei_images": "nuclei"}
    return kept if recipe.montage is not None else {}


def _embedded(*, several: bool) -> str:
    """The images with their labels by name."""
    if not several:
        return f"{EMBEDDED} = {{image.name: Field(image, cells, nuclei)}}"
    lines = (
        f"{EMBEDDED} = {{",
        "    name: Field(images[name], label_images[name], nuclei_images[name])",
        "    for name in images",
        "}",
    )
    return "\n".join(lines)


def differ(values: Iterable[Any]) -> bool:
    """Whether values are not all the same."""
    first, *others = [*values] or [None]
    return any(other != first for other in others)


def _read_keywords(one: RecipeField) -> dict[str, Any]:
    """Keywords of `read_image`."""
    scene = one.source.files.scene
    return {**({} if scene is None else {"scene": scene}), **changed(one.source.reading)}


def segment_keywords(recipe: Recipe, one: RecipeField) -> dict[str, Any]:
    """Keywords of `segment_cells` for one field."""
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
    paths = given_paths(source)
    return paths[0] if len(paths) == 1 else paths


def given_paths(source: FieldSource) -> list[str]:
    """The files from which its image is found again."""
    return list(dict.fromkeys(str(file.path) for file in source.files.files))


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def require_fields(recipe: Recipe) -> None:
    """Refuse a recipe of nothing."""
    if not recipe.fields:
        raise InputError("There is nothing to copy; embed some cells first")
