"""Where the map is shown, it says what it is no evidence of, and colours tell of artefacts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from qtpy.QtWidgets import QLabel

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import Image
from napari_c3r.core.table import KEY, make_result
from napari_c3r.session import Cells, EmbeddingResult, session_of
from napari_c3r.widgets.common.docks import Dock, open_dock
from napari_c3r.widgets.explorer.dock import C3RExplorer

pytestmark = pytest.mark.gl

WELLS, SIDE = ("A01", "B02", "C03"), 40


@pytest.fixture
def explorer(viewer, qtbot):
    """The explorer of a table of two plates, three wells and two fields, without any click."""
    rng = np.random.default_rng(0)
    count = 36
    obs = pd.DataFrame(
        {
            "image": np.where(np.arange(count) % 2, "f1", "f2"),
            "label": np.arange(count) + 1,
            "y_px": 5.0,
            "x_px": 5.0,
            "area_px": rng.integers(50, 500, count),
            "intensity_mean_RNA": rng.random(count),
            "plate": np.where(np.arange(count) < 18, "p1", "p2"),
            "well": np.array(WELLS)[np.arange(count) % 3],
        }
    )
    vectors = rng.normal(size=(count, 6)).astype(np.float32)
    roles = ChannelAssignment({"DNA": "context", "RNA": "concept"})
    table = make_result(obs, vectors, [("RNA", "cls")] * 6, {"roles": roles.to_dict()})
    table.uns[KEY]["map"] = {"seed": 0}
    table.obsm["X_umap"] = rng.normal(size=(count, 2)).astype(np.float32)
    table.obs["cluster"] = pd.Categorical(["0"] * count)
    image = Image.from_array(np.zeros((2, SIDE, SIDE), np.uint8), ["DNA", "RNA"], name="f1")
    session = session_of(viewer)
    session.set_image(image)
    cells = Cells(np.zeros((SIDE, SIDE), np.int32), 18, "f1", "")
    session.labels.set_current(cells)
    session.set_result(
        EmbeddingResult(table, {"f1": cells.id}, roles, "", 0.0, True, {"f1": image})
    )
    open_dock(viewer, Dock.EXPLORER)
    shown = C3RExplorer(viewer)
    qtbot.waitExposed(shown)
    yield shown
    shown.release()


def test_the_map_says_that_distances_are_no_evidence_and_where_to_ask(explorer, viewer, user):
    said = [label for label in explorer.findChildren(QLabel) if "not evidence" in label.text()]
    assert [label.text() for label in said] == ["Distances on this map are not evidence."]
    user.until(said[0].isVisible)
    user.click(explorer.doubt_button)
    docks = viewer.window.dock_widgets
    (dock,) = (docks[name] for name in docks if name.startswith("C3R Diagnostics"))
    assert dock.__wrapped__.isVisible()
    dock.__wrapped__.release()


@pytest.mark.parametrize(
    ("title", "column"), [("Plate", "plate"), ("Well", "well"), ("Image", "image")]
)
def test_the_map_is_coloured_by_where_cells_come_from(explorer, viewer, user, title, column):
    user.choose(explorer.colouring.box, title)
    obs = session_of(viewer).result.current.table.obs
    legend = explorer.scatter.legend.categories
    assert [legend.item(i).text() for i in range(legend.count())] == sorted(obs[column].unique())
    colours = explorer.model.shown_colouring().colours()
    for value in obs[column].unique():
        here = (obs[column] == value).to_numpy()
        assert len(np.unique(colours[here], axis=0)) == 1
        assert not (colours[~here] == colours[here][0]).all(axis=1).any()


@pytest.mark.parametrize("title", ["Area (px)", "RNA intensity"])
def test_the_map_is_coloured_by_size_and_intensity(explorer, user, title):
    user.choose(explorer.colouring.box, title)
    assert explorer.scatter.legend.bar.isVisible()
