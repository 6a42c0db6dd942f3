"""Memory that a very large lazy image takes: 10⁵ cells of 30 000² pixels, streamed.

Once with cells that are given, and once from pixels alone: cells found tile by tile, measured, cut
out and embedded, by an encoder so small that the rest is what is measured. The second is of 9 000²
pixels, which takes minutes; ``python -m benchmarks._embed_mosaic 30000 2000 0`` is the whole.
"""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks._row import ROOT, Row

_MAX_GIB = 2.0
_LEAST_F1 = 0.85
_SIDE, _TOY_SIDE = 30_000, 1_000
_PIXELS_SIDE = 9_000

# The encoder is left out: its memory depends on the batch alone, and 10⁵ cells would take it
# half an hour. The array of their vectors is there.
_WORK = """
import sys
import dask.array as da
import numpy as np
from benchmarks._row import peak_bytes
from napari_c3r.core.cells.measure import measure_cells
from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.crops.plan import CropPlan
from napari_c3r.core.images import Image

SIDE, PITCH, CHUNK = int(sys.argv[1]), 94, 1_024

def cells(block_info=None):
    (y0, y1), (x0, x1) = block_info[None]["array-location"]
    y, x = np.mgrid[y0:y1, x0:x1]
    row, column = y // PITCH, x // PITCH
    inside = (y % PITCH - PITCH / 2) ** 2 + (x % PITCH - PITCH / 2) ** 2 < (0.4 * PITCH) ** 2
    return np.where(inside, row * 400 + column + 1, 0).astype(np.int32)

def pixels(block_info=None):
    (c0, c1), (y0, y1), (x0, x1) = block_info[None]["array-location"]
    rng = np.random.default_rng([c0, y0, x0])
    return rng.integers(100, 4000, (c1 - c0, y1 - y0, x1 - x0), np.uint16)

lengths = tuple(min(CHUNK, SIDE - start) for start in range(0, SIDE, CHUNK))
labels = da.map_blocks(cells, chunks=(lengths, lengths), dtype=np.int32)
data = da.map_blocks(pixels, chunks=((1, 1), lengths, lengths), dtype=np.uint16)
image = Image.from_array(data, ["DNA", "RNA"], 0.6)
start = peak_bytes()
table = measure_cells(image, labels)
vectors = np.zeros((len(table.obs), 1152), np.float32)
for batch in iter_crops(image, labels, table.obs, CropPlan(107, 112, "mask", ""), batch_size=64):
    vectors[batch.rows] = batch.crops.mean()
assert (vectors > 0).all()
print(len(vectors), (peak_bytes() - start) / 2**30)
"""


def rows(*, toy: bool = False) -> list[Row]:
    """Greatest resident memory above the start, in a fresh interpreter."""
    side = _TOY_SIDE if toy else _SIDE
    command = [sys.executable, "-c", _WORK, str(side)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    count, gib = done.stdout.split()
    return [_given_cells(int(count), side, float(gib)), _from_pixels(toy)]


def _given_cells(count: int, side: int, gib: float) -> Row:
    return Row(
        f"memory for {count:,} cells of a lazy {side}² image",
        f"+{gib:.2f} GiB",
        f"+{_MAX_GIB:.0f} GiB at most",
        gib <= _MAX_GIB,
    )


def _from_pixels(toy: bool) -> Row:
    side, field, in_tiles = (_TOY_SIDE, 500, 1) if toy else (_PIXELS_SIDE, 2_000, 0)
    given = [str(value) for value in (side, field, in_tiles)]
    command = [sys.executable, "-m", "benchmarks._embed_mosaic", *given]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout)
    return Row(
        f"the same, {told['cells']:,} cells found in the pixels of a {side}² image and embedded",
        f"+{told['gib']:.2f} GiB, {told['seconds'] / 60:.0f} min, F1 {told['f1']:.2f}",
        f"+{_MAX_GIB:.0f} GiB at most, F1 0.85 at least",
        told["gib"] <= _MAX_GIB and told["f1"] >= _LEAST_F1 and told["finite"],
    )
