"""What a session's result was made of and how, for a script that makes it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.montage_choice import Choice, moved_columns
from napari_c3r.core.reduce.batches import BATCH, METHOD
from napari_c3r.core.reduce.edits import BY_HAND
from napari_c3r.core.reduce.sample import FITTED, MAX_FITTED
from napari_c3r.core.segment import SegmentOptions
from napari_c3r.core.table import KEY
from napari_c3r.core.table.annotate import COLUMN as ANNOTATION
from napari_c3r.core.table.flat import SUGGESTED
from napari_c3r.session.file import labels_name, session_stamp
from napari_c3r.session.in_view import cells_in_view
from napari_c3r.session.labels import Cells
from napari_c3r.session.montage_view import MontageLook
from napari_c3r.session.plate_map_file import NAME
from napari_c3r.session.script import Hide, Recipe, RecipeField, RecipePlateMap
from napari_c3r.session.script_code import ScriptPart
from napari_c3r.session.script_parts import (
    cluster_part,
    gate_parts,
    gates_made_early,
    joined_parts,
    montage_lines,
    naming_parts,
)
from napari_c3r.session.script_shifts import shift_parts
from napari_c3r.session.script_tracks import track_parts
from napari_c3r.session.script_why import why_part
from napari_c3r.session.session import Session

if TYPE_CHECKING:
    from napari_c3r.core.images import FieldSource


@dataclass(eq=False)
class SavedFolder:
    """What a session folder on disk holds, to know what of it is still so.

    Attributes
    ----------
    folder
        The folder.
    fields
        Names of the images, in order.
    cells_ids
        Of the cells of each image, by its name.
    sources
        The images by their names, where the folder holds their pixels or knows their files.
    stamp
        Of the saving that this window knows.
    """

    folder: Path
    fields: list[str]
    cells_ids: dict[str, int]
    sources: dict[str, FieldSource] = field(default_factory=dict)
    stamp: int = 0

    def refusal(self, path: str | Path) -> str:
        """Why the session is not to be saved there; empty where it may be.

        Another window, or another person, may have saved theirs in the folder since.
        """
        if Path(path).resolve() != self.folder.resolve():
            return ""
        now = session_stamp(path)
        if not now or now == self.stamp:
            return ""
        return (
            f"'{path}' was saved by another window since it was opened or saved here; "
            "save under another name, so that neither is lost"
        )


def recipe_of(session: Session, saved: SavedFolder | None) -> Recipe:
    """What the result was made of and how.

    Parameters
    ----------
    session
        The session.
    saved
        Where it was saved last.

    Raises
    ------
    InputError
        It cannot be made again from files yet, and what to do about it.
    """
    result = session.result.current
    if result is None:
        raise InputError("There is nothing to copy yet; embed the cells first")
    if result.preview or not result.finished:
        raise InputError("The result holds a part of the cells; embed all of them first")
    names = list(dict.fromkeys(result.all_rows.obs["image"].astype(str)))
    facts = result.table.uns[KEY]
    hide = _hide(session)
    table = result.table if hide is Hide.BEFORE else result.all_rows
    clusters = cluster_part(session)
    by_hand = session.clusters.facts.get(BY_HAND, ()) if clusters is None else ()
    early = gates_made_early(session, table)
    shifts = shift_parts(session)
    why = why_part(session, several=len(names) > 1)
    return Recipe(
        [
            _field(session, saved, name, session.labels.embedded(result.cells_ids[name]))
            for name in names
        ],
        result.assignment,
        result.encoder_source,
        result.options,
        result.crop,
        filter=session.result.filter or CellFilter(),
        plate_map=_plate_map(session, saved),
        quality=session.result.quality,
        map=_map_keywords(facts.get("map")),
        cluster=_cluster_keywords(facts.get("cluster")),
        by_hand=tuple(map(str, by_hand)),
        hide=hide,
        joined=joined_parts(session),
        clusters=() if clusters is None else (clusters,),
        afterwards=(
            *(*track_parts(table), *shifts, *naming_parts(session, table)),
            *gate_parts(session, table, early),
        ),
        montage=_montage(session, len(names) > 1, moved=bool(shifts)),
        why=why,
        asks_again=bool(shifts) or (why is not None and len(names) > 1),
        unmade=() if shifts else moved_columns(result.table),
    )


def _hide(session: Session) -> Hide:
    """When cells have to be hidden so that map and suggestions are of the same cells."""
    result = session.result.current
    assert result is not None
    every = result.all_rows
    if result.unfiltered is None:
        return Hide.BEFORE
    if "X_umap" in every.obsm and np.isfinite(every.obsm["X_umap"]).all():
        return Hide.AFTER
    if "X_umap" in every.obsm and "X_umap" in result.table.obsm:
        mapped = int(np.isfinite(every.obsm["X_umap"]).all(axis=1).sum())
        if mapped != len(result.table):
            raise InputError(
                f"The map was made of {mapped:,} cells, while others were hidden than now: hide "
                "them as then, or make the map again"
            )
    return Hide.AROUND if SUGGESTED in result.table.obs else Hide.BEFORE


def _montage(session: Session, several: bool, *, moved: bool) -> ScriptPart | None:
    """What draws the montage, where a person chose how; `moved` where it is known who moved."""
    look = session.montage.look
    lacks_cell = look.which == Choice.ALIKE and session.selection.current is None
    lacks_moves = look.which == Choice.MOVED and not moved
    if look == MontageLook() or lacks_moves or lacks_cell:
        return None
    if not cells_in_view(session).any():
        return None
    variables = ("images", "label_images") if several else ("image", "cells")
    lines, imports = montage_lines(session, *variables)
    return ScriptPart("montage", tuple(lines), tuple(imports))


def _plate_map(session: Session, saved: SavedFolder | None) -> RecipePlateMap | None:
    known = session.plate_maps.current
    if known is None:
        return None
    path = known.path
    if saved is not None and (path is None or not path.exists()):
        path = saved.folder / NAME
    if path is None:
        raise InputError("The plate map is in no file; save the session first, which writes it")
    return RecipePlateMap(path, known.design, known.design == known.guess)


def _field(session: Session, saved: SavedFolder | None, name: str, cells: Cells) -> RecipeField:
    source = next((s for s in session.fields.sources if s.name == name), None)
    if source is None and saved is not None:
        source = saved.sources.get(name)
    if source is None:
        raise InputError(
            f"The image '{name}' has no files; save the session first, which writes them"
        )
    if cells.found_by is not None:
        return RecipeField(source, SegmentOptions.from_keywords(cells.found_by))
    if saved is None or saved.cells_ids.get(name) != cells.id:
        raise InputError(
            "The cells were drawn or come from a layer; save the session first, "
            "which writes them for the script"
        )
    number = saved.fields.index(name)
    nuclei = saved.folder / labels_name(number, "nuclei")
    labels = saved.folder / labels_name(number)
    return RecipeField(source, None, labels, nuclei if cells.nuclei is not None else None)


def _map_keywords(facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    known = ("seed", "n_neighbors", "min_dist")
    keywords = {name: facts[name] for name in known if name in facts}
    return keywords | _seen_keywords(facts) | _fitted_keyword(facts)


def _fitted_keyword(facts: Mapping[str, Any]) -> dict[str, Any]:
    fitted = facts.get(FITTED, MAX_FITTED)
    return {} if fitted == MAX_FITTED else {"max_fitted": fitted}


def _seen_keywords(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Controls that the cells are seen against, and batches that were brought together."""
    together = {name: facts[name] for name in (BATCH, METHOD) if name in facts}
    if "controls" not in facts:
        return together
    column, value = facts["controls"]
    if column == ANNOTATION:
        raise InputError(
            f"The map is seen against cells that were named '{value}' by hand, which a script "
            "does not know; choose controls by their well"
        )
    return {"controls": (column, value), **together}


def _cluster_keywords(facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    for method, keyword in (("kmeans", "n_clusters"), ("leiden", "resolution")):
        if keyword in facts:
            known = {"method": method, keyword: facts[keyword], "seed": facts["seed"]}
            return known | _seen_keywords(facts) | _fitted_keyword(facts)
    return {
        "method": "hdbscan",
        "min_cluster_size": facts["min_cluster_size"],
        "seed": facts["seed"],
        **_fitted_keyword(facts),
    }
