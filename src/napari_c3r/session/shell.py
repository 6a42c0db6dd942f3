"""What was done in the docks as a shell command that does it again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import FieldSource, ImageFiles, ReadOptions, find_images
from napari_c3r.core.images.times import count_times
from napari_c3r.core.options import changed, shell_words
from napari_c3r.core.segment import SegmentOptions
from napari_c3r.core.spelling import spell_names
from napari_c3r.session.script import (
    Recipe,
    RecipeField,
    differ,
    given_paths,
    require_fields,
    segment_keywords,
)


def shell_command(recipe: Recipe) -> str:
    """Write the command that makes the same table.

    Raises
    ------
    InputError
        There is no field, or the command has no words for what was done: labels drawn in
        several fields, k-means, control cells, batches, or gates, names and joined tables.
    """
    require_fields(recipe)
    for part in (*recipe.joined, *recipe.clusters, *recipe.afterwards):
        raise InputError(f"The command knows no {part.what}; copy as Python")
    if recipe.by_hand:
        raise InputError("The command knows no clusters by hand; copy as Python")
    first = recipe.fields[0]
    drawn = [one for one in recipe.fields if one.labels is not None]
    if drawn and len(recipe.fields) > 1:
        raise InputError(
            "The command takes labels for one field only; copy as Python, or embed field by field"
        )
    readings = _over_time([one.source for one in recipe.fields])
    if differ(changed(each) for each in readings):
        raise InputError("The command reads all fields in one way; copy as Python")
    if differ(segment_keywords(recipe, one) for one in recipe.fields if one.labels is None):
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
    paths = [path for one in recipe.fields for path in given_paths(one.source)]
    scenes = [one.source.files.scene for one in recipe.fields if one.source.reading.scene is None]
    if len(recipe.fields) > 1 and any(scene is not None for scene in scenes):
        there = find_images(paths, pattern=first.source.reading.pattern or None)
        if len(there) != len(recipe.fields):
            raise InputError("The command reads every scene of a file; copy as Python")
    words = ["napari-c3r", "embed", *dict.fromkeys(paths), "--out", recipe.out]
    reading = readings[0]
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


def _over_time(sources: Sequence[FieldSource]) -> list[ReadOptions]:
    """How fields are read, those that are all the times of their files as such."""
    at: dict[ImageFiles, set[int]] = {}
    for each in sources:
        at.setdefault(each.files, set()).add(each.reading.t)
    whole = {
        files: len(times) > 1 and times == set(range(count_times(files, sources[0].reading.swap)))
        for files, times in at.items()
    }
    return [
        replace(each.reading, t=0, times="all") if whole[each.files] else each.reading
        for each in sources
    ]


def _segment_words(recipe: Recipe, one: RecipeField) -> list[str]:
    # Without the option the command chooses a channel; the nucleus' own says that there is none.
    chosen = (one.segmenting or SegmentOptions()).for_roles(recipe.assignment)
    return shell_words(replace(chosen, cell=chosen.cell or chosen.nucleus))
