"""Flags of a session's result: moved, undone, and what is hidden for them follows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.cells.quality import QualityOptions, options_of
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.table.result import make_result
from napari_c3r.session import Cause, Cells, EmbeddingResult, Session

ROLES = ChannelAssignment({"DNA": "both"})


def result():
    count = 40
    sizes = np.linspace(90, 110, count)
    sizes[0] = 10
    obs = pd.DataFrame({"image": "f", "label": np.arange(1, count + 1), "area_px": sizes})
    obs[["y_px", "x_px"]] = 1.0
    obs["touches_border"] = obs["label"] == 2
    table = make_result(obs, np.ones((count, 2), np.float32), [("DNA", "cls")] * 2, {})
    cells = Cells(np.ones((4, 4), int), count, "f", "drawn")
    return EmbeddingResult(table, {"f": cells.id}, ROLES, "e", 1.0, True), [cells]


@pytest.fixture
def session():
    made = Session()
    made.set_result(*result())
    return made


def flags(session):
    return session.result.current.all_rows.obs["qc_flags"].astype(str).tolist()


def test_every_result_is_flagged(session):
    assert flags(session)[:3] == ["debris", "clipped", "clean"]
    assert session.result.scores()["debris"].iloc[0] > 4


def test_what_is_hidden_follows_the_thresholds_and_both_are_undone(session):
    session.set_filter(CellFilter(flagged=True))
    assert session.result.current.hidden_count == 2
    session.set_quality(QualityOptions(clipped=None))
    assert session.result.current.hidden_count == 1
    assert options_of(session.result.current.table) == QualityOptions(clipped=None)
    session.history.undo()
    assert session.result.current.hidden_count == 2
    assert flags(session)[1] == "clipped"
    session.history.undo()
    assert session.result.current.hidden_count == 0
    session.history.redo()
    session.history.redo()
    assert session.result.current.hidden_count == 1


def test_a_later_result_is_flagged_at_the_same_thresholds_and_a_restored_one_at_its_own(session):
    session.set_quality(QualityOptions(clipped=None))
    session.set_result(*result())
    assert flags(session)[1] == "clean"
    kept = Session()
    kept.set_result(session.result.current, [], Cause.RESTORED)
    assert kept.result.quality == QualityOptions(clipped=None)
