"""Docks that are opened and closed again and again leave nothing behind."""

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.widgets.common.docks import Dock
from tools.cycles import WARM, growth, left_behind, open_and_close

pytestmark = pytest.mark.gl


@pytest.fixture
def viewer(make_napari_viewer, monkeypatch, tmp_path):
    from napari_c3r.widgets.common import settings

    monkeypatch.setattr(settings, "memory_path", lambda: tmp_path / "channels.json")
    made = make_napari_viewer(show=True)
    made.add_image(np.zeros((64, 64)))
    return made


@pytest.mark.parametrize("which", Dock)
def test_twenty_rounds_leave_as_much_as_the_first_few(viewer, which):
    for _ in range(WARM):
        open_and_close(viewer, which)
    before = left_behind(viewer)
    assert before["widgets"] > 50
    for _ in range(20 - WARM):
        open_and_close(viewer, which)
    assert left_behind(viewer) == before


@pytest.mark.parametrize(
    ("memory", "a_round"),
    [
        ([7.0], 0),
        ([0, 4, 8, 12, 16], 4),
        # A buffer of the screen came in one round and stayed.
        ([0, 0, 0, 0, 0, 3000, 3000, 3000, 3000, 3000, 3000, 3000, 3000, 3000, 3000], 0),
    ],
)
def test_growth_of_memory_is_told_from_single_jumps(memory, a_round):
    assert growth(memory) == pytest.approx(a_round)
