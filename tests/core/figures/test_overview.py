from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.image import imread

from napari_c3r.core.figures.overview import draw_result
from napari_c3r.core.images import Image
from napari_c3r.core.table import make_result


def test_a_result_is_drawn_and_a_constant_channel_is_no_obstacle(tmp_path):
    labels = np.zeros((40, 40), int)
    labels[:10, :10], labels[20:, 20:] = 3, 900
    obs = pd.DataFrame({"image": "i", "label": [3, 900], "y_px": 0.0, "x_px": 0.0})
    obs["cluster"] = pd.Categorical(["0", "noise"], ["0", "noise"])
    result = make_result(obs, np.eye(2, dtype=np.float32), [("RNA", "cls")] * 2, {})
    result.obsm["X_umap"] = np.array([[0, 0], [1, 1]], np.float32)
    image = Image.from_array(np.ones((2, 40, 40)), ["DNA", "RNA"])
    path = draw_result(image, labels, result, tmp_path / "cells.png")
    assert imread(path).shape[1] > 1000
