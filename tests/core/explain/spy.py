"""An encoder whose attention is known: it sees the middle of one channel and nothing else."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import numpy as np

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.encoder import Encoder
from napari_c3r.core.encoder.families.cce import CceConfig
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image

ROLES = ChannelAssignment({"DNA": "context", "ER": "context", "RNA": "concept", "AGP": "concept"})
SIDE = 32
N_DIMS = 4
CONFIG = CceConfig(
    name="spy", width=4, heads=1, input_size=SIDE, field_um=40.0, neighbours="keep", trained=True
)


_AWAY = np.hypot(*(np.indices((SIDE, SIDE)) - (SIDE - 1) / 2))
# About as many pixels in each, so that none hangs on a few.
RINGS = [(low <= _AWAY) & (high > _AWAY) for low, high in pairwise((0, 3.5, 5))]


class SpyRun:
    """The mean of RNA in two rings round the middle, as angles; of AGP where there is no RNA."""

    device, precision, concept_mode, readout = "cpu", "float32", "joint", "cls"
    numbers: tuple[str, ...] = ()

    def __init__(self, assignments, names, options):
        self._assignments, self._names = assignments, list(names)
        self.batch_size = 8
        self.columns = self._columns(assignments[0])
        self.all_columns = tuple(self._columns(roles) for roles in assignments)
        self.notes: list[str] = []
        self.seen = 0

    def _columns(self, roles):
        return (("+".join(roles.concept), "cls"),) * N_DIMS

    def _vectors(self, crops, roles):
        channel = "RNA" if "RNA" in roles.used else "AGP"
        plane = np.asarray(crops)[:, self._names.index(channel)]
        angles = np.stack([plane[:, ring].mean(axis=1) for ring in RINGS], axis=1) / 100
        return np.concatenate([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    def run(self, crops):
        return self._vectors(crops, self._assignments[0])

    run_with_numbers = run

    def run_all(self, crops):
        return [self._vectors(crops, roles) for roles in self._assignments]

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


class Spy(Encoder):
    """It needs DNA as context, as an encoder of fixed stains does."""

    devices = ("cpu",)
    n_weights = 0

    def __init__(self, weights_hash="0" * 64):
        super().__init__(CONFIG, "", weights_hash)

    def release(self):
        pass

    def n_dims(self, assignment: ChannelAssignment, concept_mode=None, readout=None):
        if "DNA" not in assignment.context:
            raise InputError("The spy needs DNA")
        return N_DIMS

    def start(self, assignment, channel_names, options=None):
        return SpyRun([assignment], channel_names, options)

    def start_variants(self, assignments, channel_names, options=None):
        return SpyRun(assignments, channel_names, options)


def grid_of_cells():
    """36 round cells in a grid, each channel of each with a profile of its own."""
    n, step, rng = 6, 34, np.random.default_rng(0)
    data = rng.normal(100, 2, (4, n * step, n * step))
    cells = np.zeros(data.shape[1:], np.int32)
    away = np.hypot(*(np.indices((step, step)) - (step - 1) / 2))
    for label in range(1, n * n + 1):
        y, x = step * ((label - 1) // n), step * ((label - 1) % n)
        part = slice(y, y + step), slice(x, x + step)
        cells[part][away < 13] = label
        for plane in data[:, *part]:
            rings = rng.normal(300, 150, 14)
            plane += np.where(away < 13, rings[away.astype(int).clip(max=13)], 0)
    nuclei = np.where(np.isin(cells, 0), 0, cells)
    nuclei[:, ::2] = 0
    image = Image.from_array(data.astype(np.float32), list(ROLES.names), name="field")
    return SimpleNamespace(image=image, cells=cells, nuclei=nuclei)
