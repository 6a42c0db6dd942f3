"""Structures lie where biology has them, seen in the recorded image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from napari_c3r.core.simulate import Antibody, Population, SimulatedField, simulate_field
from napari_c3r.core.simulate.presets import PROTEINS
from napari_c3r.core.simulate.structures import STRUCTURES

Mask = NDArray[np.bool_]


class Zones:
    """Parts of the cells of a field, and the mean signal over background in each."""

    def __init__(self, field: SimulatedField, channel: str) -> None:
        plane = np.asarray(field.image.channel(channel)).astype(float)
        self.plane = plane - np.median(plane[field.cells == 0])
        pixel = field.image.pixel_size_um
        self.nucleus = field.nuclei > 0
        self.cytoplasm = (field.cells > 0) & ~self.nucleus
        outside = ndimage.distance_transform_edt(~self.nucleus) * pixel
        inside = ndimage.distance_transform_edt(self.nucleus) * pixel
        edge = ndimage.minimum_filter(field.cells, 3) != ndimage.maximum_filter(field.cells, 3)
        from_edge = ndimage.distance_transform_edt(~edge) * pixel
        self.envelope = (inside < 0.6) & (outside < 0.6) & (field.cells > 0)
        self.core = inside > 1.2
        self.near = self.cytoplasm & (outside < 4) & (outside > 0.5)
        self.far = self.cytoplasm & (outside > 9)
        self.edge = (from_edge < 0.6) & self.cytoplasm & (outside > 2)
        self.inner = (from_edge > 2) & self.cytoplasm & (outside > 2)

    def mean(self, zone: Mask) -> float:
        return float(self.plane[zone].mean())

    def unevenness(self, zone: Mask) -> float:
        """Brightest hundredth over the mean."""
        return float(np.percentile(self.plane[zone], 99) / self.plane[zone].mean())


EXPECTED: dict[str, Callable[[Zones], bool]] = {
    "nucleoplasm": lambda z: z.mean(z.core) > 5 * z.mean(z.cytoplasm),
    "nucleoli": lambda z: z.mean(z.core) > 5 * z.mean(z.cytoplasm) and z.unevenness(z.core) > 2.5,
    "nuclear membrane": lambda z: z.mean(z.envelope) > 2 * max(z.mean(z.core), z.mean(z.cytoplasm)),
    "cytosol": lambda z: z.mean(z.near) > 1.4 * z.mean(z.core) > 0,
    "mitochondria": lambda z: (
        z.mean(z.near) > 8 * z.mean(z.core) and z.mean(z.near) > z.mean(z.far)
    ),
    "Golgi": lambda z: z.mean(z.near) > 3 * z.mean(z.far) and z.unevenness(z.near) > 4,
    "vesicles": lambda z: z.mean(z.near) > 4 * z.mean(z.core) and z.unevenness(z.near) > 4,
    "plasma membrane": lambda z: z.mean(z.edge) > 2 * z.mean(z.inner),
    "microtubules": lambda z: z.mean(z.cytoplasm) > 5 * z.mean(z.core),
    "endoplasmic reticulum": lambda z: z.mean(z.near) > 2 * z.mean(z.far) > 0,
}


@pytest.mark.parametrize("protein", PROTEINS, ids=lambda protein: protein.name)
def test_protein_lies_where_its_pattern_says(protein) -> None:
    field = simulate_field(
        "hpa", shape=(320, 320), pixel_size_um=0.25, n_cells=5, seed=11, phenotypes=[protein]
    )
    assert EXPECTED[protein.name](Zones(field, "protein"))


def test_every_hpa_pattern_is_a_structure_and_tested() -> None:
    assert [protein.name for protein in PROTEINS] == list(EXPECTED)
    assert set(EXPECTED) < set(STRUCTURES)


ALSO: dict[str, Callable[[Zones], bool]] = {
    "nuclear speckles": lambda z: (
        z.mean(z.core) > 5 * z.mean(z.cytoplasm) and z.unevenness(z.core) > 2
    ),
    "nuclear bodies": lambda z: (
        z.mean(z.core) > 5 * z.mean(z.cytoplasm) and z.unevenness(z.core) > 4
    ),
    "centrosome": lambda z: z.mean(z.near) > 5 * z.mean(z.far) and z.unevenness(z.near) > 5,
    "focal adhesions": lambda z: z.mean(z.edge) > 2 * z.mean(z.core) and z.unevenness(z.edge) > 4,
    "lipid droplets": lambda z: z.mean(z.near) > 5 * z.mean(z.core) and z.unevenness(z.near) > 3,
}


@pytest.mark.parametrize("name", list(ALSO))
def test_other_patterns_lie_where_they_should(name: str) -> None:
    line = PROTEINS[0].cell_line
    protein = Population(name, line, Antibody(name, {name: 1.0}))
    field = simulate_field(
        "hpa", shape=(320, 320), pixel_size_um=0.25, n_cells=5, seed=11, phenotypes=[protein]
    )
    assert ALSO[name](Zones(field, "protein"))


@pytest.fixture(scope="module")
def painted() -> SimulatedField:
    return simulate_field("cell-painting", shape=(512, 512), seed=4)


def test_dna_is_in_the_nucleus(painted: SimulatedField) -> None:
    zones = Zones(painted, "DNA")
    assert zones.mean(zones.core) > 10 * zones.mean(zones.cytoplasm)


@pytest.mark.parametrize("channel", ["ER", "Mito", "AGP"])
def test_organelles_are_dense_near_the_nucleus(painted: SimulatedField, channel: str) -> None:
    zones = Zones(painted, channel)
    assert zones.mean(zones.near) > 1.3 * zones.mean(zones.far) > 0


def test_mitochondria_are_outside_of_the_nucleus(painted: SimulatedField) -> None:
    zones = Zones(painted, "Mito")
    assert zones.mean(zones.near) > 2 * zones.mean(zones.core)


def test_rna_is_brightest_in_nucleoli(painted: SimulatedField) -> None:
    zones = Zones(painted, "RNA")
    assert zones.mean(zones.core) > 1.3 * zones.mean(zones.near)
    assert zones.unevenness(zones.core) > 2


def test_actin_marks_the_edge_of_the_cell(painted: SimulatedField) -> None:
    zones = Zones(painted, "AGP")
    edge = zones.edge & (np.asarray(painted.cells) > 0)
    assert zones.mean(edge) > zones.mean(zones.far & zones.inner)
