"""From a lasso on the map to the coloured image: 10⁵ cells in 4096² pixels."""

from __future__ import annotations

import time

import numpy as np
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication

from benchmarks._row import Row, seconds
from benchmarks._scene import embedded_cells
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.viewer.linking import link_of

_SIDE, _TOY_SIDE = 4096, 128
_MAX_SECONDS = 0.1


def rows(*, toy: bool = False) -> list[Row]:
    """Seconds from the selection to the two layers that show it, and to other colours."""
    application = QApplication.instance() or QApplication([])
    viewer = ViewerModel()
    side = _TOY_SIDE if toy else _SIDE
    session, link = embedded_cells(viewer, side), link_of(viewer)
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
    cells = f"{count:,} cells, {side}² px"
    return [
        _row(f"lasso to coloured image, {cells}", taken),
        _row("the same with the explorer's map, table and panel open", with_explorer),
        _row("cells of the image coloured by another column", recoloured),
    ]


def _idle(application: QApplication, explorer: C3RExplorer) -> None:
    application.processEvents()
    while explorer.montage.busy:
        time.sleep(0.01)
        application.processEvents()


def _row(name: str, taken: float) -> Row:
    held = taken <= _MAX_SECONDS
    return Row(name, f"{taken * 1000:.0f} ms", f"{_MAX_SECONDS * 1000:.0f} ms at most", held)
