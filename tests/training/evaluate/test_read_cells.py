from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError
from training.evaluate.cells import read_cells

ROLES = ChannelAssignment({"A": "context", "B": "concept"})


def write(folder, index, *, crops=None, columns=("index_in_file", "kind")):
    crops = np.arange(4)[:, None, None, None] + np.zeros((4, 2, 5, 5)) if crops is None else crops
    tifffile.imwrite(folder / "x.tif", crops.astype(np.uint8), photometric="minisblack")
    table = pd.DataFrame({"index_in_file": index, "kind": [f"k{i}" for i in index]})
    table[list(columns)].to_csv(folder / "x.csv", index=False)
    return folder / "x.tif"


def test_rows_follow_the_index_even_with_gaps(tmp_path):
    # Cells 1, 2 and 5 were kept apart: the file holds 0, 3, 4 and 6, in this order.
    cells = read_cells(write(tmp_path, [3, 6, 0, 4]), ROLES, ("kind",))
    assert cells.table["kind"].tolist() == ["k0", "k3", "k4", "k6"]
    assert cells.crops[:, 0, 0, 0].tolist() == [0, 1, 2, 3]
    some = cells.take(np.array([3, 1]))
    assert some.table["kind"].tolist() == ["k6", "k3"]
    assert some.crops[:, 0, 0, 0].tolist() == [3, 1]
    assert some.table.index.tolist() == [0, 1]


def test_what_does_not_fit_is_told(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_cells(tmp_path / "none.tif", ROLES, ())
    path = write(tmp_path, [0, 1, 2, 3])
    with pytest.raises(InputError, match="lacks the column 'plate'"):
        read_cells(path, ROLES, ("plate",))
    with pytest.raises(InputError, match=r"3 rows but 'x\.tif' holds 4 crops"):
        read_cells(write(tmp_path, [0, 1, 2]), ROLES, ())
    with pytest.raises(InputError, match="3 different"):
        read_cells(write(tmp_path, [0, 1, 2, 2]), ROLES, ())
    path = write(tmp_path, [0, 1, 2, 3], crops=np.zeros((4, 3, 5, 5)))
    with pytest.raises(InputError, match=r"shape \(4, 3, 5, 5\)"):
        read_cells(path, ROLES, ())
