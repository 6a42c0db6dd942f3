"""The tab "Tracks": cells followed over time by clicks and keys."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_c3r.core.images.image import Image, at_time
from napari_c3r.core.table import make_result
from napari_c3r.session import EmbeddingResult, session_of
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.explorer.tracks.tab import TrackTabs
from tests.core.explain.spy import ROLES

pytestmark = pytest.mark.gl
FRAMES, CELLS = 4, 5


def movie():
    """Five cells at four times, which walk to the right; labels are new at every time."""
    rng = np.random.default_rng(0)
    rows = [
        (at_time("movie", t), label, t, cell, 20.0 * cell, 10.0 + 8 * t)
        for t in range(FRAMES)
        for label, cell in enumerate(rng.permutation(CELLS) + 1, start=1)
    ]
    obs = pd.DataFrame(rows, columns=["image", "label", "t", "cell", "y_px", "x_px"])
    for axis in "yx":
        obs[f"bbox_{axis}0_px"] = obs[f"{axis}_px"] - 4
        obs[f"bbox_{axis}1_px"] = obs[f"{axis}_px"] + 5
    vectors = rng.normal(size=(len(obs), 3)).astype(np.float32)
    made = make_result(obs, vectors, [("RNA", "cls")] * 3, {"roles": {}, "map": {"seed": 0}})
    made.obs["cluster"] = pd.Categorical(["0"] * len(made))
    made.obsm["X_umap"] = obs[["x_px", "y_px"]].to_numpy(np.float32)
    return made


def test_a_cell_is_followed_from_time_to_time(viewer, user):
    session, explorer = session_of(viewer), C3RExplorer(viewer)
    tab = explorer.tabs.group(TrackTabs).tracks
    assert tab.status.text().startswith("No cells yet")
    made = movie()
    blank = Image.from_array(np.zeros((4, 130, 60), np.uint8), list(ROLES.names), name="movie")
    session.set_image(blank)
    viewer.add_image(np.asarray(blank.data[0]), name="DNA", scale=(0.5, 0.5))
    session.set_result(EmbeddingResult(made, {}, ROLES, "bundled", 1.0, True))
    explorer.resize(1100, 380)
    explorer.show()
    explorer.panel.tabs.setCurrentWidget(tab)

    def idle():
        QApplication.processEvents()
        user.until(lambda: not (explorer.tabs.busy or explorer.montage.busy))
        user.rest(explorer)

    idle()
    assert tab.status.text() == "20 cells at 4 times, not tracked yet."
    assert not tab.whole_button.isEnabled()
    obs = made.obs
    points = np.column_stack([obs["cell"], obs["t"], obs["y_px"] + 1, obs["x_px"]])
    # In micrometres, as the image is.
    points[:, 2:] *= 0.5
    viewer.add_tracks(points[np.lexsort((points[:, 1], points[:, 0]))], name="walk")
    user.choose(tab.source, "walk")
    user.click(tab.use_button)
    idle()
    assert tab.status.text() == "5 tracks over 4 times."
    table = session.result.current.table
    assert (table.obs["track_id"] == table.obs["cell"]).all()

    way = np.flatnonzero(table.obs["cell"] == 3)
    session.selection.set_current(int(way[1]))
    idle()
    overlay = explorer.scatter.canvas.overlay
    (drawn,) = overlay._paths
    assert len(drawn) == FRAMES
    assert (np.diff(drawn[:, 0]) > 0).all()
    user.click(tab.later_button)
    assert session.selection.current == way[2]
    QTest.keyClick(overlay, Qt.Key.Key_Period)
    assert session.selection.current == way[3]
    assert not tab.later_button.isEnabled()
    QTest.keyClick(overlay, Qt.Key.Key_Comma)
    assert session.selection.current == way[2]

    user.click(tab.whole_button)
    assert np.flatnonzero(session.selection.mask).tolist() == way.tolist()
    user.click(tab.paths_button)
    assert not overlay._paths
    session.history.undo()
    session.history.undo()
    idle()
    assert "track_id" not in session.result.current.table.obs
    assert tab.status.text() == "20 cells at 4 times, not tracked yet."
    explorer.close()
