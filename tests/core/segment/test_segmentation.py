"""Cells grown from nuclei: their correspondence, real cells, and one line for mistakes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage as ndi

from napari_c3r.core.errors import InputError, MissingPackageError
from napari_c3r.core.images import Image, read_image, read_labels
from napari_c3r.core.segment import f1_at_iou, find_method, method_names, segment_cells
from napari_c3r.core.simulate import sample_field


@pytest.fixture(scope="module")
def sample():
    return sample_field("cell-painting")


@pytest.fixture(scope="module")
def found(sample):
    return segment_cells(sample.image, "DNA", "RNA")


def test_a_cell_and_its_nucleus_have_the_same_label(found):
    nuclei, cells = found
    assert nuclei.dtype == cells.dtype == np.int32
    labels = np.unique(nuclei)
    np.testing.assert_array_equal(labels, np.unique(cells))
    np.testing.assert_array_equal(labels, np.arange(len(labels)))
    np.testing.assert_array_equal(cells[nuclei > 0], nuclei[nuclei > 0])


def test_every_cell_is_one_piece_without_holes(found):
    _, cells = found
    for label, box in enumerate(ndi.find_objects(cells), 1):
        mine = cells[box] == label
        assert ndi.label(mine, np.ones((3, 3)))[1] == 1


def test_simulated_cells_are_found(sample, found):
    nuclei, cells = found
    assert f1_at_iou(sample.nuclei, nuclei) >= 0.85
    # The sample has cells with several lobed nuclei, which are taken for neighbours.
    assert f1_at_iou(sample.cells, cells) >= 0.75


def test_real_cells_agree_with_another_tool_s(data_dir):
    folder = data_dir / "fields" / "bbbc022_20585"
    image = read_image(folder / "plate1_A14_site1_Ch1.tiff")
    _, cells = segment_cells(image, "H33342", "SYTO14")
    other = read_labels(folder / "labels" / "plate1_A14_site1_Ch1.tiff", "cell-labels")
    assert f1_at_iou(other, cells) >= 0.9


def test_real_cells_at_high_magnification_are_found(data_dir):
    """2048² pixels of 0.08 µm with masks of nuclei."""
    folder = data_dir / "fields" / "hpa_fucci_B1"
    names = ["B_1--Stage01__nuclei.png", "B_1--Stage01__cyclinb1.png"]
    image = read_image([folder / name for name in names])
    nuclei, cells = segment_cells(image, "nuclei")
    truth = read_labels(folder / "B_1--Stage01__nuclei_border_mask_label.png")
    assert abs(nuclei.max() - len(np.unique(truth)) + 1) <= 0.3 * len(np.unique(truth))
    assert (cells > 0).sum() > 1.5 * (nuclei > 0).sum()


def test_dim_cells_keep_their_size_beside_bright_ones():
    y, x = np.indices((200, 300))
    pixels = np.full((2, 200, 300), 100.0)
    for cx, bright in ((75, 2000), (215, 150)):
        pixels[0, (y - 100) ** 2 + (x - cx) ** 2 <= 14**2] += 500
        pixels[1, (y - 100) ** 2 + (x - cx) ** 2 <= 35**2] += bright
    pixels += np.random.default_rng(0).normal(0, 2, pixels.shape)
    image = Image.from_array(ndi.gaussian_filter(pixels, (0, 1.5, 1.5)), ["DNA", "RNA"])
    _, cells = segment_cells(image, "DNA", "RNA")
    areas = np.bincount(cells.ravel())[1:]
    np.testing.assert_allclose(areas, np.pi * 35**2, rtol=0.15)


def test_without_a_cell_channel_nuclei_are_widened_by_the_distance_asked(sample):
    nuclei, cells = segment_cells(sample.image, "DNA", cell_distance_um=3.0)
    distance = ndi.distance_transform_edt(nuclei == 0)
    assert distance[cells > 0].max() <= 3.0 / sample.image.pixel_size_um
    assert (cells > 0).sum() > 1.2 * (nuclei > 0).sum()


def test_a_given_size_is_used(sample):
    nuclei, _ = segment_cells(sample.image, "DNA", nucleus_diameter_um=14.0)
    assert 70 <= nuclei.max() <= 130


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"nucleus": "DAPI"}, "No channel 'DAPI'"),
        ({"nucleus": "DNA", "cell": "actin"}, "No channel 'actin'"),
        ({"nucleus": "DNA", "method": "magic"}, "'magic'; choose one of classical, cellpose"),
        ({"nucleus": "DNA", "nucleus_diameter_um": 0}, "is 0; give a number from 0.01"),
        ({"nucleus": "DNA", "cell_distance_px": -1}, "cell_distance_px is -1; give a number from"),
        (
            {"nucleus": "DNA", "nucleus_diameter_um": 14, "nucleus_diameter_px": 20},
            "as 14 µm and as 20 px",
        ),
        ({"nucleus": "flat"}, "'flat' of 'image' is constant, 7 everywhere"),
        ({"nucleus": "noise"}, "No nuclei found in channel 'noise'"),
        ({"nucleus": "noise", "nucleus_diameter_um": 14}, "No nuclei found near 14.0 µm"),
    ],
)
def test_mistakes_are_one_line(sample, arguments, said):
    dna = sample.image.channel("DNA").compute()
    planes = [dna, np.full_like(dna, 7), np.random.default_rng(0).poisson(100, dna.shape)]
    image = Image.from_array(np.stack(planes), ["DNA", "flat", "noise"], 0.6)
    with pytest.raises(InputError, match=said) as caught:
        segment_cells(image, **arguments)
    assert "\n" not in str(caught.value)


def test_micrometres_need_a_pixel_size(sample):
    image = Image.from_array(sample.image.data, sample.image.channel_names)
    with pytest.raises(InputError, match="pixel size of 'image' is unknown"):
        segment_cells(image, "DNA", nucleus_diameter_um=14)


@pytest.mark.parametrize("method", ["cellpose", "stardist", "instanseg"])
def test_a_tool_that_is_missing_is_named_with_its_package(sample, method):
    from importlib.util import find_spec

    assert method in method_names()
    assert "before commercial use" in find_method(method).licence
    if find_spec(method) is not None:
        pytest.skip(f"{method} is installed here")
    with pytest.raises(MissingPackageError, match=f"^Segmentation with {method}.*pip install"):
        segment_cells(sample.image, "DNA", method=method)


def test_a_nucleus_larger_than_the_image_is_refused_at_once(sample):
    with pytest.raises(InputError, match=r"larger than the image.*check the pixel size"):
        segment_cells(sample.image, "DNA", nucleus_diameter_um=14_000)
