"""Hints vanish when what they tell is done, one after the other, and for good."""

from __future__ import annotations

import pytest

from napari_c3r.widgets.common.hints import Hint, HintLine, UnderstoodHints

HINTS = [Hint("a", "Do a"), Hint("b", "Do b"), Hint("c", "Do c")]


def line(qtbot, path):
    made = HintLine(HINTS, UnderstoodHints(path))
    qtbot.addWidget(made)
    return made


def test_one_hint_after_the_other_and_none_twice(qtbot, tmp_path):
    path = tmp_path / "hints.json"
    made = line(qtbot, path)
    assert made.shown == HINTS[0]
    # Done out of turn, it is not shown when its turn comes.
    made.understand("b")
    assert made.words.text() == "Do a"
    made.close_button.click()
    assert made.words.text() == "Do c"
    again = line(qtbot, path)
    assert again.words.text() == "Do c"
    again.understand("c")
    assert again.isHidden()
    assert line(qtbot, path).isHidden()


@pytest.mark.parametrize("text", [None, "", "{}", "[1, null]", "["])
def test_a_spoilt_file_shows_hints_once_more(qtbot, tmp_path, text):
    path = tmp_path / "hints.json"
    if text is not None:
        path.write_text(text)
    assert line(qtbot, path).shown == HINTS[0]
    nowhere = line(qtbot, tmp_path / "gone" / "hints.json")
    nowhere.understand("a")
    assert nowhere.shown == HINTS[1]
