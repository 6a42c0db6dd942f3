"""Step 5 writes the report of an experiment, and says what it lacks."""

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.gates import Filter
from napari_c3r.session import Cells, EmbeddingResult, session_of
from napari_c3r.widgets.main.step_ids import StepId
from tests.core.experiment.conftest import plate_of_cells

pytestmark = pytest.mark.gl


def shown(viewer, table):
    """Make a table the result of the session."""
    roles = ChannelAssignment({"DNA": "context", "protein": "concept"})
    made = []
    for name, rows in table.obs.groupby("image", sort=False):
        labels = np.zeros((4, 4), np.int32)
        labels.flat[: len(rows)] = rows["label"]
        made.append(Cells(labels, len(rows), str(name), "drawn"))
    ids = {each.image_name: each.id for each in made}
    result = EmbeddingResult(table, ids, roles, "toy", 0.0, True)
    session_of(viewer).set_result(result, made)


def test_the_report_of_an_experiment(viewer, dock, user, tmp_path):
    assert not dock.map.report_button.isEnabled()
    table = plate_of_cells(2, cells=4)
    shown(viewer, table)
    dock.steps[StepId.MAP].set_open(True)
    assert dock.map.report_button.isEnabled()
    user.answer(tmp_path / "report.html")
    user.click(dock.map.report_button)
    user.wait_idle(dock)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "works: from the dose" in page
    assert "<svg" in page

    bare = table.copy()
    bare.obs = bare.obs.drop(columns=["compound", "dose (µM)"])
    bare.X = np.asarray(table.X)
    shown(viewer, bare)
    dock.controller.persistence.report(str(tmp_path / "nothing.html"))
    user.wait_idle(dock)
    assert "A plate map in step 1 does" in dock.steps[StepId.MAP].reason.text()
    assert not (tmp_path / "nothing.html").exists()

    # Without wells to compare, it has what was done by hand.
    session_of(viewer).gates.add("late <cells>", Filter("label > 2"))
    user.answer(tmp_path / "gates.html")
    user.click(dock.map.report_button)
    user.wait_idle(dock)
    page = (tmp_path / "gates.html").read_text("utf-8")
    assert dock.steps[StepId.MAP].reason.text() == ""
    assert "late &lt;cells&gt;" in page
    assert f"{2 * len(bare) // 4:,}" in page
