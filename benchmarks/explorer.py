"""The explorer with 10⁶ cells of 10³ fields whose images stay in their files until looked at."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import tifffile
from napari.components import ViewerModel
from qtpy.QtCore import QPointF
from qtpy.QtWidgets import QApplication

from benchmarks._explorer_steps import Steps
from benchmarks._row import Row, seconds
from benchmarks._scene import grid_of_cells, wavy_lasso
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import FieldSource, find_images
from napari_c3r.core.images.sources import FieldImages
from napari_c3r.core.table import KEY, make_result
from napari_c3r.session import Cells, EmbeddingResult, Session, session_of
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.viewer.linking import link_of

if TYPE_CHECKING:
    from anndata import AnnData

FIELDS, EACH, SIDE = 1_000, 1_000, 512
_TOY_FIELDS, _TOY_EACH = 5, 40
_DIMENSIONS = 16
_GROUPS = 24
_QUICK_S, _OPEN_S, _MONTAGE_S = 0.1, 3.0, 3.0


def write_fields(folder: Path, count: int) -> FieldImages:
    """Fields of one channel as files."""
    plane = np.random.default_rng(0).integers(100, 4000, (SIDE, SIDE), np.uint16)
    for number in range(count):
        tifffile.imwrite(folder / f"field{number:04d}.tif", np.roll(plane, number, 0))
    return FieldImages(FieldSource(files) for files in find_images(folder))


def table_of(images: FieldImages, each: int) -> AnnData:
    """Cells of all fields, in groups on a map, with a column as a plate map gives it."""
    rng = np.random.default_rng(0)
    count = len(images) * each
    names, fields = np.repeat(list(images), each), range(len(images))
    obs = pd.DataFrame(
        {
            "image": names,
            "label": np.tile(np.arange(each) + 1, len(images)),
            "y_px": rng.uniform(0, SIDE, count),
            "x_px": rng.uniform(0, SIDE, count),
            "area_px": rng.uniform(50, 150, count),
            "well": np.repeat([f"{'ABCDEFGH'[n % 8]}{n % 12 + 1:02d}" for n in fields], each),
        }
    )
    vectors = rng.normal(size=(count, _DIMENSIONS)).astype(np.float32)
    table = make_result(obs, vectors, [("DNA", "cls")] * _DIMENSIONS, {})
    groups = rng.integers(0, _GROUPS, count)
    table.obs["cluster"] = pd.Categorical.from_codes(groups, [str(n) for n in range(_GROUPS)])
    table.obsm["X_umap"] = rng.normal(size=(count, 2)).astype(np.float32)
    table.uns[KEY] = {"map": {"seed": 0}}
    return table


def session_with(viewer: ViewerModel, images: FieldImages, each: int) -> Session:
    """A session whose first field is shown; no other image has been opened."""
    table, first = table_of(images, each), next(iter(images))
    image = images[first]
    viewer.add_image(np.asarray(image.data[0]), name=image.channel_names[0])
    session = session_of(viewer)
    session.set_image(image)
    cells = Cells(grid_of_cells(SIDE), each, first, "")
    session.labels.set_current(cells)
    session.set_result(
        EmbeddingResult(
            table,
            {first: cells.id},
            ChannelAssignment({image.channel_names[0]: "both"}),
            encoder="",
            seconds=0.0,
            finished=True,
            images=images,
        )
    )
    return session


def rows(*, toy: bool = False) -> list[Row]:
    """Seconds to open the explorer, select, colour, name, and see cells of a selection."""
    application = QApplication.instance() or QApplication([])
    fields, each = (_TOY_FIELDS, _TOY_EACH) if toy else (FIELDS, EACH)
    with tempfile.TemporaryDirectory() as folder:
        images = write_fields(Path(folder), fields)
        viewer = ViewerModel()
        session = session_with(viewer, images, each)
        began = time.perf_counter()
        explorer = C3RExplorer(viewer)
        explorer.resize(1300, 700)
        explorer.show()
        application.processEvents()
        opened = time.perf_counter() - began
        idle(application, explorer)
        # Nothing but the first field's image and those of the cells first shown.
        before = len(images.opened)
        corners = [
            QPointF(*corner)
            for corner in explorer.scatter.canvas.camera.to_screen(wavy_lasso(radius=0.6))
        ]
        overlay, link = explorer.scatter.canvas.overlay, link_of(viewer)

        def lasso() -> None:
            explorer.model.clear()
            overlay.lassoed.emit(corners, "replace")

        (selected,) = seconds(3, lasso)
        began = time.perf_counter()
        idle(application, explorer)
        pictured = time.perf_counter() - began
        columns = iter(["well", "cluster"] * 10)
        (recoloured,) = seconds(3, lambda: recolour(explorer, next(columns)))
        names = iter("abcdefgh")
        (named,) = seconds(2, lambda: session.result.annotate(session.selection.mask, next(names)))
        wells = iter(["A01", "B02", "C03", "D04"])
        (filtered,) = seconds(3, lambda: filter_rows(explorer, next(wells)))
        fit = int(explorer.panel.table.model().rowCount())
        chosen = int(session.selection.mask.sum())
        read = len(images.opened) - before
        idle(application, explorer)
        many = f"{fields * each:,} cells"
        steps = Steps(explorer, lambda: idle(application, explorer), 1 if toy else 3).rows(many)
        explorer.release()
        explorer.close()
        assert link is link_of(viewer)
    cells = f"{fields * each:,} cells of {fields:,} fields"
    return [
        _row(f"explorer opened, {cells}", opened, _OPEN_S),
        _row(
            f"its lasso cleared and drawn anew, {chosen:,} cells selected everywhere",
            selected,
            2 * _QUICK_S,
        ),
        _row("its points and cells coloured by another column", recoloured, _QUICK_S),
        _row(f"its table filtered by two comparisons, {fit:,} rows fit", filtered, _QUICK_S),
        _row(f"its selection named, {chosen:,} cells", named, 1.0),
        _row(f"montage of that selection, {read} images opened for it", pictured, _MONTAGE_S),
        *steps,
    ]


def recolour(explorer: C3RExplorer, column: str) -> None:
    """What choosing a column in the list does."""
    explorer.colour_by(column)


def filter_rows(explorer: C3RExplorer, well: str) -> None:
    """What a pause in writing a filter does."""
    line = explorer.panel.table_page.filter
    line.setText(f"area_px > 100 and well = {well}")
    line.paused.emit()


def idle(application: QApplication, explorer: C3RExplorer) -> None:
    """Wait until all that was asked for is drawn."""
    application.processEvents()
    while explorer.montage.busy:
        time.sleep(0.01)
        application.processEvents()


def _row(name: str, taken: float, most: float) -> Row:
    return Row(name, f"{taken * 1e3:.0f} ms", f"{most * 1e3:.0f} ms at most", taken <= most)
