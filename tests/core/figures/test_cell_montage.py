"""Montages: the right cells in the right rows, their borders, and files that list them."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image as Pixels

import napari_c3r as c3r
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.composites import compose
from napari_c3r.core.figures.drawing import Box, Path, Picture, Words
from napari_c3r.core.figures.drawing_files import svg
from napari_c3r.core.figures.looks import channel_looks
from napari_c3r.core.figures.montage_choice import (
    Choice,
    Group,
    MontageChoice,
    choose_cells,
    groups_by,
    groups_of_flags,
)
from napari_c3r.core.figures.montage_figure import TILE_PX, montage_figure, nice_length, outlines
from napari_c3r.core.figures.montage_files import write_montage
from napari_c3r.core.figures.tiles import (
    DIMMED,
    EACH,
    TileStyle,
    draw_tile,
    outline_of,
    panels,
    shown_channels,
)
from napari_c3r.core.images import Image
from napari_c3r.core.reduce.neighbours import Similarity
from napari_c3r.core.table import make_result

NAMES = ("DNA", "RNA", "Mito")
SIDE, PITCH = 96, 24


def field(name, size=0.5):
    """16 square cells in a grid; the first channel says which cell a pixel is of."""
    y, x = np.indices((SIDE, SIDE))
    number = (y // PITCH) * 4 + x // PITCH + 1
    inside = (y % PITCH >= 8) & (y % PITCH < 16) & (x % PITCH >= 6) & (x % PITCH < 18)
    labels = np.where(inside, number * 10, 0).astype(np.int32)
    pixels = np.stack([number * 100, y, x]).astype(np.uint16)
    return Image.from_array(pixels, NAMES, size, name=name), labels


def made(names=("one", "two"), sizes=(0.5, 0.5)):
    fields = {name: field(name, size) for name, size in zip(names, sizes, strict=True)}
    rows = []
    for name, (_, labels) in fields.items():
        for label in np.unique(labels[labels > 0]):
            y, x = np.argwhere(labels == label).mean(axis=0)
            rows.append({"image": name, "label": label, "y_px": y, "x_px": x, "area_px": 96})
    obs = pd.DataFrame(rows).sample(frac=1, random_state=0).reset_index(drop=True)
    group = np.arange(len(obs)) % 3
    obs["cluster"] = pd.Categorical(np.array(["0", "1", "noise"])[group], ["0", "1", "noise"])
    obs["well"] = np.array(["B02", "A01"])[np.arange(len(obs)) % 2]
    obs["neighbours_changed_swap"] = np.arange(len(obs), dtype=float)[::-1]
    angle = np.radians(np.arange(len(obs)) * 2.0 + group * 100)
    vectors = np.column_stack([np.cos(angle), np.sin(angle)]).astype(np.float32)
    provenance = {"images": {"name": list(names), "crop_window_px": [20] * len(names)}}
    table = make_result(obs, vectors, [("RNA", "cls")] * 2, provenance)
    images = {name: image for name, (image, _) in fields.items()}
    return table, images, {name: labels for name, (_, labels) in fields.items()}


@pytest.fixture(scope="module")
def world():
    return made()


def rows_shown(montage):
    return {row.name: [cell.row for cell in row.cells] for row in montage.rows}


def test_each_row_holds_cells_of_its_group_in_the_order_chosen(world):
    table, images, labels = world
    similarity = Similarity(np.asarray(table.X))
    montage = c3r.montage(table, images, labels, by="cluster", which="typical", count=4)
    shown = rows_shown(montage)
    assert list(shown) == ["0", "1", "noise"]
    for name, rows in shown.items():
        group = np.flatnonzero(table.obs["cluster"] == name)
        centre = similarity.medoid(group)
        likeness = similarity.to(centre, group)
        assert rows == group[np.argsort(-likeness, kind="stable")][:4].tolist()
    assert [row.total for row in montage.rows] == [11, 11, 10]
    # What is cut out is the cell itself.
    for cell in montage.cells:
        own = table.obs.iloc[cell.row]
        assert cell.crop[0, 10, 10] == own["label"] * 10
        assert cell.mask.sum() == own["area_px"]


@pytest.mark.parametrize("which", list(Choice))
def test_every_choice_gives_cells_of_the_group(world, which):
    table, _, _ = world
    similarity, groups = Similarity(np.asarray(table.X)), groups_by(table, "well", np.arange(32))
    assert [group.name for group in groups] == ["A01", "B02"]
    choice = MontageChoice(which, 5, "well", like=3)
    for group, chosen in zip(groups, choose_cells(table, similarity, groups, choice), strict=True):
        assert len(set(chosen.rows)) == 5
        assert set(chosen.rows) <= set(group.rows)
        assert chosen.total == 16
        if which is Choice.MOVED:
            assert chosen.rows.tolist() == sorted(group.rows)[:5]
        if which is Choice.ALIKE:
            assert (np.diff(chosen.similarity) <= 0).all()
            assert (chosen.rows[0] == 3) == (3 in group.rows)
    again = choose_cells(table, similarity, groups, choice)
    assert [chosen.rows.tolist() for chosen in again] == [
        chosen.rows.tolist() for chosen in choose_cells(table, similarity, groups, choice)
    ]


def test_groups_that_overlap_show_a_cell_in_each(world):
    table, _, _ = world
    flags = {"all": np.ones(32, bool), "few": np.arange(32) < 3, "none": np.zeros(32, bool)}
    groups = groups_of_flags(flags, np.arange(2, 32))
    assert [(group.name, len(group.rows)) for group in groups] == [("all", 30), ("few", 1)]
    chosen = choose_cells(
        table, Similarity(np.asarray(table.X)), groups, MontageChoice(Choice.MEDOID, 40)
    )
    assert 2 in chosen[0].rows
    assert chosen[1].rows.tolist() == [2]


def test_cells_are_chosen_among_those_of_a_gate(world):
    table, images, labels = world
    gated = table.copy()
    gated.obs["gate_few"] = np.arange(32) % 4 == 1
    for among, of in (("gate_few", "gate “few”"), (gated.obs["gate_few"], "the selected cells")):
        montage = c3r.montage(gated, images, labels, among=among, count=40)
        assert rows_shown(montage) == {"": list(range(1, 32, 4))}
        assert of in montage.sentence


def test_what_cannot_be_chosen_is_said_in_one_line(world):
    table, images, _ = world
    plain = table.copy()
    del plain.obs["neighbours_changed_swap"]
    similarity, groups = Similarity(np.asarray(table.X)), (Group("", np.arange(3)),)
    for choice, said in (
        (MontageChoice(Choice.MOVED), "run the diagnostics"),
        (MontageChoice(Choice.ALIKE), "Point at a cell first"),
    ):
        with pytest.raises(InputError, match=said):
            choose_cells(plain, similarity, groups, choice)
    with pytest.raises(InputError, match="which is 'best'; give one of 'random'"):
        c3r.montage(table, images, which="best")
    with pytest.raises(InputError, match="has no column 'wel'"):
        c3r.montage(table, images, by="wel")
    for among, said in (
        ("gate_none", "no column 'gate_none' to choose cells by"),
        ("cluster", "give true or false for each of the 32 cells"),
        ([True], "give true or false for each of the 32 cells"),
        (np.zeros(32, bool), "There is no cell to choose from"),
    ):
        with pytest.raises(InputError, match=said):
            c3r.montage(table, images, among=among)
    with pytest.raises(InputError, match="no image"):
        c3r.montage(table, {})
    with pytest.raises(InputError, match="None of these cells"):
        c3r.montage(table, field("other")[0])


def test_a_tile_outlines_its_cell_and_dims_all_else():
    crop = np.full((3, 20, 20), 100.0, np.float32)
    looks = {
        name: type(look)((0.0, 200.0), look.colours) for name, look in channel_looks(NAMES).items()
    }
    mask = np.zeros((20, 20), bool)
    mask[5:12, 6:15] = True
    pictures = panels(NAMES, looks, "DNA")
    plain = draw_tile(crop, mask, pictures, TileStyle(outlined=False), 20)
    line = np.zeros((20, 20), bool)
    line[4:13, 5:16] = True
    line &= ~mask
    np.testing.assert_array_equal(outline_of(mask), line)
    drawn = draw_tile(crop, mask, pictures, TileStyle(dimmed=True), 20)
    assert (drawn[line] == 255).all()
    np.testing.assert_array_equal(drawn[mask], plain[mask])
    rest = ~mask & ~line
    np.testing.assert_array_equal(drawn[rest], np.round(plain[rest] * DIMMED))
    # Without labels nothing is made up.
    np.testing.assert_array_equal(
        draw_tile(crop, None, pictures, TileStyle(dimmed=True), 20), plain
    )
    # At another size, the line is where the cell ends there.
    large = draw_tile(crop, mask, pictures, TileStyle(), 60)
    assert (large[14, 30] == 255).all()
    assert not (large[15, 30] == 255).all()


def test_channels_side_by_side_are_each_alone_in_their_order():
    crop = np.stack([np.full((8, 8), level, np.float32) for level in (10, 20, 30)])
    looks = {
        name: type(look)((0.0, 30.0), look.colours, visible=look.visible)
        for name, look in channel_looks(NAMES).items()
    }
    drawn = draw_tile(crop, None, panels(NAMES, looks, EACH), TileStyle(EACH), 8)
    assert drawn.shape == (8, 24, 3)
    for number, name in enumerate(NAMES):
        alone = draw_tile(crop, None, panels(NAMES, looks, name), TileStyle(name), 8)
        np.testing.assert_array_equal(drawn[:, 8 * number : 8 * number + 8], alone)
    assert shown_channels(NAMES, looks, EACH) == NAMES
    assert shown_channels(NAMES, looks, "Mito") == ("Mito",)
    assert shown_channels(NAMES, looks, "composite") == ("DNA", "RNA")
    whole = draw_tile(crop, None, panels(NAMES, looks, "gone"), TileStyle("gone"), 8)
    np.testing.assert_array_equal(whole, compose(crop, list(looks.values())))


@pytest.mark.parametrize(
    ("field_width", "bar"), [(10, 2), (20, 5), (30, 10), (62, 20), (3, 1), (0.9, 0.2), (700, 200)]
)
def test_bars_are_round_and_at_most_a_third(field_width, bar):
    assert nice_length(field_width) == pytest.approx(bar)


def bars(drawing, colour):
    return [mark for mark in drawing.marks if isinstance(mark, Box) and mark.fill == colour]


def test_the_scale_bar_is_as_long_as_it_says(world):
    table, images, labels = world
    drawing = montage_figure(c3r.montage(table, images, labels, count=4))
    # 20 px of 0.5 µm across a tile.
    (bar,) = bars(drawing, "ink")
    assert bar.width == pytest.approx(2 / 10 * TILE_PX)
    assert "2 µm" in [mark.text for mark in drawing.marks if isinstance(mark, Words)]
    unknown, images, labels = made(sizes=(None, None))
    drawing = montage_figure(c3r.montage(unknown, images, labels, count=4))
    (bar,) = bars(drawing, "ink")
    assert bar.width == pytest.approx(5 / 20 * TILE_PX)
    assert "5 px" in [mark.text for mark in drawing.marks if isinstance(mark, Words)]


def test_pictures_of_different_scales_have_bars_of_their_own():
    table, images, labels = made(sizes=(0.5, 0.25))
    montage = c3r.montage(table, images, labels, by="image", count=2)
    drawing = montage_figure(montage)
    assert not bars(drawing, "ink")
    own = bars(drawing, "#ffffff")
    assert [bar.tip for bar in own] == ["2 µm"] * 2 + ["1 µm"] * 2
    assert [bar.width / TILE_PX for bar in own] == pytest.approx([2 / 10] * 2 + [1 / 5] * 2)
    assert "bars: see each picture" in [m.text for m in drawing.marks if isinstance(m, Words)]


def test_the_line_of_a_figure_is_the_border_of_the_label():
    mask = np.zeros((20, 20), bool)
    mask[6:14, 4:16] = True
    (line,) = outlines(mask, 100.0, 200.0, 40.0)
    x, y = np.array(line).T
    assert (x.min(), x.max()) == (108.0, 132.0)
    assert (y.min(), y.max()) == (212.0, 228.0)
    assert line[0] == line[-1]


def test_a_figure_has_rows_cells_and_key(world):
    table, images, labels = world
    montage = c3r.montage(table, images, labels, by="well", count=3, show=EACH)
    drawing = montage_figure(montage)
    pictures = [mark for mark in drawing.marks if isinstance(mark, Picture)]
    assert len(pictures) == 2 * 3 * len(NAMES)
    assert len([mark for mark in drawing.marks if isinstance(mark, Path)]) == len(pictures)
    words = [mark.text for mark in drawing.marks if isinstance(mark, Words)]
    assert {"A01", "B02", "3 of 16", *NAMES} <= set(words)
    right = max(picture.x + picture.width for picture in pictures)
    assert right == pytest.approx(drawing.width)
    first = montage.cells[0]
    np.testing.assert_array_equal(
        pictures[1].pixels, compose(first.crop, panels(NAMES, montage.looks, "RNA")[0])
    )


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".tif"])
def test_files_list_their_cells(world, tmp_path, suffix):
    table, images, labels = world
    montage = c3r.montage(table, images, labels, by="cluster", count=2)
    path, listed, *_ = write_montage(montage, tmp_path / f"cells{suffix}")
    frame = pd.read_csv(listed)
    assert frame.columns[:4].tolist() == ["row", "place", "image", "label"]
    wanted = table.obs.iloc[[cell.row for cell in montage.cells]]
    assert frame["image"].tolist() == wanted["image"].astype(str).tolist()
    assert frame["label"].tolist() == wanted["label"].tolist()
    assert frame["row"].tolist() == wanted["cluster"].astype(str).tolist()
    content = path.read_bytes()
    if suffix == ".pdf":
        assert content.startswith(b"%PDF")
    elif suffix == ".svg":
        assert len(re.findall("<image ", content.decode())) == 6
    elif suffix == ".png":
        with Pixels.open(path) as picture:
            assert picture.size[0] > 400
    else:
        with tifffile.TiffFile(path) as file:
            pixels, metadata = file.asarray(), file.imagej_metadata
            assert file.series[0].axes == "TCYX"
        assert pixels.dtype == np.uint16
        np.testing.assert_array_equal(pixels[1], montage.cells[1].crop)
        label = wanted["label"].iloc[1]
        assert metadata["Labels"][4] == f"{wanted['image'].iloc[1]}:{label} RNA"
        assert [cell["label"] for cell in json.loads(metadata["Info"])["cells"]] == (
            wanted["label"].tolist()
        )


def test_a_formula_in_a_name_is_escaped_and_odd_files_are_refused(world, tmp_path):
    table, images, labels = world
    risky = table.copy()
    risky.obs["drug"] = "=1+1"
    c3r.montage(risky, images, labels, count=2, path=tmp_path / "cells.svg")
    assert "'=1+1" in (tmp_path / "cells.csv").read_text()
    montage = c3r.montage(table, images, labels, count=2)
    assert "<title>" in svg(montage_figure(montage))
    with pytest.raises(InputError, match=r"ends in '\.jpg'"):
        write_montage(montage, tmp_path / "cells.jpg")
    empty = type(montage)((), {}, NAMES, montage.looks)
    with pytest.raises(InputError, match="no cell to save"):
        write_montage(empty, tmp_path / "cells.png")
