"""What embedding is said to cost before the run, beside what it then costs, in a fresh process."""

from __future__ import annotations

import subprocess
import sys

from benchmarks._row import ROOT, Row

# A user plans by it: an hour must not become two.
_MAX_APART = 2.0
_CHANNELS = (2, 5)
_CELLS, _TOY_CELLS = (300, 200), (10, 10)

_WORK = """
import sys, time
import numpy as np
from benchmarks._row import peak_bytes
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.embed.field import FieldEmbedder
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.encoder import load_encoder
from napari_c3r.core.embed.estimate import estimate
from napari_c3r.core.images import Image

channels, count = int(sys.argv[1]), int(sys.argv[2])
pitch, across = (48, 20) if channels == 2 else (200, 10)
y, x = np.mgrid[: -(-count // across) * pitch, : across * pitch]
inside = np.hypot(y % pitch - pitch / 2, x % pitch - pitch / 2) < 0.4 * pitch
labels = np.where(inside, y // pitch * across + x // pitch + 1, 0).astype(np.int32)
labels[labels > count] = 0
pixels = np.random.default_rng(0).integers(100, 4000, (channels, *labels.shape), np.uint16)
names = ["DNA", "RNA", "ER", "AGP", "Mito"][:channels]
image = Image.from_array(pixels, names, 0.65)
# What libraries take for themselves is no cost of the run.
import pandas as pd
import torch
from napari_c3r.core.table import make_result
from napari_c3r.core.table.provenance import versions

torch.nn.functional.linear(torch.ones(1, 2), torch.ones(2, 2))
few = pd.DataFrame({"image": "a", "label": [1], "y_px": 0.0, "x_px": 0.0})
make_result(few, np.zeros((1, 1), np.float32), [("DNA", "cls")], {"versions": versions()})
start = peak_bytes()
job = EmbedJob(image, labels, ChannelAssignment.suggest(names), load_encoder())
found = estimate(job, count)
began = time.perf_counter()
run = FieldEmbedder(job)
for _ in run.steps():
    pass
result = run.result()
taken = time.perf_counter() - began
assert len(result) == count
used = peak_bytes() - start
print(found.seconds, taken, found.memory_bytes, used)
"""


def rows(*, toy: bool = False) -> list[Row]:
    """Said and real seconds and memory, for few and many channels and cells."""
    found = []
    for channels, count in zip(_CHANNELS, _TOY_CELLS if toy else _CELLS, strict=True):
        command = [sys.executable, "-c", _WORK, str(channels), str(count)]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        said_s, real_s, said_bytes, real_bytes = (float(word) for word in done.stdout.split())
        cells = f"{count} cells of {channels} channels"
        for what, said, real, unit in (
            ("time", said_s, real_s, "s"),
            ("memory", said_bytes / 2**20, real_bytes / 2**20, "MiB"),
        ):
            held = real / _MAX_APART <= said <= real * _MAX_APART
            value = f"{said:.3g} of {real:.3g} {unit}"
            budget = f"within a factor of {_MAX_APART:g}"
            found.append(Row(f"estimated / real {what} of {cells}", value, budget, held))
    return found
