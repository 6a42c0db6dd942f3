"""From a lasso on the map to the coloured image: 10⁵ cells in 4096² pixels."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication

from benchmarks._row import Row, seconds
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import Image
from napari_c3r.core.table import KEY, make_result
from napari_c3r.session import Cells, EmbeddingResult, Session, session_of
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.viewer.linking import ImageLink, link_of

_SIDE, _PITCH = 4096, 13
_MAX_SECONDS = 0.1


def rows() -> list[Row]:
    """Seconds from the selection to the two layers that show it, and to other colours."""
    application = QApplication.instance() or QApplication([])
    viewer = ViewerModel()
    session, link = _world(viewer)
    count = len(session.selection.mask)
    masks = iter(np.random.default_rng(0).random((60, count)) < 0.3)
    columns = iter(["area_px", "cluster"] * 20)
    (taken,) = seconds(9, lambda: session.selection.select(next(masks)))
    (recoloured,) = seconds(9, lambda: link.colour_by(next(columns)))
    explorer = C3RExplorer(viewer)
    explorer.resize(1300, 420)
    explorer.show()
    _idle(application, explorer)
    (with_explorer,) = seconds(9, lambda: explorer.model.select(next(masks)))
    _idle(application, explorer)
    explorer.release()
    explorer.close()
    cells = f"{count:,} cells, 4096² px"
    return [
        _row(f"lasso to coloured image, {cells}", taken),
        _row("the same with the explorer's map, table and panel open", with_explorer),
        _row("cells of the image coloured by another column", recoloured),
    ]


def _world(viewer: ViewerModel) -> tuple[Session, ImageLink]:
    y, x = np.indices((_SIDE, _SIDE))
    count = _SIDE // _PITCH
    grid = np.minimum(y // _PITCH, count - 1) * count + np.minimum(x // _PITCH, count - 1)
    labels = np.where((y % _PITCH > 0) & (x % _PITCH > 0), grid + 1, 0).astype(np.int32)
    n_cells = int(labels.max())
    session, link = session_of(viewer), link_of(viewer)
    viewer.add_image(np.zeros((_SIDE, _SIDE), np.uint8), name="DNA")
    session.set_image(Image.from_array(viewer.layers["DNA"].data, ["DNA"], name="field"))
    cells = Cells(labels, n_cells, "field", "")
    session.labels.set_current(cells)
    session.set_result(
        EmbeddingResult(
            _table(n_cells),
            {"field": cells.id},
            ChannelAssignment({"DNA": "both"}),
            "",
            0.0,
            finished=True,
        )
    )
    return session, link


def _idle(application: QApplication, explorer: C3RExplorer) -> None:
    application.processEvents()
    while explorer.montage.busy:
        time.sleep(0.01)
        application.processEvents()


def _row(name: str, taken: float) -> Row:
    held = taken <= _MAX_SECONDS
    return Row(name, f"{taken * 1000:.0f} ms", f"{_MAX_SECONDS * 1000:.0f} ms at most", held)


def _table(n_cells: int):  # noqa: ANN202
    rng = np.random.default_rng(1)
    obs = pd.DataFrame(
        {"image": "field", "label": np.arange(n_cells) + 1, "y_px": 0.0, "x_px": 0.0}
    )
    obs["area_px"] = rng.random(n_cells)
    table = make_result(obs, np.zeros((n_cells, 1), np.float32), [("DNA", "cls")], {})
    table.obs["cluster"] = pd.Categorical((np.arange(n_cells) % 7).astype(str))
    table.obsm["X_umap"] = rng.normal(size=(n_cells, 2)).astype(np.float32)
    table.uns[KEY] = {"map": {"seed": 0}}
    return table


if __name__ == "__main__":
    for row in rows():
        print(row)
