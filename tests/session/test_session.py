"""Several fields, previews, filters and edits: never a wrong row, nothing lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.embed.edits import Edits
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import FieldSource, Image, ImageFiles, ReadOptions
from napari_c3r.core.table import make_result
from napari_c3r.session import (
    Cause,
    Cells,
    Change,
    EmbeddingResult,
    Outdated,
    Part,
    Session,
    ids_by_image,
)


def image(name, channels=("DNA", "RNA")):
    return Image.from_array(np.zeros((len(channels), 8, 9)), channels, 0.5, name=name)


def cells(name):
    return Cells(np.ones((8, 9), int), 1, name, "drawn")


def result(names, count=3):
    frames = [
        pd.DataFrame(
            {
                "image": name,
                "label": np.arange(1, count + 1) * 10,
                "y_px": 0.0,
                "x_px": 0.0,
                "area_px": 5.0,
                "touches_border": [True, *[False] * (count - 1)],
            }
        )
        for name in names
    ]
    obs = pd.concat(frames, ignore_index=True)
    vectors = np.arange(2 * len(obs), dtype=np.float32).reshape(-1, 2)
    return make_result(obs, vectors, [("RNA", "cls")] * 2, {"notes": []})


@pytest.fixture
def session():
    """Fields a and b, both embedded, a on show."""
    made = Session()
    sources = [FieldSource(ImageFiles(name, ()), ReadOptions({"w1": "DNA"})) for name in ("a", "b")]
    made.set_fields(sources, 0, image("a"), {"w1": "DNA", "w2": "RNA"})
    made.labels.put(cells("b"))
    made.labels.set_current(cells("a"))
    table = result(["a", "b"])
    ids = ids_by_image(made.labels.by_image.values())
    made.set_result(EmbeddingResult(table, ids, made.roles.assignment, made.encoder, 1.0, True))
    return made


def test_turning_to_another_field_keeps_roles_result_and_selection(session):
    roles, table = session.roles.assignment, session.result.current.table
    session.selection.select(np.array([True, False, False, True, False, False]))
    heard = []
    session.changed.connect(heard.append)
    session.show_field(1, image("b"))
    assert [change.part for change in heard] == [
        Part.IMAGE,
        Part.CELLS,
        Part.SELECTION,
        Part.CURRENT,
    ]
    assert {change.cause for change in heard} == {Cause.FIELD_SHOWN}
    assert session.labels.current is session.labels.by_image["b"]
    assert (session.roles.assignment, session.result.current.table) == (roles, table)
    assert session.embedded_cells() is session.labels.current
    assert session.result.row_of(10) == 3
    assert session.selection.mask.sum() == 2
    assert session.result_outdated() is None
    session.show_field(0, image("a"))
    assert session.result.row_of(10) == 0


def test_a_field_that_is_not_in_the_result_shows_none_of_it(session):
    session.fields.sources = (*session.fields.sources, FieldSource(ImageFiles("c", ())))
    session.show_field(2, image("c"))
    assert session.labels.current is None
    assert session.result.row_of(10) is None
    assert not np.asarray(session.embedded_cells().labels).any()
    assert session.result_outdated().kind is Outdated.FIELD_MISSING
    assert str(session.result_outdated()) == "this field is not in it yet"


def test_a_field_with_other_channels_is_refused_and_nothing_changes(session):
    with pytest.raises(InputError, match="open it by itself"):
        session.show_field(1, image("b", ("DNA", "ER")))
    assert session.fields.image.name == "a"
    assert session.fields.index == 0


def test_a_new_name_holds_for_every_field_and_is_remembered(session):
    session.rename_channel("DNA", "Hoechst")
    assert [f.reading.names for f in session.fields.sources] == [{"w1": "Hoechst"}] * 2
    assert session.roles.history.names_for(["w1", "w2"]) == {"w1": "Hoechst", "w2": "RNA"}


def test_hidden_cells_come_back_and_the_selection_stays_with_its_cells(session):
    unfiltered = session.result.current.table
    session.selection.select(np.array([True, True, False, False, False, True]))
    session.set_filter(CellFilter(border=True))
    shown = session.result.current.table
    assert shown.obs["label"].tolist() == [20, 30, 20, 30]
    assert session.selection.mask.tolist() == [True, False, False, True]
    assert session.result.row_of(10) is None
    assert session.result.row_of(20) == 0
    assert session.result.current.hidden_count == 2
    session.set_filter(CellFilter())
    assert session.result.current.table is unfiltered
    assert session.result.current.hidden_count == 0


def test_a_column_is_kept_by_the_names_of_rows_for_hidden_cells_too(session):
    changes = []
    session.changed.connect(changes.append)
    session.set_filter(CellFilter(border=True))
    changes.clear()
    session.result.add_column(
        pd.Series({"b:30": 3.0, "a:10": 1.0, "no such cell": 9.0}, name="shift")
    )
    assert changes == [Change(Part.ANNOTATION, columns=frozenset({"shift"}))]
    shown = session.result.current.table.obs["shift"]
    np.testing.assert_array_equal(shown, [np.nan, np.nan, np.nan, 3.0])
    session.set_filter(CellFilter())
    whole = session.result.current.table.obs["shift"]
    np.testing.assert_array_equal(whole, [1.0, *[np.nan] * 4, 3.0])
    with pytest.raises(InputError, match="embed them first"):
        Session().result.add_column(shown)


def test_a_map_of_the_shown_cells_is_kept_while_they_are_hidden_and_not(session):
    session.set_filter(CellFilter(border=True))
    mapped = session.result.current.table.copy()
    mapped.obsm["X_umap"] = np.ones((4, 2), np.float32)
    session.result.set_mapped(mapped)
    assert session.result.has_map
    session.set_filter(CellFilter())
    assert not session.result.has_map
    session.set_filter(CellFilter(border=True))
    assert session.result.has_map


def test_a_preview_is_left_for_the_result_before_it(session):
    whole = session.result.current
    for _ in range(2):
        sample = EmbeddingResult(
            result(["a"], 2),
            {"a": session.labels.current.id},
            session.roles.assignment,
            "e",
            1,
            True,
            preview=True,
        )
        session.set_result(sample)
    assert session.result.previous is whole
    session.discard_preview()
    assert session.result.current.table is whole.table
    assert session.result.previous is None


@pytest.mark.parametrize("spoiled", ["roles", "encoder", "cells", "nothing"])
def test_edited_cells_are_updated_alone_only_if_all_else_is_as_it_was(session, spoiled):
    session.labels.note_edits(Edits(frozenset({10}), frozenset({20})))
    assert str(session.result_outdated()) == "out of date: 2 cells edited by hand"
    assert session.can_update
    if spoiled == "roles":
        session.roles.set_assignment(session.roles.assignment.flipped())
    elif spoiled == "encoder":
        session.encoder = "another"
    elif spoiled == "cells":
        session.labels.set_current(cells("a"))
    assert session.can_update is (spoiled == "nothing")
    session.labels.note_edits(Edits())
    assert not session.labels.edited


def test_a_change_says_why_it_happened(session):
    heard = []
    session.changed.connect(heard.append)
    session.set_filter(CellFilter(border=True))
    assert {change.cause for change in heard} == {Cause.FILTER}
    assert not any(change.is_work for change in heard)
    heard.clear()
    session.roles.set_assignment(session.roles.assignment.flipped())
    assert heard == [Change(Part.ROLES, Cause.USER)]
    assert heard[0].is_work
    heard.clear()
    session.fields.adopt(session.fields.sources, 1)
    assert heard == [Change(Part.IMAGE, Cause.FIELDS_FOUND)]


def test_replaced_cells_are_kept_for_the_result_that_was_made_of_them(session):
    embedded = session.labels.current
    session.labels.set_current(cells("a"))
    assert session.result_outdated().kind is Outdated.CELLS
    assert session.embedded_cells() is embedded
    assert session.labels.by_image["a"] is session.labels.current
    ids = ids_by_image(session.labels.by_image.values())
    again = EmbeddingResult(result(["a", "b"]), ids, session.roles.assignment, "bundled", 1, True)
    session.set_result(again)
    assert session.result_outdated() is None
    assert session.embedded_cells() is session.labels.current
    with pytest.raises(KeyError):
        session.labels.embedded(embedded.id)


def test_a_preview_keeps_the_cells_of_the_result_it_took_the_place_of(session):
    embedded = session.labels.current
    session.labels.set_current(cells("a"))
    ids = {"a": session.labels.current.id}
    roles = session.roles.assignment
    preview = EmbeddingResult(result(["a"], 2), ids, roles, "bundled", 1, True, preview=True)
    session.set_result(preview)
    assert session.embedded_cells() is session.labels.current
    session.discard_preview()
    assert session.embedded_cells() is embedded


def test_cells_stay_with_the_image_that_is_opened_again(session):
    current = session.labels.current
    session.set_image(image("other"))
    assert session.cells_outdated().kind is Outdated.IMAGE
    assert not session.labels.by_image
    session.set_image(image("a"))
    assert session.cells_outdated() is None
    assert session.labels.by_image == {"a": current}


def test_no_two_cells_have_the_same_id():
    one = cells("a")
    assert len({one.id, replace(one, origin="edited").id, cells("a").id}) == 3


def test_cells_and_a_result_of_other_planes_of_the_same_files_are_out_of_date(session):
    projected = replace(image("a"), read_as="read_image(scene=0, t=0, z='max')", n_slices=5)
    session.set_image(projected)
    session.labels.set_current(replace(cells("a"), read_as=projected.read_as))
    roles, ids = session.roles.assignment, {"a": session.labels.current.id}
    made = EmbeddingResult(result(["a"]), ids, roles, session.encoder, 1, True, {"a": projected})
    session.set_result(made)
    assert session.cells_outdated() is session.result_outdated() is None
    session.set_image(replace(projected, read_as="read_image(scene=0, t=0, z=2)"))
    assert session.cells_outdated().kind is session.result_outdated().kind is Outdated.READING
    assert "its files are read with another slice" in str(session.cells_outdated())
    session.set_image(projected)
    assert session.cells_outdated() is session.result_outdated() is None


def test_a_filter_of_the_table_goes_with_the_fields_it_was_of(session):
    seen = []
    session.table_view.changed.connect(seen.append)
    session.table_view.set_filter("area_px > 3")
    session.table_view.pin("area_px", True)
    session.set_image(image("a"))
    assert session.table_view.look.filter == "area_px > 3"
    del seen[:]
    session.set_image(image("other"))
    assert session.table_view.look.filter == ""
    assert session.table_view.look.pinned == ("area_px",)
    assert len(seen) == 1
