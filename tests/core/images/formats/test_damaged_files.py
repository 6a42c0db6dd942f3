"""Files cut short or with altered bytes: an image, or one line that names the file."""

from __future__ import annotations

import shutil
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image as Picture

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import find_images, read_image, read_labels
from napari_c3r.core.images.formats import tiff

PIXELS = np.random.default_rng(0).integers(0, 255, (2, 40, 48), dtype="uint8")
COLOURS = np.stack([*PIXELS, PIXELS[0]], axis=-1)
AXES = [{"name": name} for name in "cyx"]


def _tiff(path, **options):
    tifffile.imwrite(path, PIXELS, photometric="minisblack", metadata={"axes": "CYX"}, **options)


def _zarr(path, version, compressors="auto"):
    group = zarr.open_group(path, mode="w", zarr_format=version)
    chunks = (1, 40, 48)
    array = group.create_array(
        "0", shape=PIXELS.shape, chunks=chunks, dtype="uint8", compressors=compressors
    )
    array[...] = PIXELS
    attributes = {"multiscales": [{"axes": AXES, "datasets": [{"path": "0"}]}]}
    group.attrs.update(attributes if version == 2 else {"ome": attributes})


FORMATS = {
    "plain.tif": _tiff,
    "ome.ome.tif": lambda path: _tiff(path, ome=True),
    "imagej.tif": lambda path: tifffile.imwrite(path, PIXELS, imagej=True),
    "zlib.tif": lambda path: _tiff(path, compression="zlib", rowsperstrip=8),
    "lzw.tif": lambda path: _tiff(path, compression="lzw", predictor=True),
    "zstd.tif": lambda path: _tiff(path, compression="zstd", tile=(16, 16)),
    "jpeg.tif": lambda path: _tiff(path, compression="jpeg"),
    "big.tif": lambda path: _tiff(path, bigtiff=True),
    "grey.png": lambda path: Picture.fromarray(PIXELS[0]).save(path),
    "colour.png": lambda path: Picture.fromarray(COLOURS).save(path),
    "grey.jpg": lambda path: Picture.fromarray(PIXELS[0]).save(path),
    "v2.zarr": lambda path: _zarr(path, 2),
    "v3.zarr": lambda path: _zarr(path, 3),
    "plain.zarr": lambda path: _zarr(path, 2, None),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """One good file of every format."""
    folder = tmp_path_factory.mktemp("whole")
    for name, write in FORMATS.items():
        write(folder / name)
    return folder


def files_of(path: Path) -> list[Path]:
    return sorted(f for f in path.rglob("*") if f.is_file()) if path.is_dir() else [path]


def cut(data, rng):
    return data[: rng.integers(0, len(data))]


def flip(data, rng):
    altered = bytearray(data)
    for at in rng.integers(0, len(data), rng.integers(1, 9)):
        altered[at] ^= 1 << rng.integers(8)
    return bytes(altered)


def overwrite(data, rng):
    altered = bytearray(data)
    at = int(rng.integers(0, len(data)))
    altered[at : at + 64] = rng.bytes(len(altered[at : at + 64]))
    return bytes(altered)


def _read(path) -> str:
    """Read an image; why it was refused, or nothing."""
    # What a library warns of is no error.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = read_image(path)
            assert image.data.compute().shape == image.shape
        except InputError as error:
            return str(error)
    return ""


@pytest.mark.parametrize("damage", [cut, flip, overwrite])
@pytest.mark.parametrize("name", FORMATS)
def test_damage_at_random_places(whole, tmp_path, name, damage):
    rng = np.random.default_rng(sum(map(ord, name + damage.__name__)))
    path = tmp_path / name
    shutil.copytree(whole / name, path) if path.suffix == ".zarr" else shutil.copy(
        whole / name, path
    )
    files = files_of(path)
    for _ in range(20):
        file = files[rng.integers(len(files))]
        good = file.read_bytes()
        file.write_bytes(damage(good, rng))
        said = _read(path)
        file.write_bytes(good)
        assert "\n" not in said
        assert not said or name in said or "Image '" in said
    assert read_image(path).data.compute().shape[1:] == PIXELS.shape[1:]


@pytest.mark.parametrize("name", ["zlib.tif", "grey.png", "v2.zarr"])
def test_one_that_may_not_be_read(whole, tmp_path, monkeypatch, name):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    for opener in ("tifffile.TiffFile", "pathlib.Path.read_text", "PIL.Image.open"):
        monkeypatch.setattr(opener, refuse)
    with pytest.raises(InputError, match=f"{name} may not be read"):
        read_image(whole / name).data.compute()


def test_a_damaged_file_that_another_thread_reads_spoils_no_other(whole, tmp_path, monkeypatch):
    damaged = tmp_path / "damaged.tif"
    damaged.write_bytes((whole / "plain.tif").read_bytes()[:1000])
    errors = []

    def read_damaged():
        with pytest.raises(InputError) as error:
            read_image(damaged)
        errors.append(str(error.value))

    facts = tiff.tiff_facts

    def meanwhile(*args):
        thread = threading.Thread(target=read_damaged)
        thread.start()
        thread.join()
        return facts(*args)

    monkeypatch.setattr(tiff, "tiff_facts", meanwhile)
    np.testing.assert_array_equal(read_image(whole / "plain.tif").data, PIXELS)
    assert len(errors) == 1
    assert errors[0].startswith("damaged.tif ")


def test_labels_are_read_as_carefully(whole, tmp_path):
    path = tmp_path / "labels.png"
    path.write_bytes((whole / "grey.png").read_bytes()[:300] + b"IEND")
    with pytest.raises(InputError, match=r"^labels\.png cannot be read"):
        read_labels(path)


@pytest.mark.parametrize("text", ['{"plate": 5}', '{"plate": {"wells": [3]}}', "[" * 100_000, "{"])
def test_a_broken_plate_among_images_is_one_of_them(whole, tmp_path, text):
    shutil.copy(whole / "plain.tif", tmp_path / "a.tif")
    (tmp_path / "b.zarr").mkdir()
    (tmp_path / "b.zarr/.zattrs").write_text(text)
    good, broken = find_images(tmp_path)
    assert read_image(good).shape == PIXELS.shape
    with pytest.raises(InputError, match=r"^b\.zarr ") as caught:
        read_image(broken)
    assert "\n" not in str(caught.value)
