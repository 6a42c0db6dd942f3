from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image as Picture
from skimage.measure import label as connected

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import read_labels


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
def test_labels_come_back_as_they_were(tmp_path, dtype):
    labels = np.arange(30, dtype=dtype).reshape(5, 6)
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    read = read_labels(tmp_path / "labels.tif")
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, labels)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint64])
def test_whole_numbers_of_other_types_are_read_as_integers(tmp_path, dtype):
    labels = np.arange(30).reshape(5, 6)
    tifffile.imwrite(tmp_path / "labels.tif", labels.astype(dtype))
    read = read_labels(tmp_path / "labels.tif")
    assert read.dtype.kind == "i"
    np.testing.assert_array_equal(read, labels)


@pytest.mark.parametrize("name", ["mask.tif", "mask.png"])
@pytest.mark.parametrize("kind", [bool, np.uint8])
def test_a_mask_is_numbered_where_asked(tmp_path, name, kind):
    mask = np.zeros((5, 9), bool)
    mask[1:3, 1:3] = mask[3, 6] = mask[4, 7] = True
    stored = mask if kind is bool else (255 * mask).astype(kind)
    if name.endswith("png"):
        Picture.fromarray(stored).save(tmp_path / name)
    else:
        tifffile.imwrite(tmp_path / name, stored)
    found = read_labels(tmp_path / name, number_cells=True)
    np.testing.assert_array_equal(found, connected(mask))


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
        ("stack.tif", np.zeros((12, 5, 6), np.uint8), "12 Z slices; choose one with z"),
        (
            "fractions.tif",
            np.full((5, 6), 0.5, np.float32),
            "labels of 'fractions.tif' are of type",
        ),
        ("mask.tif", np.ones((5, 6), bool), "mask of true and false.*--number-cells"),
        ("far.tif", np.full((5, 6), 2**63, np.uint64), "beyond 9223372036854775807"),
        ("below.tif", np.full((5, 6), -1, np.int16), "contain -1"),
        ("missing.tif", None, "does not exist"),
        (f"{'x' * 300}.tif", None, "cannot be used .File name too long"),
    ],
)
def test_what_is_no_label_image_is_one_line(tmp_path, name, pixels, said):
    if pixels is not None:
        tifffile.imwrite(tmp_path / name, pixels)
    with pytest.raises(InputError, match=said):
        read_labels(tmp_path / name)


def test_one_of_several_scenes_is_chosen_and_never_by_itself(tmp_path):
    path = tmp_path / "labels.ome.tif"
    labels = np.arange(40, dtype=np.uint16).reshape(2, 4, 5)
    with tifffile.TiffWriter(path, ome=True) as writer:
        for name, plane in zip("ab", labels, strict=True):
            writer.write(plane, metadata={"axes": "YX", "Name": name})
    np.testing.assert_array_equal(read_labels(path, scene=1), labels[1])
    with pytest.raises(InputError, match=r"holds 2 scenes .*choose scene 0 \(a\), 1 \(b\)"):
        read_labels(path)
    with pytest.raises(InputError, match="no scene 2"):
        read_labels(path, scene=2)
