"""Parts of a session that say themselves what they keep: each alone, none able to spoil another."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import FieldSource, Image, ImageFiles
from napari_c3r.session import Cause, Part, Session
from napari_c3r.session.file import SavedSession, read_session, write_session
from napari_c3r.session.kept import NOTHING, Keeping, Kept
from tests.session.test_undo_history import SIDE, Cells, selected, shown, squares


def saved(kept):
    source = FieldSource(ImageFiles("a", ()))
    return SavedSession([source], 0, ChannelAssignment({"DNA": "context"}), parts=kept)


def through_a_file(kept, path):
    image = Image.from_array(np.zeros((1, 8, 8)), ("DNA",), name="a")
    write_session(path / "my.c3r", saved(kept), {"a": image})
    return dict(read_session(path / "my.c3r").parts)


class Counter:
    """A part of a few numbers."""

    def __init__(self):
        self.values = np.arange(3)

    def keep(self):
        return Kept({"unit": "µm"}, {"values": self.values.copy()})

    def restore(self, kept):
        if kept is NOTHING:
            self.values = np.zeros(0, int)
        elif kept.facts["unit"] != "µm":
            raise InputError(f"its unit is '{kept.facts['unit']}', which is not known")
        else:
            self.values = kept.arrays["values"]


def test_a_part_is_one_entry_and_comes_back_to_the_bit(tmp_path):
    part, keeping = Counter(), Keeping()
    keeping.add("counter", part.keep, part.restore)
    keeping.add("empty", lambda: None, lambda kept: None)
    kept = keeping.keep()
    assert set(kept) == {"counter"}
    part.values = np.array([7])
    assert keeping.restore(through_a_file(kept, tmp_path)) == []
    np.testing.assert_array_equal(part.values, [0, 1, 2])
    assert part.values.dtype == np.arange(3).dtype
    # Saved before there was such a part.
    keeping.restore({})
    assert part.values.size == 0


def test_a_part_that_cannot_be_used_is_said_and_the_others_come_back():
    part, other, keeping = Counter(), Counter(), Keeping()
    keeping.add("first_part", part.keep, part.restore)
    keeping.add("other", other.keep, other.restore)
    kept = {**keeping.keep(), "first_part": Kept({"unit": "mile"})}
    other.values = None
    (line,) = keeping.restore(kept)
    assert line == "The first part of this session: its unit is 'mile', which is not known"
    np.testing.assert_array_equal(other.values, [0, 1, 2])


def test_what_nobody_takes_waits_and_is_saved_again(tmp_path):
    part, keeping = Counter(), Keeping()
    keeping.restore(
        through_a_file({"later": Kept({"unit": "µm"}, {"values": np.eye(2)})}, tmp_path)
    )
    assert keeping.keep()["later"].facts == {"unit": "µm"}
    keeping.add("later", part.keep, part.restore)
    np.testing.assert_array_equal(part.values, np.eye(2))
    # The dock of the part is closed and opened again.
    keeping.remove("later")
    again = Counter()
    keeping.add("later", again.keep, again.restore)
    np.testing.assert_array_equal(again.values, np.eye(2))
    keeping.remove("later")
    keeping.forget()
    assert keeping.keep() == {}


@pytest.mark.parametrize("name", ["../out", "Big", "", "counter"])
def test_a_name_is_a_name_of_a_file_and_of_one_part(name):
    keeping = Keeping()
    keeping.add("counter", lambda: None, lambda kept: None)
    with pytest.raises(ValueError, match="cannot name a part"):
        keeping.add(name, lambda: None, lambda kept: None)


def test_objects_are_not_written(tmp_path):
    with pytest.raises(TypeError, match="'x' of 'odd' holds objects"):
        through_a_file({"odd": Kept({}, {"x": np.array(["a", None], object)})}, tmp_path)


def test_a_damaged_file_of_a_part_is_said_and_spoils_no_other(tmp_path):
    part, keeping = Counter(), Keeping()
    keeping.add("counter", part.keep, part.restore)
    through_a_file({**keeping.keep(), "big": Kept({}, {"x": np.zeros(3)})}, tmp_path)
    part.values = None
    for name in ("big", "counter"):
        file = tmp_path / "my.c3r" / "parts" / f"{name}.npz"
        file.write_bytes(file.read_bytes()[:-40])
        parts = read_session(tmp_path / "my.c3r").parts
        lines = keeping.restore(parts)
        assert lines[0].startswith(f"The {name} of this session: '{name}.npz' is damaged (")
        assert lines[0].endswith("), so they are left out")
        # What cannot be read is not saved again as if it were whole.
        assert "big" not in keeping.keep()
        if name == "big":
            np.testing.assert_array_equal(part.values, [0, 1, 2])
    assert part.values.size == 0
    assert len(lines) == 2


@pytest.mark.parametrize("parts", [3, {"odd": 3}, {"../odd": {}}])
def test_damaged_parts_are_one_line(tmp_path, parts):
    through_a_file({"big": Kept({}, {"x": np.zeros(3)})}, tmp_path)
    folder = tmp_path / "my.c3r"
    content = json.loads((folder / "session.json").read_text("utf-8"))
    (folder / "session.json").write_text(json.dumps({**content, "parts": parts}), "utf-8")
    with pytest.raises(InputError, match=r"is damaged|cannot be opened") as refused:
        read_session(folder)
    assert str(refused.value).isprintable()


@pytest.fixture
def session():
    made = Session()
    made.set_image(Image.from_array(np.zeros((2, SIDE, SIDE)), ("DNA", "RNA"), 0.5, name="a"))
    made.labels.set_current(Cells(squares(), 4, "a", "drawn"))
    shown(made, made.labels.current)
    return made


def test_selection_current_cell_and_colours_come_back(session, tmp_path):
    session.selection.select(np.array([True, False, True, False]))
    session.set_filter(CellFilter(border=True))
    session.selection.set_current(1)
    session.view.set_colour_by("area_px")
    kept = through_a_file(session.keeping.keep(), tmp_path)
    session.set_filter(CellFilter())
    session.selection.select(np.ones(4, bool))
    session.view.set_colour_by("image")
    heard = []
    session.changed.connect(heard.append)
    assert session.keeping.restore(kept) == []
    # The first cell was selected, but hidden when the session was saved.
    assert selected(session) == {("a", 7)}
    assert session.result.current.table.obs_names[session.selection.current] == "a:7"
    assert session.view.colour_by == "area_px"
    assert {change.part for change in heard} == {Part.VIEW, Part.SELECTION, Part.CURRENT}
    assert {change.cause for change in heard} == {Cause.RESTORED}


def test_a_session_of_old_selects_nothing_and_colours_by_cluster(session):
    session.view.set_colour_by("area_px")
    session.selection.reset(np.zeros(4, bool))
    assert session.keeping.restore({}) == []
    assert session.view.colour_by == "cluster"
    assert not session.selection.mask.any()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("view", Kept({"colour_by": 3})),
        ("selection", Kept({}, {"selected": np.ones(5, bool)})),
        ("selection", Kept({}, {"selected": np.ones(4)})),
        ("selection", Kept({}, {"other": np.ones(4, bool)})),
    ],
)
def test_what_was_kept_of_other_cells_selects_nothing(session, name, kept):
    (line,) = session.keeping.restore({name: kept})
    assert line.startswith(f"The {name} of this session: it ")
    assert not session.selection.mask.any()


def test_what_colours_is_a_step_to_undo(session):
    session.view.set_colour_by("area_px")
    assert session.history.undo_sentence == "colour by Area (px)"
    session.history.undo()
    assert session.view.colour_by == "cluster"
    session.history.redo()
    assert session.view.colour_by == "area_px"
    session.view.set_colour_by("image", Cause.FOLLOWED)
    assert session.history.undo_sentence == "colour by Area (px)"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"found": 3}, "they are 3, which is no answer"),
        ({"found": {"format": 9}}, "they have format 9 and this version reads 1"),
    ],
)
def test_diagnostics_that_cannot_be_read_are_one_line(session, facts, said):
    (line,) = session.keeping.restore({"diagnostics": Kept(facts)})
    assert line.startswith(f"The diagnostics of this session: {said}")
    assert session.diagnoses.current is None
    assert "diagnostics" not in session.keeping.keep()
