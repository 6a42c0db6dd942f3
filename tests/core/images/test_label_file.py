from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import read_labels


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
def test_labels_come_back_as_they_were(tmp_path, dtype):
    labels = np.arange(30, dtype=dtype).reshape(5, 6)
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    read = read_labels(tmp_path / "labels.tif")
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, labels)


def test_real_labels_are_read(data_dir):
    path = data_dir / "fields" / "bbbc022_20585" / "labels" / "plate1_A14_site1_Ch1.tiff"
    cells = read_labels(path, "cell-labels")
    nuclei = read_labels(path, "nuclei-labels")
    assert cells.shape == nuclei.shape == (520, 696)
    assert cells.max() == nuclei.max() == 79
    assert (cells > 0).sum() > (nuclei > 0).sum()
    with pytest.raises(InputError, match=r"4 label images and none was named.*nuclei-labels"):
        read_labels(path)


@pytest.mark.parametrize(
    ("name", "pixels", "said"),
    [
        ("stack.tif", np.zeros((12, 5, 6), np.uint8), "12 time points or slices"),
        ("fractions.tif", np.zeros((5, 6), np.float32), "float32"),
        ("missing.tif", None, "does not exist"),
    ],
)
def test_what_is_no_label_image_is_one_line(tmp_path, name, pixels, said):
    if pixels is not None:
        tifffile.imwrite(tmp_path / name, pixels)
    with pytest.raises(InputError, match=said):
        read_labels(tmp_path / name)
