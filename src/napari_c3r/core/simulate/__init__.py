"""Simulated cells with known truth: sample data, tests, and an endless supply for training."""

from __future__ import annotations

from napari_c3r.core.simulate.field import (
    SimulatedField,
    SimulatedPlanes,
    simulate_field,
    simulate_planes,
)
from napari_c3r.core.simulate.parameters import (
    Antibody,
    Assay,
    CellLine,
    Channel,
    Optics,
    Population,
)
from napari_c3r.core.simulate.samples import sample_field

__all__ = [
    "Antibody",
    "Assay",
    "CellLine",
    "Channel",
    "Optics",
    "Population",
    "SimulatedField",
    "SimulatedPlanes",
    "sample_field",
    "simulate_field",
    "simulate_planes",
]
