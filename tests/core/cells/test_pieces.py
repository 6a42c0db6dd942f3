from __future__ import annotations

import re

import numpy as np
import pytest
from skimage.measure import label as connected
from skimage.measure import regionprops

from napari_c3r.core.cells.measure import measure_cells
from napari_c3r.core.cells.pieces import find_pieces, named_cells, pieces_note
from napari_c3r.core.images import Image


def scattered(seed: int) -> np.ndarray:
    """Sparse labels of few values in many pieces of all shapes."""
    rng = np.random.default_rng(seed)
    noise = rng.random((70, 53))
    values = rng.choice([3, 8, 2**40], (10, 8)).repeat(7, 0).repeat(7, 1)[:70, :53]
    return np.where(noise < rng.choice([0.2, 0.5, 0.8]), values, 0)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("block", [9, 16, 2048])
def test_pieces_are_those_of_the_whole_image_however_it_is_read(seed, block, monkeypatch):
    monkeypatch.setattr("napari_c3r.core.cells.labels.BLOCK_PX", block)
    labels = scattered(seed)
    found = find_pieces(labels)
    whole = connected(labels, connectivity=2)
    assert found["label"].tolist() == np.unique(labels[labels > 0]).tolist()
    for row in found.itertuples():
        here = regionprops(np.where(labels == row.label, whole, 0))
        here.sort(key=lambda region: (-region.area, region.bbox))
        assert (row.count, row.area) == (len(here), here[0].area)
        assert (row.y0, row.x0, row.y1, row.x1) == here[0].bbox
        assert row.total == (labels == row.label).sum()
    table = measure_cells(Image.from_array(np.ones((1, *labels.shape)), ["a"]), labels)
    assert table.pieces[["label", "count", "area"]].equals(found[["label", "count", "area"]])


def field_of(*cells):
    labels = np.zeros((20, 90), int)
    for number, boxes in enumerate(cells, 1):
        for y, x, height, width in boxes:
            labels[y : y + height, x : x + width] = number
    return labels


WHOLE = [(0, 80, 5, 5)]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (field_of([(0, 0, 9, 9)], WHOLE), ""),
        # A pixel beside a cell is what segmentations leave.
        (field_of([(0, 0, 9, 9), (12, 12, 1, 1)], WHOLE), ""),
        (
            field_of([(0, 0, 9, 9), (0, 20, 9, 9)], WHOLE),
            r"1 of 2 cells \(label 1\) is in separate pieces, 2 each.*number the cells",
        ),
        (
            field_of([(0, 0, 9, 9), *((10, 4 * x, 1, 1) for x in range(12))], WHOLE),
            r"1 of 2 cells \(label 1\) is in separate pieces, 13 each",
        ),
        (
            field_of([(0, 0, 9, 9), (0, 20, 9, 9)], [(0, 30, 9, 9), (12, 30, 5, 5)]),
            r"2 of 2 cells \(labels 1, 2\) are in separate pieces",
        ),
        (
            255 * field_of([(0, 0, 9, 9), (0, 20, 1, 1), (12, 0, 3, 3)]),
            "a single value, 255, in 3 separate pieces.*mask",
        ),
        (field_of(WHOLE), ""),
    ],
)
def test_pieces_are_told_where_they_matter(labels, said):
    note = pieces_note(find_pieces(labels))
    assert re.search(said, note) if said else note == ""
    image = Image.from_array(np.random.default_rng(0).random((1, *labels.shape)), ["a"])
    assert [n for n in measure_cells(image, labels).notes if "pieces" in n] == [note] * bool(note)


def test_some_cells_are_named_and_all_are_counted():
    assert named_cells(np.array([7]), 9) == "1 of 9 cells (label 7) is"
    assert named_cells(np.arange(8), 9) == "8 of 9 cells (labels 0, 1, 2, 3, 4, …) are"
