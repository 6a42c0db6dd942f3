"""Boxes of TIFF files: equal to the whole file's pixels, and read alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import read_image
from napari_c3r.core.images.formats.tiff_pixels import lazy_series

RNG = np.random.default_rng(0)
DEEP = RNG.integers(0, 4000, (3, 151, 207)).astype("uint16")
COLOUR = RNG.integers(0, 255, (150, 200, 3)).astype("uint8")
GREY = {"photometric": "minisblack"}


@pytest.mark.parametrize(
    ("pixels", "options"),
    [
        (DEEP, GREY),
        (DEEP, {**GREY, "byteorder": ">"}),
        (DEEP, {**GREY, "compression": "zlib", "rowsperstrip": 17}),
        (DEEP, {**GREY, "compression": "lzw", "byteorder": ">"}),
        (DEEP, {**GREY, "compression": "zlib", "predictor": True, "tile": (64, 48)}),
        (DEEP.astype("float32"), {**GREY, "compression": "zstd", "tile": (64, 64)}),
        (DEEP, {"photometric": "rgb", "planarconfig": "separate", "tile": (64, 64)}),
        (DEEP, {"imagej": True, "metadata": {"axes": "CYX"}}),
        (DEEP, {"imagej": True, "metadata": {"axes": "CYX"}, "compression": "zlib"}),
        (COLOUR, {"photometric": "rgb", "tile": (64, 64)}),
        (COLOUR, {"photometric": "rgb", "compression": "jpeg", "tile": (64, 64)}),
        (DEEP[None, :, None], {**GREY, "ome": True, "metadata": {"axes": "TCZYX"}}),
    ],
)
def test_any_box_equals_the_file(tmp_path, pixels, options):
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, pixels, **options)
    with tifffile.TiffFile(path) as tif:
        expected = tif.series[0].asarray()
        lazy = lazy_series(tif.series[0], path)
    np.testing.assert_array_equal(lazy, expected)
    for _ in range(4):
        box = tuple(
            slice(*sorted(RNG.integers(0, length + 1, 2))) if length > 3 else slice(None)
            for length in lazy.shape
        )
        np.testing.assert_array_equal(lazy[box], expected[box])
    steps = tuple(slice(3, None, 7) if length > 20 else 0 for length in lazy.shape)
    np.testing.assert_array_equal(lazy[steps], expected[steps])


def _bytes_read() -> int:
    line = Path("/proc/self/io").read_text().splitlines()[0]
    return int(line.split()[1])


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Write a tiled, compressed file of 3 × 4096² pixels, whose noise does not compress."""
    path = tmp_path_factory.mktemp("large") / "large.tif"
    tile = RNG.integers(0, 65535, (256, 256), dtype="uint16")
    tiles = (tile for _ in range(3 * 16 * 16))
    options = {**GREY, "compression": "zlib", "metadata": {"axes": "CYX"}}
    tifffile.imwrite(path, tiles, shape=(3, 4096, 4096), dtype="uint16", tile=(256, 256), **options)
    return path


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="counts bytes by Linux's /proc")
def test_only_the_tiles_under_a_box_are_read(large):
    read_image(large)
    size = large.stat().st_size
    before = _bytes_read()
    image = read_image(large)
    assert _bytes_read() - before < size / 500
    image.channel("ch1")[:9, :9].compute()
    before = _bytes_read()
    box = image.channel("ch2")[1100:1300, 3100:3300].compute()
    assert box.shape == (200, 200)
    assert _bytes_read() - before < size / 40


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")
def test_no_file_stays_open(large):
    before = len(list(Path("/proc/self/fd").iterdir()))
    images = [read_image(large) for _ in range(20)]
    for image in images:
        image.data[:, :10, :10].compute()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_truncated_file_is_refused_when_opened(tmp_path, compression):
    path = tmp_path / "cut.tif"
    tifffile.imwrite(path, DEEP, compression=compression, metadata=None, **GREY)
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(InputError, match=r"cut.tif .*truncated"):
        read_image(path)


@pytest.mark.parametrize("options", [{"tile": (32, 32)}, {"rowsperstrip": 8}])
@pytest.mark.parametrize("tag", [256, 257])
def test_a_plane_of_more_parts_than_are_listed_is_refused_at_once(tmp_path, options, tag):
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, DEEP[0], **GREY, compression="zlib", **options)
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages[0].tags[tag].overwrite(2**31 - 1)
    with pytest.raises(InputError, match=r"image\.tif"):
        read_image(path)
