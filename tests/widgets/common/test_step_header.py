"""What a folded step says is broken between two things rather than cut within one."""

from __future__ import annotations

import pytest

from napari_c3r.widgets.common.step import Mark, StepHeader, StepStatus

THINGS = ["329 cells, 39 at the border", "from Channel2 and a set distance"]


@pytest.mark.parametrize(("wide", "lines"), [(1200, 1), (300, 2), (150, 2)])
def test_each_thing_keeps_its_words_while_there_is_room(qtbot, wide, lines):
    header = StepHeader(3, "Cells")
    qtbot.addWidget(header)
    header.show_status(StepStatus(Mark.DONE, " · ".join(THINGS)))
    header.resize(wide, 60)
    header.show()
    shown = header._line.text().split("\n")
    assert len(shown) == lines
    assert (" · ".join(shown) == " · ".join(THINGS)) == (wide > 150)
    assert all(header.fontMetrics().horizontalAdvance(line) <= wide for line in shown)
    assert header.line == " · ".join(THINGS)
