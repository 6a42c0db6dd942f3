"""When each time point was taken and how far slices are apart, as files of each kind say it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
import zarr

import napari_c3r as c3r
from napari_c3r.core.cells.measure import measure_cells
from napari_c3r.core.images import find_images
from napari_c3r.core.images.scanning import scan
from napari_c3r.core.images.units import time_in_words, times_since_first, to_seconds
from napari_c3r.core.table.titles import title

MOVIE = np.random.default_rng(0).integers(0, 99, (3, 2, 20, 24)).astype(np.uint8)
TAKEN = "<MetaData>\n<PlaneInfo>\n{}</PlaneInfo></MetaData>"
MOMENT = '<prop id="acquisition-time-local" type="time" value="{}"/>\n'


def ome(path, **told):
    metadata = {"axes": "TZYX", "PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm", **told}
    tifffile.imwrite(path / "m.ome.tif", MOVIE, metadata=metadata)


def of_planes(path, taken, unit="ms"):
    """With a time for each plane, slices varying fastest."""
    ome(path, Plane={"DeltaT": taken, "DeltaTUnit": [unit] * len(taken)}, TimeIncrement=7)


def imagej(path, **told):
    metadata = {"axes": "TZYX", "unit": "um", **told}
    tifffile.imwrite(path / "m.tif", MOVIE, imagej=True, resolution=(2, 2), metadata=metadata)


def ome_zarr(path, unit, version=2):
    group = zarr.open_group(path / "m.zarr", mode="w", zarr_format=version)
    pixels = group.create_array("0", shape=MOVIE.shape, dtype="u1", chunks=(1, 1, 20, 24))
    pixels[:] = MOVIE
    axes = [{"name": "t", "type": "time", **({"unit": unit} if unit else {})}]
    axes += [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [2, 1.5, 1, 1]}]}
    shared = [{"type": "scale", "scale": [15, 1, 0.5, 0.5]}]
    group.attrs["multiscales"] = [
        {"axes": axes, "datasets": [level], "coordinateTransformations": shared}
    ]


def metaxpress(path, moments):
    for t, moment in enumerate(moments, start=1):
        folder = path / f"TimePoint_{t}"
        folder.mkdir()
        text = TAKEN.format(MOMENT.format(moment) if moment else "")
        tifffile.imwrite(folder / "P_B02_s1_w1.TIF", MOVIE[t - 1, 0], description=text)


def micromanager(path, elapsed):
    (path / "metadata.txt").write_text("{}")
    for t, ms in enumerate(elapsed):
        told = json.dumps({"ElapsedTime-ms": ms} if ms is not None else {}).encode()
        tifffile.imwrite(
            path / f"img_{t:09d}_DAPI_000.tif",
            MOVIE[t, 0],
            extratags=[(51123, "s", len(told) + 1, told, True)],
        )


KINDS = {
    "OME by interval": (lambda p: ome(p, TimeIncrement=0.5, TimeIncrementUnit="min"), 30, None),
    "OME by planes": (lambda p: of_planes(p, [5000, 5100, 9000, 9100, 14000, 14100]), (4, 9), None),
    "OME, all planes at once": (lambda p: of_planes(p, [0] * 6), 7, None),
    "OME, Z alone": (lambda p: ome(p, PhysicalSizeZ=400, PhysicalSizeZUnit="nm"), None, 0.4),
    "ImageJ": (lambda p: imagej(p, finterval=30.0, spacing=1.5), 30, 1.5),
    "ImageJ in minutes": (lambda p: imagej(p, finterval=2.0, tunit="min"), 120, None),
    "ImageJ, zero": (lambda p: imagej(p, finterval=0.0), None, None),
    "OME-Zarr 0.4": (lambda p: ome_zarr(p, "second"), 30, 1.5),
    "OME-Zarr 0.5": (lambda p: ome_zarr(p, "millisecond", 3), 0.03, 1.5),
    "OME-Zarr without a unit": (lambda p: ome_zarr(p, None), None, 1.5),
    "MetaXpress": (
        lambda p: metaxpress(
            p, ["20240709 23:59:50.000", "20240710 00:00:20.000", "20240710 00:01:00.500"]
        ),
        (30, 70.5),
        None,
    ),
    "MetaXpress, copied": (lambda p: metaxpress(p, ["20240709 10:00:00.000"] * 3), None, None),
    "MetaXpress, not said": (lambda p: metaxpress(p, [None] * 3), None, None),
    "Micro-Manager": (lambda p: micromanager(p, [12.0, 30012.0, 60012.0]), 30, None),
    "Micro-Manager, one lacks it": (
        lambda p: micromanager(p, [0.0, None, 9.0]),
        (None, 0.009),
        None,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_file_says_of_its_steps_is_in_the_image_and_nothing_else(kind, tmp_path):
    write, steps, z_step = KINDS[kind]
    write(tmp_path)
    (files,) = find_images(tmp_path)
    images = [c3r.read_image(files, t=t, z="max") for t in range(3)]
    later = steps if isinstance(steps, tuple) else (steps, steps and 2 * steps)
    first = None if steps is None and images[0].time_s is None else 0.0
    assert [image.time_s for image in images] == pytest.approx([first, *later])
    assert [image.z_step_um for image in images] == [z_step] * 3


def test_the_table_has_the_time_and_the_height_of_a_slice(tmp_path):
    imagej(tmp_path, finterval=30.0, spacing=1.5)
    image = c3r.read_image(tmp_path / "m.tif", t=2, z=1)
    assert image.position == (("t", 2), ("z", 1))
    labels = np.zeros((20, 24), np.int32)
    labels[3:9, 4:10] = 5
    obs = measure_cells(image, labels).obs
    assert obs[["t", "time_s", "z", "z_um"]].to_numpy().tolist() == [[2, 60.0, 1, 1.5]]
    projected = measure_cells(c3r.read_image(tmp_path / "m.tif", t=2), labels).obs
    assert {"z", "z_um"}.isdisjoint(projected)
    assert title("time_s") == "Time (s)"
    assert title("z_um") == "z (µm)"


def test_axes_that_are_exchanged_take_no_steps_along(tmp_path):
    imagej(tmp_path, finterval=30.0, spacing=1.5)
    image = c3r.read_image(tmp_path / "m.tif", t=1, swap="TZ")
    assert (image.time_s, image.z_step_um) == (None, None)
    assert scan(tmp_path / "m.tif").times_s == (0, 30, 60)


@pytest.mark.parametrize(
    ("value", "unit", "seconds"),
    [
        (2, "minutes", 120),
        ("500", "ms", 0.5),
        (3, "µs", 3e-6),
        (1, "h", 3600),
        (0, "s", 0),
        (None, "s", None),
        (1, None, None),
        (1, "frame", None),
        ("nan", "s", None),
        ("soon", "s", None),
    ],
)
def test_durations_in_units(value, unit, seconds):
    assert to_seconds(value, unit) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("stamps", "times"),
    [
        ([5.0, 6.5, 9.0], (0.0, 1.5, 4.0)),
        ([0.0, 0.0], ()),
        ([3.0, 1.0], ()),
        ([0.0, None], ()),
        ([0.0, float("inf")], ()),
    ],
)
def test_times_follow_each_other_or_are_none(stamps, times):
    assert times_since_first(stamps) == times


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.5, "0.5 s"), (90, "90 s"), (750, "12.5 min"), (7200, "2 h"), (108000, "30 h")],
)
def test_spans_in_words(seconds, words):
    assert time_in_words(seconds) == words
