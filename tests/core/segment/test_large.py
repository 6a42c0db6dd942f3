"""Large images in tiles: the same cells whatever the tiles, and those that are there."""

from __future__ import annotations

import gc
import tempfile
import threading
import time

import dask.array as da
import numpy as np
import pytest
from scipy import ndimage as ndi

import napari_c3r as c3r
from napari_c3r.core import cores
from napari_c3r.core.errors import NoCellsError
from napari_c3r.core.images import Image
from napari_c3r.core.segment import f1_at_iou, find_cells, find_method, large, parts
from napari_c3r.core.segment.large import LargeField
from napari_c3r.core.segment.methods import SegmentMethod
from napari_c3r.core.segment.options import SegmentOptions
from napari_c3r.core.segment.parts import tile_side, tiles_at_once
from napari_c3r.core.segment.plane import Grid
from napari_c3r.core.segment.survey import survey

SIDE, PITCH = 330, 15


@pytest.fixture(scope="module")
def planted():
    """Nuclei that touch and saturate in uneven light, bodies around them, and the truth."""
    rng = np.random.default_rng(0)
    y, x = np.indices((SIDE, SIDE))
    truth = np.zeros((SIDE, SIDE), np.int32)
    nuclei, body = (np.full((SIDE, SIDE), 100.0) for _ in range(2))
    places = np.stack(np.mgrid[8:SIDE:PITCH, 8:SIDE:PITCH], -1).reshape(-1, 2)
    for number, (cy, cx) in enumerate(places + rng.uniform(-3, 3, places.shape), 1):
        away = np.hypot(y - cy, x - cx)
        radius, bright = rng.uniform(3, 4.2), rng.uniform(150, 600)
        nuclei[away < radius] += bright
        truth[away < radius] = number
        body[away < 1.8 * radius] += 0.5 * bright
    light = 1 + 0.3 * np.sin(x / 90)
    noise = rng.normal(0, 4, (2, SIDE, SIDE))
    planes = [
        ndi.gaussian_filter(p * light, 1) + n for p, n in zip((nuclei, body), noise, strict=True)
    ]
    clipped = [np.minimum(p, limit) for p, limit in zip(planes, (700, 350), strict=True)]
    return [np.maximum(plane, 0).astype(np.uint16) for plane in clipped], truth


def found(planted, tile_px, body=True, **options):
    nuclei, cells = LargeField(
        planted[0][0],
        planted[0][1] if body else None,
        find_method("classical"),
        tile_px=tile_px,
        field_px=SIDE // 2,
        **options,
    ).find()
    return np.asarray(nuclei), np.asarray(cells)


@pytest.fixture(scope="module")
def untiled(planted):
    return found(planted, SIDE)


@pytest.mark.parametrize("threads", [1, 3])
def test_labels_do_not_hang_on_the_tiles_nor_on_how_many_are_found_at_a_time(
    planted, untiled, threads
):
    for tiled, whole in zip(found(planted, 110, threads=threads), untiled, strict=True):
        np.testing.assert_array_equal(tiled, whole)


def test_tiled_labels_are_the_nuclei_that_are_there_in_reading_order(planted, untiled):
    nuclei, cells = untiled
    assert f1_at_iou(planted[1], nuclei) >= 0.92
    labels, first = np.unique(nuclei, return_index=True)
    assert labels.tolist() == list(range(labels[-1] + 1))
    assert (np.diff(first[1:]) > 0).all()
    assert (cells[nuclei > 0] == nuclei[nuclei > 0]).all()


def test_in_tiles_as_many_nuclei_are_right_as_at_once(planted, untiled):
    image = Image.from_array(np.stack(planted[0]), ["DNA", "RNA"])
    nuclei, cells = c3r.segment_cells(image, "DNA", "RNA")
    at_once, in_tiles = (f1_at_iou(planted[1], each) for each in (nuclei, untiled[0]))
    assert in_tiles >= at_once - 0.01
    assert f1_at_iou(cells, untiled[1]) >= 0.9


def test_widened_nuclei_do_not_hang_on_the_tiles_either(planted):
    settings = {"body": False, "diameter_px": 7.0, "distance_px": 3.0}
    tiled, whole = (
        found(planted, tile, threads=threads, **settings) for tile, threads in ((150, 2), (SIDE, 1))
    )
    np.testing.assert_array_equal(tiled[1], whole[1])
    assert tiled[1].astype(bool).sum() > tiled[0].astype(bool).sum()


def test_find_cells_takes_tiles_for_a_large_lazy_image_and_leaves_nothing_behind(
    planted, untiled, monkeypatch, tmp_path
):
    monkeypatch.setattr(large, "LARGE_PX", SIDE**2 - 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    data = da.from_array(np.stack(planted[0]).astype(np.float32), chunks=(1, 100, 100))
    # What is not finite becomes background, in every part.
    data = da.where(da.arange(SIDE)[None, None] == 0, np.nan, data)
    image = Image.from_array(data, ["DNA", "RNA"])
    nuclei, cells = find_cells(image, SegmentOptions("DNA", "RNA"))
    assert f1_at_iou(untiled[0], np.asarray(nuclei)) >= 0.97
    assert cells.shape == (SIDE, SIDE)
    assert cells[5:9, 7:9].shape == (4, 2)
    assert len(list(tmp_path.iterdir())) == 2
    del nuclei, cells
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_plane_is_read_at_one_place_at_a_time_and_worked_on_at_several(planted, monkeypatch):
    reading, working = Together(), Together()
    monkeypatch.setattr(cores, "_turns", lambda: threading.Semaphore(3))
    monkeypatch.setattr(large, "read", reading.seen(large.read))
    monkeypatch.setattr(parts, "read", reading.seen(parts.read))
    monkeypatch.setattr(large, "cells_on_grid", working.seen(large.cells_on_grid))
    found(planted, 110, threads=3)
    assert reading.most == 1
    assert 1 < working.most <= 3


class Together:
    """How many calls are under way at a time."""

    def __init__(self):
        self.lock, self.now, self.most = threading.Lock(), 0, 0

    def seen(self, function):
        def call(*arguments, **named):
            with self.lock:
                self.now += 1
                self.most = max(self.most, self.now)
            time.sleep(0.005)
            try:
                return function(*arguments, **named)
            finally:
                with self.lock:
                    self.now -= 1

        return call


@pytest.mark.parametrize("threads", [1, 2, 4, 8, 64])
def test_however_many_tiles_are_worked_on_at_a_time_memory_is_bounded(threads):
    grid, reach, at_once = Grid.of((30_000, 30_000), 0.8), 420, tiles_at_once(threads)
    assert at_once == min(threads, 8)
    side = tile_side(grid, reach, at_once) * 0.8 + 2 * reach
    # In one piece 60 bytes for every pixel of the grid were seen.
    assert 60 * at_once * side**2 < 1.5 * 2**30
    assert tile_side(grid, reach, at_once) >= 1024


def test_another_method_sees_parts_of_a_size_that_does_not_change(planted):
    seen = []

    def threshold(plane, diameter):
        seen.append(plane.shape)
        return ndi.label(plane > 260)[0]

    field = LargeField(planted[0][0], None, SegmentMethod("toy", "Toy", threshold), tile_px=64)
    nuclei, _ = field.find()
    assert seen == [(SIDE, SIDE)]
    assert np.asarray(nuclei).max() == ndi.label(planted[0][0] > 260)[1]


@pytest.mark.parametrize(
    ("fill", "words"), [(7, "is constant, 7"), (None, "has the shape of a nucleus")]
)
def test_a_large_image_without_nuclei_is_one_line(monkeypatch, fill, words):
    monkeypatch.setattr(large, "LARGE_PX", 0)
    noise = np.random.default_rng(0).normal(100, 0.01, (80, 80))
    plane = noise if fill is None else np.full((80, 80), fill)
    with pytest.raises(NoCellsError, match=words):
        c3r.segment_cells(Image.from_array(plane, ["DNA"]), "DNA")


def test_a_survey_finds_the_fields_with_cells_and_the_extremes():
    plane = np.full((400, 400), 5.0, np.float32)
    plane[320:380, 220:280] = ndi.gaussian_filter(np.random.default_rng(0).random((60, 60)), 3)
    plane[0, 0] = np.nan
    known = survey(plane, "The channel", 100)
    assert known.fields == ((slice(300, 400), slice(200, 300)),)
    assert (known.darkest, known.brightest) == (plane[320:380, 220:280].min(), 5.0)


@pytest.mark.parametrize("zoom", [0.37, 0.8])
def test_a_part_of_a_grid_is_what_it_is_in_the_whole(zoom):
    plane = np.random.default_rng(0).random((200, 170)).astype(np.float32)
    grid = Grid.of(plane.shape, zoom)
    box = grid.around((slice(60, 90), slice(100, 140)), 3)
    np.testing.assert_array_equal(
        grid.shrink(plane[grid.needed(box)], box), grid.shrink(plane)[box]
    )
