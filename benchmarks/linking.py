"""From a lasso on the map to the coloured image: 10⁵ cells in 4096² pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from napari.components import ViewerModel

from benchmarks._row import Row, seconds
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import Image
from napari_c3r.core.table import KEY, make_result
from napari_c3r.session import Cells, Embedded, session_of
from napari_c3r.widgets.linking import link_of

_SIDE, _PITCH = 4096, 13
_MOST_SECONDS = 0.1


def rows() -> list[Row]:
    """Seconds from the selection to the two layers that show it."""
    y, x = np.indices((_SIDE, _SIDE))
    count = _SIDE // _PITCH
    grid = np.minimum(y // _PITCH, count - 1) * count + np.minimum(x // _PITCH, count - 1)
    labels = np.where((y % _PITCH > 0) & (x % _PITCH > 0), grid + 1, 0).astype(np.int32)
    n_cells = int(labels.max())
    viewer = ViewerModel()
    session, _ = session_of(viewer), link_of(viewer)
    viewer.add_image(np.zeros((_SIDE, _SIDE), np.uint8), name="DNA")
    session.set_image(Image.from_array(viewer.layers["DNA"].data, ["DNA"], name="field"))
    session.set_cells(Cells(labels, n_cells, "field", ""))
    session.set_embedded(
        Embedded(
            _table(n_cells),
            "field",
            session.cells,
            ChannelAssignment({"DNA": "both"}),
            "",
            0.0,
            finished=True,
        )
    )
    masks = iter(np.random.default_rng(0).random((40, n_cells)) < 0.3)
    (taken,) = seconds(9, lambda: session.select(next(masks)))
    return [
        Row(
            f"lasso to coloured image, {n_cells:,} cells, 4096² px",
            f"{taken * 1000:.0f} ms",
            f"{_MOST_SECONDS * 1000:.0f} ms at most",
            taken <= _MOST_SECONDS,
        )
    ]


def _table(n_cells: int):  # noqa: ANN202
    obs = pd.DataFrame(
        {"image": "field", "label": np.arange(n_cells) + 1, "y_px": 0.0, "x_px": 0.0}
    )
    table = make_result(obs, np.zeros((n_cells, 1), np.float32), [("DNA", "cls")], {})
    table.obs["cluster"] = pd.Categorical((np.arange(n_cells) % 7).astype(str))
    table.obsm["X_umap"] = np.zeros((n_cells, 2), np.float32)
    table.uns[KEY] = {"map": {"seed": 0}}
    return table


if __name__ == "__main__":
    for row in rows():
        print(row)
