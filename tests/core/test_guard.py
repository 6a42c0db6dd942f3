"""Whatever goes wrong while pixels are read is one line that names their file or image."""

from __future__ import annotations

import struct
import zlib

import dask.array as da
import numpy as np
import pytest
import tifffile

import napari_c3r as c3r
from napari_c3r.core.errors import InputError
from napari_c3r.core.guard import guarded, reading
from napari_c3r.core.images import ImageFormat, find_images, read_image, register_image_format
from napari_c3r.core.images import formats as image_formats
from napari_c3r.core.images.stack import Stack

PIXELS = np.random.default_rng(0).integers(0, 4000, (2, 48, 40), dtype="uint16")

ERRORS = [
    OSError(5, "Input/output error"),
    RuntimeError("codec\nfailed"),
    AssertionError(),
    KeyError("datasets"),
    ZeroDivisionError("integer division"),
    struct.error("unpack requires 4 bytes"),
    zlib.error("invalid distance"),
    MemoryError(),
    RecursionError("too deep"),
    PermissionError(13, "Permission denied"),
    FileNotFoundError(2, "No such file"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
]


def kinds(errors):
    return pytest.mark.parametrize("error", errors, ids=lambda error: type(error).__name__)


def failing(error, pixels=PIXELS):
    def fail(block):
        raise error

    meta = np.empty((0,) * pixels.ndim, pixels.dtype)
    return da.from_array(pixels, chunks=(1, 48, 40)).map_blocks(fail, dtype="uint16", meta=meta)


@kinds(ERRORS)
def test_any_error_is_one_line_that_names_where(error):
    with pytest.raises(InputError, match=r"^x\.tif ") as caught, reading("x.tif"):
        raise error
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_a_program_is_let_through(error):
    with pytest.raises(error), reading("x.tif"):
        raise error


def test_an_input_error_stays_as_it_is():
    with pytest.raises(InputError, match=r"^mine$"), reading("x.tif"):
        raise InputError("mine")


@kinds(ERRORS)
def test_lazy_pixels_of_the_users_own(error, tiny_model):
    image = c3r.Image.from_array(failing(error), ["DNA", "RNA"], name="a field")
    labels = np.zeros((48, 40), int)
    labels[5:20, 5:20] = 1
    roles = c3r.ChannelAssignment({"DNA": "context", "RNA": "concept"})
    with pytest.raises(InputError, match="Image 'a field' "):
        c3r.embed(image, labels, roles, encoder=c3r.load_encoder(tiny_model))
    with pytest.raises(InputError, match="Image 'a field' "):
        image.rename({"DNA": "X"}).select(("X",)).data.compute()


def test_what_is_made_of_guarded_pixels_by_others_is_guarded_again():
    good = guarded(da.from_array(PIXELS, name=False).map_blocks(np.copy), "first")
    broken = guarded(good.map_blocks(lambda block: {}["x"], dtype="uint16", meta=PIXELS), "second")
    with pytest.raises(InputError, match=r"^second "):
        broken.compute()


def test_pixels_in_memory_and_guarded_ones_are_given_back():
    held = da.from_array(PIXELS, chunks=16)
    assert guarded(held, "x") is held
    once = guarded(held.map_blocks(np.copy), "x")
    moved = da.stack([once[0].max(axis=0)[None].astype("float32"), once[1].max(axis=0)[None]])
    assert guarded(moved, "x") is moved
    np.testing.assert_array_equal(once, PIXELS)


@pytest.mark.parametrize("z", ["max", "mean", 1])
def test_an_image_of_files_is_guarded_once(tmp_path, z):
    for channel in "12":
        slices = np.stack([PIXELS[0]] * 3)
        options = {"photometric": "minisblack", "metadata": {"axes": "ZYX"}}
        tifffile.imwrite(tmp_path / f"a_ch{channel}.tif", slices, **options)
    image = read_image(tmp_path, z=z)
    names = [name for name in image.data.dask.layers if name.startswith("guarded-")]
    assert len(names) == 2
    assert not any(name.startswith("guarded-guarded-") for name in names)


@kinds(ERRORS[:4])
@pytest.mark.parametrize("when", ["opening", "reading"])
def test_formats_from_outside(monkeypatch, tmp_path, when, error):
    def opener(path, scene, one_channel):
        if when == "opening":
            raise error
        return Stack(failing(error)[None, :, None])

    monkeypatch.setattr(image_formats, "_formats", dict(image_formats._formats))
    register_image_format(ImageFormat((".odd",), opener))
    (tmp_path / "f.odd").write_text("x")
    (files,) = find_images(tmp_path)
    with pytest.raises(InputError, match=r"^f\.odd "):
        read_image(files).data.compute()


def test_a_file_that_vanishes_after_it_was_opened(tmp_path):
    for compression in (None, "zlib"):
        path = tmp_path / f"{compression}.tif"
        tifffile.imwrite(path, PIXELS[0], compression=compression)
        image = read_image(path)
        path.unlink()
        with pytest.raises(InputError, match=f"^{compression}.tif is not there"):
            image.data.compute()
