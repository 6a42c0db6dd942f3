"""The look of the table: which columns, in which order, undone and kept."""

from __future__ import annotations

import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.session.history import History
from napari_c3r.session.kept import NOTHING, Kept
from napari_c3r.session.table_view import TableLook, TableView


@pytest.fixture
def view():
    return TableView(History())


def test_columns_are_hidden_added_and_pinned_in_the_order_of_pinning():
    look = TableLook(pinned=("well", "c", "gone"), shown={"a": False, "bbox": True})
    columns, pinned = look.columns(["a", "b", "c", "well"], ["a", "bbox", "b", "c", "well"])
    assert columns == ["well", "c", "b", "bbox"]
    assert pinned == 2


def test_every_choice_but_the_filter_is_a_step(view):
    history = view._history
    view.show(["a", "b"], False)
    view.pin("a", True)
    view.sort((("a", True), ("b", False)))
    view.set_filter("a > 1")
    assert view.look == TableLook(
        "a > 1", (("a", True), ("b", False)), ("a",), {"a": True, "b": False}
    )
    assert history.undo_sentence == "sort rows by a, b"
    history.undo()
    history.undo()
    assert view.look == TableLook("a > 1", shown={"a": False, "b": False})
    history.redo()
    assert view.look.pinned == ("a",)
    view.show_usual()
    assert view.look == TableLook("a > 1")
    history.undo()
    assert view.look.pinned == ("a",)


def test_it_is_kept(view):
    assert view.keep() is None
    view.pin("well", True)
    view.sort((("area_px", False),))
    view.set_filter("well = A01")
    other = TableView(History())
    other.restore(view.keep())
    assert other.look == view.look
    other.restore(NOTHING)
    assert other.look == TableLook()


@pytest.mark.parametrize(
    "facts",
    [
        {"filter": 3},
        {"sorting": [["a"]]},
        {"sorting": [["a", "up"]]},
        {"pinned": "well"},
        {"pinned": [1]},
        {"shown": ["a"]},
        {"shown": {"a": "no"}},
    ],
)
def test_what_is_of_another_kind_is_refused(view, facts):
    with pytest.raises(InputError, match="again"):
        view.restore(Kept(facts))
