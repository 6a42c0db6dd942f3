"""Which cells a montage shows, from where, in which colours; and its files."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_c3r.core.figures.cell_cuts import Places, cut_cells, windows_px
from napari_c3r.core.figures.composites import Appearance, compose
from napari_c3r.core.figures.montage_choice import Choice, choose
from napari_c3r.core.images import Image
from napari_c3r.core.reduce.neighbours import Similarity
from napari_c3r.core.table import KEY, make_result

SIDE = 9
RED = np.array([(0, 0, 0), (1, 0, 0)], np.float32)
GREEN = np.array([(0, 0, 0), (0, 1, 0)], np.float32)


def coordinates(height, width, offset=0):
    """An image in which every pixel says where it is."""
    y, x = np.indices((height, width))
    return np.stack([y + offset, x + offset]).astype(np.uint16)


def table_of(images, y, x):
    obs = pd.DataFrame({"image": images, "label": np.arange(len(y)) + 1, "y_px": y, "x_px": x})
    names = sorted(set(images))
    provenance = {"images": {"name": names, "crop_window_px": [SIDE] * len(names)}}
    return make_result(obs, np.ones((len(y), 2), np.float32), [("DNA", "cls")] * 2, provenance)


def crops_of(*cut):
    return {cell.row: cell.crop for cell in cut_cells(*cut)}


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_a_crop_is_of_its_own_cell_and_image(seed):
    rng = np.random.default_rng(seed)
    offsets = {"a": 0, "b": 1000}
    images = {
        name: Image.from_array(coordinates(60, 80, offset), ["Y", "X"], name=name)
        for name, offset in offsets.items()
    }
    # In image b the channels stand the other way round.
    images["b"] = images["b"].select(["X", "Y"])
    count = 12
    of = rng.choice(list(offsets), count)
    y, x = rng.integers(5, 55, count).astype(float), rng.integers(5, 75, count).astype(float)
    y[rng.random(count) < 0.2] = np.nan
    rows = rng.permutation(count)[:7]
    found = crops_of(Places.of(table_of(of, y, x)), images, rows, ["Y", "X"], None)
    assert set(found) == {row for row in rows if np.isfinite(y[row])}
    for row, crop in found.items():
        assert crop.shape == (2, SIDE, SIDE)
        middle = crop[:, SIDE // 2, SIDE // 2] - offsets[of[row]]
        assert middle.tolist() == [y[row], x[row]]


def test_a_cell_is_shown_where_it_was_cut_out():
    table = table_of(["a", "a"], [10.0, 40.0], [10.0, 40.0])
    table.obs["crop_y_px"], table.obs["crop_x_px"] = [10.0, 20.0], [10.0, 50.0]
    image = Image.from_array(coordinates(60, 80), ["Y", "X"], name="a")
    found = crops_of(Places.of(table), {"a": image}, np.arange(2), ["Y", "X"], None)
    assert [crop[:, SIDE // 2, SIDE // 2].tolist() for _, crop in sorted(found.items())] == [
        [10, 10],
        [20, 50],
    ]


def test_cells_without_their_image_or_channel_are_left_out():
    table = table_of(["a", "b"], [10.0, 10.0], [10.0, 10.0])
    places = Places.of(table)
    image = Image.from_array(coordinates(60, 80), ["Y", "X"], name="a")
    assert list(crops_of(places, {"a": image}, np.arange(2), ["X"], 4)) == [0]
    assert list(cut_cells(places, {"a": image}, np.arange(2), ["Z"], 4)) == []


def test_the_window_is_the_encoder_s_or_follows_the_cells():
    table = table_of(["a"], [1.0], [1.0])
    assert windows_px(table)["a"] == SIDE
    table.uns[KEY] = {}
    table.obs["area_px"] = np.pi * 10**2
    assert windows_px(table)["a"] == 50


def test_choices():
    angle = np.radians([0, 1, 2, 3, 40, 90])
    vectors = np.column_stack([np.cos(angle), np.sin(angle)]).astype(np.float32)
    similarity = Similarity(vectors)
    rows = np.array([0, 1, 2, 3, 4])
    assert choose(similarity, rows, Choice.MEDOID, 3).tolist() == [3, 2, 1]
    assert choose(similarity, rows, Choice.OUTLIERS, 2).tolist() == [4, 0]
    drawn = choose(similarity, rows, Choice.RANDOM, 3)
    assert len(set(drawn)) == 3
    assert set(drawn) <= set(rows)
    assert choose(similarity, rows, Choice.RANDOM, 3).tolist() == drawn.tolist()
    assert choose(similarity, rows[:0], Choice.MEDOID, 3).tolist() == []


def test_channels_add_up_in_their_colours_as_the_viewer_shows_them():
    crop = np.stack([np.full((2, 2), 50.0), np.full((2, 2), 30.0)]).astype(np.float32)
    appearances = [
        Appearance((0, 100), RED, gamma=2.0),
        Appearance((10, 50), GREEN, opacity=0.5),
    ]
    assert compose(crop, appearances)[0, 0].tolist() == [64, 64, 0]
    hidden = Appearance((0, 1), GREEN, visible=False)
    assert compose(crop, [appearances[0], hidden])[0, 0].tolist() == [64, 0, 0]
    crop[0, 0, 0] = np.nan
    assert compose(crop, appearances)[0, 0].tolist() == [0, 64, 0]
