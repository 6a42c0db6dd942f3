from __future__ import annotations

import numpy as np
import pandas as pd

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import Image
from napari_c3r.core.reduce import cluster
from napari_c3r.core.table import KEY, make_result
from napari_c3r.session import Cells, EmbeddingResult, Session
from napari_c3r.widgets.common import wording
from napari_c3r.widgets.common.step import Mark
from napari_c3r.widgets.explorer.panel import selection_line
from napari_c3r.widgets.main import status


def image(name="field", names=("DNA", "RNA"), size=0.5):
    return Image.from_array(np.zeros((len(names), 20, 30)), names, size, name=name)


def embedded(session):
    obs = pd.DataFrame({"image": "field", "label": [1, 7], "y_px": 0.0, "x_px": 0.0})
    table = make_result(obs, np.eye(2, dtype=np.float32), [("RNA", "cls")] * 2, {})
    return EmbeddingResult(
        table,
        {"field": session.labels.current.id},
        session.roles.assignment,
        session.encoder,
        1.5,
        finished=True,
    )


def test_an_empty_session_says_what_comes_first():
    session = Session()
    assert status.image_status(session).mark is Mark.NEXT
    assert status.cells_status(session).disabled_reason == "Open an image first"
    assert status.embed_status(session).disabled_reason == "Open an image first"
    assert status.map_status(session).disabled_reason == "Embed the cells first (step 4)"
    assert selection_line(session) == "No cells embedded yet"


def test_each_step_is_done_in_turn():
    session = Session()
    session.set_image(image())
    assert status.image_status(session).line == "field\n2 channels · 30 × 20 px · 0.5 µm/px"
    assert status.channels_status(session).line == "1 context · 1 concept"
    assert status.embed_status(session).disabled_reason == "Find the cells first (step 3)"
    session.labels.set_current(Cells(np.ones((20, 30), int), 1, "field", "from DNA"))
    assert status.cells_status(session).line == "1 cell · from DNA"
    assert status.embed_status(session).mark is Mark.NEXT
    session.set_result(embedded(session))
    assert status.embed_status(session).line == "2 × 2 · bundled · 1.5\u00a0s"
    assert status.map_status(session).mark is Mark.NEXT
    table = session.result.current.table.copy()
    table.obsm["X_umap"] = np.zeros((2, 2), np.float32)
    table.uns[KEY]["map"] = {"seed": 3}
    session.result.set_mapped(cluster(table))
    assert status.map_status(session).line == "1 cluster · seed 3"
    session.selection.select(np.array([False, True]))
    assert selection_line(session) == "1 of 2 cells selected (cluster 0)"


def test_unknown_pixel_size_and_no_role_are_said():
    session = Session()
    session.set_image(image(size=None))
    assert "pixel size unknown" in status.image_status(session).line
    session.roles.set_assignment(ChannelAssignment({"DNA": "context", "RNA": "ignore"}))
    assert status.channels_status(session).disabled_reason == "Tag at least one concept channel"


def test_what_is_out_of_date_says_why():
    session = Session()
    session.set_image(image())
    session.labels.set_current(Cells(np.ones((20, 30), int), 1, "field", "from DNA"))
    session.set_result(embedded(session))
    assert session.result_outdated() is None
    session.labels.note_edits()
    assert str(session.result_outdated()) == "out of date: the labels were edited"
    session.labels.set_current(Cells(np.ones((20, 30), int), 1, "field", "again"))
    assert str(session.result_outdated()) == "out of date: the cells changed"
    session.set_image(image("other"))
    assert str(session.result_outdated()) == "out of date: made on 'field'"
    assert str(session.cells_outdated()) == "out of date: made on 'field'"
    assert "another image" in status.embed_status(session).disabled_reason


def test_roles_are_remembered_for_the_same_channels():
    session = Session()
    session.set_image(image())
    chosen = ChannelAssignment({"DNA": "concept", "RNA": "context"})
    session.roles.set_assignment(chosen)
    session.set_image(image("x", ("GFP", "DAPI")))
    session.set_image(image("y", ("RNA", "DNA")))
    assert session.roles.assignment.to_dict() == {"RNA": "context", "DNA": "concept"}


def test_rows_are_found_by_label_however_sparse():
    session = Session()
    session.set_image(image())
    session.labels.set_current(Cells(np.ones((20, 30), int), 1, "field", ""))
    session.set_result(embedded(session))
    assert session.result.row_of(7) == 1
    assert session.result.row_of(2) is None


def test_cells_at_the_border_hidden_cells_and_edits_are_told():
    from napari_c3r.core.cells.filters import CellFilter
    from napari_c3r.core.embed.edits import Edits

    session = Session()
    session.set_image(image())
    session.labels.set_current(Cells(np.ones((20, 30), int), 3, "field", "from DNA", at_border=2))
    assert status.cells_status(session).line == "3 cells, 2 at the border · from DNA"
    session.set_filter(CellFilter(border=True))
    session.labels.note_edits(Edits(frozenset({1})))
    assert status.cells_status(session).line == (
        "3 cells, 2 at the border · from DNA\n1 edited by hand since\nhiding cells at the border"
    )


def test_times_are_short():
    words = [wording.duration(seconds) for seconds in (0.2, 59, 61, 120, 3700, 7200)]
    assert words == ["1 s", "59 s", "1 min 1 s", "2 min", "1 h 1 min", "2 h"]


def test_estimates_are_no_finer_than_they_can_be():
    seconds = (0.2, 7.4, 11, 58, 89, 1558, 3580, 3700)
    words = [wording.roughly(each) for each in seconds]
    assert words == ["1 s", "7 s", "10 s", "1 min", "1 min", "26 min", "1 h", "1 h"]
