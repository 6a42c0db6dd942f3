"""Real images of many instruments, against what their descriptions say."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import tifffile

from napari_c3r.core.errors import InputError, MissingPackageError
from napari_c3r.core.images import find_images, read_image

CELL_PAINTING = ("H33342", "conA", "SYTO14", "WGA_Phall", "MitoTDR")
HPA = ("nucleus", "microtubules", "ER", "protein")


@pytest.mark.parametrize(
    ("folder", "count", "shape", "names", "size"),
    [
        ("fields/bbbc022_20585", 6, (5, 520, 696), CELL_PAINTING, 0.656),
        ("fields/cellpainting_BR00143976", 1, (6, 1080, 1080), "ch1 ch2 ch3 ch4 ch5 ch6", None),
        ("fields/jump_BR00117006", 1, (3, 1080, 1080), "ch2 ch3 ch5", None),
        ("fields/nf1_schwann", 4, (3, 904, 1224), "DAPI GFP RFP", None),
        ("fields/bbbc013", 48, (2, 640, 640), "Channel1 Channel2", None),
        (
            "fields/cytation_4ch",
            1,
            (4, 904, 1224),
            ("DAPI", "GFP", "Propidium Iodide", "CY5"),
            0.322,
        ),
        ("fields/cm4ai_MDA-MB-468", 1, (4, 2048, 2048), HPA, None),
        ("fields/hpa_fucci_B1", 1, (2, 2048, 2048), "cyclinb1 nuclei", None),
        ("fields/fly_kc167", 1, (3, 1006, 1000), "D F R", None),
        ("fields/human_HT29", 1, (3, 512, 512), "d0 d1 d2", None),
        ("fields/hela_ebimage", 1, (2, 510, 510), "cells nuclei", None),
        ("fields/notebooks", 3, (3, 680, 1100), "actin mito nuclei", None),
        ("fields/bbbc021_256", 220, (3, 256, 256), "red green blue", None),
        (
            "readers/imagexpress_9987_Plate_3434",
            4,
            (3, 256, 256),
            ("DAPI", "FITC", "Texas Red"),
            1.3672,
        ),
        ("readers/plate_ones.zarr", 1, (2, 1080, 1280), "some-label-1 some-label-2", 0.1625),
        ("readers/neuron-4Ch.tiff", 1, (4, 623, 502), "AF647 AF568 AF488 DAPI", 0.1241),
        ("readers/tubhiswt4D_sub.zarr", 1, (1, 512, 512), "channel_0", 1.0),
        ("readers/6001240_labels_v0.5.zarr", 1, (2, 68, 67), "LaminB1 Dapi", 1.44159),
    ],
)
def test_folders(data_dir, folder, count, shape, names, size):
    images = find_images(data_dir / folder)
    assert len(images) == count
    image = read_image(images[0])
    assert image.shape == shape
    assert image.channel_names == (tuple(names.split()) if isinstance(names, str) else names)
    assert image.pixel_size_um == (None if size is None else pytest.approx(size, rel=1e-3))
    assert all(path.exists() for path in image.source)
    assert float(image.data[:, :64, :64].max().compute()) > 0


def test_wells_and_sites(data_dir):
    def where(folder):
        images = find_images(data_dir / folder)
        return [(image.plate, image.well, image.site) for image in images]

    assert where("fields/cellpainting_BR00143976") == [(None, "C03", "3")]
    assert where("fields/nf1_schwann") == [
        (None, "B07", "3"),
        (None, "D06", "2"),
        (None, "D07", "1"),
        (None, "F07", "2"),
    ]
    assert where("fields/bbbc022_20585")[:2] == [("plate1", "A14", "1"), ("plate1", "A14", "2")]
    assert where("readers/imagexpress_9987_Plate_3434")[0] == ("9987", "B02", "1")
    assert where("readers/plate_ones.zarr") == [("plate_ones", "B03", "0")]
    assert [well for _, well, _ in where("fields/bbbc013")][:2] == ["A01", "A02"]


def test_every_field_reads_the_pixels_of_its_files(data_dir):
    folder = data_dir / "fields/cellpainting_BR00143976"
    image = read_image(folder)
    for channel in range(1, 7):
        expected = tifffile.imread(folder / f"r03c03f03p01-ch{channel}sk1fk1fl1.tiff")
        np.testing.assert_array_equal(image.channel(f"ch{channel}"), expected)


def test_frames_of_two_files(data_dir):
    folder = data_dir / "fields/hela_ebimage"
    image = read_image(folder, t=2)
    np.testing.assert_array_equal(image.channel("cells"), tifffile.imread(folder / "cells.tif")[2])
    assert "taken as time points" in image.notes[0]


def test_projections_of_a_real_stack(data_dir):
    path = data_dir / "readers/6001240_labels_v0.5.zarr"
    deep = np.stack([np.asarray(read_image(path, z=z).data) for z in (0, 93, 235)])
    brightest = np.asarray(read_image(path, z="max").data)
    assert (brightest >= deep.max(0)).all()
    focused = read_image(path, z="focus")
    assert any("sharpest" in note for note in focused.notes)
    assert (np.asarray(focused.data) <= brightest).all()
    with pytest.raises(InputError, match="no Z slice 236"):
        read_image(path, z=236)


def test_time_points_of_a_real_movie(data_dir):
    path = data_dir / "readers/tubhiswt4D_sub.zarr"
    first, last = (np.asarray(read_image(path, t=t).data) for t in (0, 2))
    assert (first != last).any()
    with pytest.raises(InputError, match="no time point 3: choose 0 to 2"):
        read_image(path, t=3)


def test_czi(data_dir):
    path = data_dir / "readers/DAPI_GFP.czi"
    if importlib.util.find_spec("bioio_czi") is None:
        with pytest.raises(MissingPackageError, match="pip install bioio-czi"):
            read_image(path)
        return
    image = read_image(path)
    assert (image.shape, image.channel_names) == ((2, 640, 640), ("DAPI", "GFP"))
    assert float(image.data.max().compute()) > 100
