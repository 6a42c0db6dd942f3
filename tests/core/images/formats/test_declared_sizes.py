"""Sizes that a file claims are not believed, and large images are opened all the same."""

from __future__ import annotations

import json
import resource
import struct
import sys
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image as Picture

from napari_c3r.core import memory
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import read_image, read_labels
from napari_c3r.core.images.formats.declared import check_packing, check_parts, check_planes

PIXELS = np.zeros((2, 64, 64), "uint16")
AXES = [{"name": name} for name in "cyx"]


def _ome(path, **sizes):
    stated = " ".join(f'{name}="{size}"' for name, size in sizes.items())
    xml = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" '
        f'SizeX="64" SizeY="64" {stated}><TiffData/></Pixels></Image></OME>'
    )
    tifffile.imwrite(path, PIXELS, description=xml, metadata=None, photometric="minisblack")


def _with_tags(path, changes, **options):
    tifffile.imwrite(path, PIXELS[0], photometric="minisblack", **options)
    with tifffile.TiffFile(path) as tif:
        tags = {code: tif.pages[0].tags[code] for code in changes}
        order = tif.byteorder
    data = bytearray(path.read_bytes())
    for code, value in changes.items():
        kind = {3: "H", 4: "I"}[int(tags[code].dtype)]
        struct.pack_into(order + kind, data, tags[code].valueoffset, value)
    path.write_bytes(bytes(data))


def _png(path):
    Picture.fromarray(PIXELS[0]).save(path)
    data = bytearray(path.read_bytes())
    struct.pack_into(">II", data, 16, 13_000, 13_000)
    struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    path.write_bytes(bytes(data))


def _zarr(path, version, shape, chunks=None, axes=AXES):
    group = zarr.open_group(path, mode="w", zarr_format=version)
    group.create_array("0", shape=(2, 64, 64), chunks=(1, 64, 64), dtype="uint16")[...] = 1
    attributes = {"multiscales": [{"axes": axes, "datasets": [{"path": "0"}]}]}
    group.attrs.update(attributes if version == 2 else {"ome": attributes})
    node = path / "0" / (".zarray" if version == 2 else "zarr.json")
    stated = json.loads(node.read_text()) | {"shape": shape}
    if chunks and version == 2:
        stated |= {"chunks": chunks}
    elif chunks:
        stated["chunk_grid"]["configuration"] = {"chunk_shape": chunks}
    node.write_text(json.dumps(stated))


LARGE = 10**9
ROWS = {256: 60_000, 257: 60_000, 278: 60_000}
CLAIMS = {
    "channels.tif": lambda path: _ome(path, SizeC=LARGE, SizeZ=1, SizeT=1),
    "slices.tif": lambda path: _ome(path, SizeC=2, SizeZ=LARGE, SizeT=1),
    "times.tif": lambda path: _ome(path, SizeC=2, SizeZ=1, SizeT=10**25),
    "all.tif": lambda path: _ome(path, SizeC=1000, SizeZ=1000, SizeT=1000),
    "strip.tif": lambda path: _with_tags(path, ROWS, compression="zlib", rowsperstrip=64),
    "raw.tif": lambda path: _with_tags(path, ROWS, rowsperstrip=64),
    "tile.tif": lambda path: _with_tags(
        path, {322: 32_768, 323: 32_768}, compression="zlib", tile=(64, 64)
    ),
    "picture.png": _png,
    **{
        f"{name}{version}.zarr": lambda path, v=version, given=given: _zarr(path, v, *given)
        for version in (2, 3)
        for name, given in {
            "shape": ([2, LARGE, LARGE],),
            "beyond": ([2, 10**30, 64],),
            "planes": ([10**7, 4, 4], [1, 4, 4]),
            "channels": ([5000, 64, 64],),
            "slices": ([10**6, 64, 64], None, [{"name": name} for name in "zyx"]),
            "chunk": ([2, 60_000, 60_000], [1, 60_000, 60_000]),
            "chunk-of-little": ([2, 64, 64], [1, 60_000, 60_000]),
        }.items()
    },
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_small_file_that_claims_much(tmp_path, name):
    path = tmp_path / name
    CLAIMS[name](path)
    before = _peak()
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=name) as caught:
            read_image(path).data[:, :64, :64].compute()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert most < 100e6
    assert _peak() - before < 400e6


def _peak() -> float:
    """Bytes that this process had in memory at most."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _sparse_tiff(path: Path) -> None:
    tifffile.memmap(
        path, shape=(2, 45_000, 45_000), dtype="uint16", photometric="minisblack", bigtiff=True
    )


@pytest.mark.skipif(sys.platform != "linux", reason="a sparse file takes no room there")
@pytest.mark.parametrize("name", ["a.tif", "a2.zarr", "a3.zarr"])
def test_eight_gigabytes_are_opened_lazily(tmp_path, name):
    path = tmp_path / name
    if path.suffix == ".tif":
        _sparse_tiff(path)
    else:
        _zarr(path, int(name[1]), [2, 45_000, 45_000], [1, 1024, 1024])
    before = _peak()
    image = read_image(path)
    assert image.data.nbytes > 8e9
    assert image.data[:, 30_000:30_010, 44_990:].compute().shape == (2, 10, 10)
    assert _peak() - before < 200e6


def test_a_plane_that_does_not_fit_into_memory_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "a.zarr"
    _zarr(path, 2, [1, 45_000, 45_000], [1, 1024, 1024])
    image = read_image(path)
    monkeypatch.setattr(memory, "free_memory", lambda: 2_000_000_000)
    with pytest.raises(InputError, match="Image 'a', 45000 × 45000 pixels, would take"):
        image.read_plane("ch1")
    with pytest.raises(InputError, match=r"'a\.zarr', 45000 × 45000 pixels, would take"):
        read_labels(path)


def test_what_is_common_passes():
    check_planes("x", 100, 50, 40)
    check_parts("x", (2, 200_000, 200_000), (1, 1024, 1024), 2)
    # A plane in one piece, packed to a fifth.
    check_packing("x", (1, 20_000, 20_000), 2, 160_000_000)
    # Nothing but background.
    check_packing("x", (1, 10_000, 10_000), 2, 10)
