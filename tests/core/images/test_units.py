"""A printer's resolution is no pixel size, whatever the format says it in."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image as Picture

from napari_c3r.core.images import read_image
from napari_c3r.core.images.units import square_pixel, to_micrometres

PLANES = np.zeros((2, 20, 30), "uint16")


def unit_side(dpi, unit):
    """How many of a unit's lengths a dot is apart."""
    return 1 / dpi * {"inch": 1.0, "cm": 2.54, "mm": 25.4, "micron": 25_400.0}[unit]


@pytest.mark.parametrize("dpi", [72, 96, 150, 300, 600, 1200])
@pytest.mark.parametrize("unit", ["inch", "cm", "mm", "micron"])
def test_dots_per_inch_in_imagej(tmp_path, dpi, unit):
    per_unit = 1 / unit_side(dpi, unit)
    tifffile.imwrite(
        tmp_path / "a.tif",
        PLANES,
        imagej=True,
        resolution=(per_unit, per_unit),
        metadata={"axes": "CYX", "unit": unit},
    )
    image = read_image(tmp_path / "a.tif")
    assert image.pixel_size_um is None
    assert sum("the pixel size is unknown" in note for note in image.notes) == 1


@pytest.mark.parametrize("dpi", [72, 96, 150, 300, 600, 1200])
@pytest.mark.parametrize("unit", ["INCH", "CENTIMETER"])
def test_dots_per_inch_in_tags(tmp_path, dpi, unit):
    per_unit = dpi if unit == "INCH" else dpi / 2.54
    options = {"resolution": (per_unit, per_unit), "resolutionunit": unit}
    tifffile.imwrite(tmp_path / "a.tif", PLANES[0], **options)
    assert read_image(tmp_path / "a.tif").pixel_size_um is None


@pytest.mark.parametrize("unit", ["µm", "mm", "in"])
def test_dots_per_inch_in_ome(tmp_path, unit):
    size = {"µm": 352.8, "mm": 0.3528, "in": 1 / 72}[unit]
    metadata = {"axes": "CYX", "PhysicalSizeX": size, "PhysicalSizeXUnit": unit}
    metadata |= {"PhysicalSizeY": size, "PhysicalSizeYUnit": unit}
    tifffile.imwrite(tmp_path / "a.ome.tif", PLANES, ome=True, metadata=metadata, photometric=1)
    image = read_image(tmp_path / "a.ome.tif")
    assert image.pixel_size_um is None
    assert any("printer" in note for note in image.notes)


def test_pictures_never_state_a_pixel_size(tmp_path):
    for suffix in ("png", "jpg"):
        Picture.fromarray(np.zeros((20, 30), "uint8")).save(tmp_path / f"a.{suffix}", dpi=(96, 96))
        assert read_image(tmp_path / f"a.{suffix}").pixel_size_um is None


@pytest.mark.parametrize(
    ("unit", "side"), [("micron", 0.5), ("µm", 6.45), ("nm", 108.3), ("cm", 0.5e-4), ("mm", 1e-3)]
)
def test_what_a_microscope_has_is_believed(unit, side):
    size = to_micrometres(side, unit)
    assert square_pixel(size, size, "a.tif", unit) == (pytest.approx(size), ())


@pytest.mark.parametrize("size", [0.0, -1.0, float("nan"), float("inf")])
def test_a_size_that_is_none_is_unknown_and_said(size):
    side, notes = square_pixel(size, 0.5, "a.czi")
    assert side is None
    assert notes == (f"a.czi states a pixel size of {size:g} µm: set it yourself.",)
