"""Joined tables in a session: with undo, in hidden rows too, and with their cells ever after."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from napari_c3r.core.joined import plan_join
from napari_c3r.core.joined.kept import joined_tables
from napari_c3r.session import Cause, Cells, EmbeddingResult, Part, Session
from tests.session.test_undo_history import SIDE, made_of, squares


def made(*cells, seed=0):
    """A result whose cells lie where they are in the image."""
    table = made_of(*cells, seed=seed)
    for each in cells:
        for label in np.unique(each.labels)[1:]:
            centre = np.argwhere(each.labels == label).mean(axis=0)
            here = (table.obs["image"] == each.image_name) & (table.obs["label"] == label)
            table.obs.loc[here, ["y_px", "x_px"]] = centre
    return table


def shown(session, *cells, seed=0):
    ids = {each.image_name: each.id for each in cells}
    roles = session.roles.assignment
    result = EmbeddingResult(made(*cells, seed=seed), ids, roles, "", 0, True)
    session.set_result(result, cells)


@pytest.fixture
def session():
    session = Session()
    session.set_image(Image.from_array(np.zeros((2, SIDE, SIDE)), ("DNA", "RNA"), name="a"))
    return session


def cells(image="a", **squared):
    return Cells(squares(**squared), 4, image, "")


def values(session):
    obs = session.result.current.table.obs
    return dict(zip(obs["label"], obs["value"], strict=True)) if "value" in obs else None


def joined(session, labels=(1, 4, 7)):
    frame = pd.DataFrame({"image": "a", "label": labels, "value": np.array(labels) * 10.0})
    return plan_join(session.result.current.all_rows, frame, name="mine.csv")


def test_a_joined_table_is_a_step_to_undo(session):
    shown(session, cells())
    told = []
    session.result.changed.connect(told.append)
    session.joined.join(joined(session))
    np.testing.assert_equal(values(session), {1: 10.0, 4: 40.0, 7: 70.0, 10: np.nan})
    assert [change.part for change in told] == [Part.ANNOTATION]
    assert session.history.undo_sentence == "add the columns of mine.csv"
    session.history.undo()
    assert values(session) is None
    assert joined_tables(session.result.current.table) == []
    session.history.redo()
    session.joined.join(joined(session, (1,)))
    np.testing.assert_equal(values(session), {1: 10.0, 4: np.nan, 7: np.nan, 10: np.nan})
    session.history.undo()
    assert values(session)[4] == 40
    session.joined.remove("mine.csv")
    assert session.joined.matches == {}
    session.history.undo()
    assert values(session)[4] == 40


def test_hidden_rows_have_it_too(session):
    shown(session, cells())
    session.result.hide(CellFilter(border=True))
    session.joined.join(joined(session))
    assert list(values(session)) == [4, 7, 10]
    session.result.hide(None)
    assert values(session)[1] == 10


def test_it_follows_its_cells_and_not_their_labels(session):
    same = cells()
    shown(session, same)
    session.joined.join(joined(session))
    shown(session, same, seed=1)
    assert values(session)[7] == 70
    # Segmented anew: other labels, a little aside, and one cell far away.
    other = squares(shift=1, first=2)
    other[other == 5] = 0
    other[2:12, 14:20] = 5
    shown(session, Cells(other, 4, "a", ""), seed=2)
    np.testing.assert_equal(values(session), {2: 10.0, 5: np.nan, 8: 70.0, 11: np.nan})
    assert session.result.current.table.uns["napari_c3r"]["joined_tables"]["0"]["matched"] == 2
    # Cells that were not embedded for a while have their values again.
    shown(session, cells("b"), seed=3)
    assert np.isnan(list(values(session).values())).all()
    shown(session, same, cells("b"), seed=4)
    assert session.result.current.table.obs["value"].notna().sum() == 3


def test_a_result_that_was_saved_brings_its_tables(session):
    shown(session, cells())
    session.joined.join(joined(session))
    saved = session.result.current
    again = Session()
    again.set_image(session.fields.image)
    known = cells()
    result = replace(saved, cells_ids={"a": known.id})
    again.set_result(result, [known], Cause.RESTORED)
    assert again.joined.matches["mine.csv"].matched == 3
    shown(again, known, seed=5)
    assert values(again)[4] == 40


def test_what_was_matched_to_other_cells_is_refused(session):
    shown(session, cells())
    old = joined(session)
    shown(session, cells("b"))
    with pytest.raises(InputError, match="match it again"):
        session.joined.join(old)
    assert values(session) is None


def test_where_its_file_is_outlives_the_session(session, tmp_path):
    shown(session, cells())
    session.joined.join(joined(session), tmp_path / "mine.csv")
    kept = session.keeping.keep()["joined_tables"]
    assert session.joined.paths == {"mine.csv": tmp_path / "mine.csv"}
    other = Session()
    other.set_image(session.fields.image)
    held = session.result.current
    other.set_result(held, session.labels.by_image.values(), Cause.RESTORED)
    assert other.joined.paths == {}
    other.joined.restore(kept)
    assert other.joined.paths == session.joined.paths
    with pytest.raises(InputError, match="7 is no file"):
        other.joined.restore(replace(kept, facts={"mine.csv": 7}))
    session.history.undo()
    assert session.joined.paths == {}
    session.history.redo()
    assert session.joined.paths == {"mine.csv": tmp_path / "mine.csv"}
