"""One simulated experiment: its ids, its plates, the crops of its cells and what is true of them.

An experiment has one cell line and a few treatments or proteins, each of which is an id. Every
plate of it has other optics, stain strengths and density, and shows every id, so that what tells
the ids apart is the cells and never the microscope. In some plates the ids share their fields, in
others each has its own, as in wells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.crops.plan import CropPlan
from napari_c3r.core.encoder.config import Neighbours
from napari_c3r.core.simulate import Assay, CellLine, Population, SimulatedPlanes, simulate_planes
from napari_c3r.core.simulate.structures import STRUCTURES
from training.data.cropset import stretch
from training.simulate.assay import (
    ACTIN,
    AGP,
    DNA,
    ER,
    MITO,
    PROTEIN,
    REPORTER,
    RNA,
    TUBULIN,
    Stain,
    draw_assay,
)
from training.simulate.draw import (
    Treatment,
    draw_antibody,
    draw_cell_line,
    draw_reporter,
    draw_treatment,
    seen_parts,
    untreated,
)
from training.simulate.ranges import positions

LICENCE = "CC0"

_CELLS_PER_PLATE = 10  # of each id
_BORDER_UM = 24.0  # nearer to the border of the field too little of a cell's crop is seen
_MARGIN_UM = 4.0  # cells so near to the border are not kept, so that they need not be whole


@dataclass(frozen=True)
class Layout:
    """The channels of a crop set and the role that a user would give each.

    Attributes
    ----------
    stains
        What each channel shows.
    roles
        Role by channel name.
    """

    stains: tuple[Stain, ...]
    roles: dict[str, str]

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of the channels, in order."""
        return tuple(stain.name for stain in self.stains)

    @property
    def shows_antibodies(self) -> bool:
        """Whether a channel shows the population's own antibody."""
        return any(stain.mixture is None for stain in self.stains)


LAYOUTS: dict[str, Layout] = {
    "dna-tubulin-actin": Layout(
        (DNA, TUBULIN, ACTIN), {"DNA": "context", "tubulin": "concept", "actin": "concept"}
    ),
    "cell-painting": Layout(
        (DNA, ER, RNA, AGP, MITO),
        {
            "DNA": "context",
            "ER": "context",
            "RNA": "concept",
            "AGP": "concept",
            "Mito": "concept",
        },
    ),
    "hpa": Layout(
        (replace(TUBULIN, name="microtubules"), PROTEIN, replace(DNA, name="nucleus"), ER),
        {"microtubules": "context", "protein": "concept", "nucleus": "context", "ER": "context"},
    ),
    "reporter": Layout((DNA, REPORTER), {"DNA": "context", "GFP reporter": "concept"}),
    "nucleus": Layout((DNA,), {"DNA": "both"}),
}
"""What `simulate_cells` can write, by name."""


Part = tuple[NDArray[np.uint8], pd.DataFrame]
"""Crops and a row for each."""

Surroundings = Literal["keep", "mask", "either"]
"""What becomes of the neighbours in a crop; "either" draws for each plate, so that cells of one id
are seen with and without theirs."""


def simulate_experiment(
    layout: str,
    seed: int,
    size_px: int,
    field_um: float,
    neighbours: Surroundings,
    index: int,
) -> Part:
    """Simulate the plates of one experiment.

    Parameters
    ----------
    layout
        One of `LAYOUTS`.
    seed, index
        Which experiment.
    size_px, field_um
        Side of a crop in pixels and in micrometres.
    neighbours
        Whether crops show the neighbours of their cell.

    Returns
    -------
    crops : ndarray
        (n, C, size_px, size_px), every channel of every crop stretched over its range.
    table : DataFrame
        A row for each crop, the columns of `simulate_cells`.
    """
    rng = np.random.default_rng([seed, index])
    name = f"{layout}-{seed}-{index}"
    kinds = _draw_kinds(LAYOUTS[layout], name, rng)
    lines = {p.cell_line.name: p.cell_line for populations in kinds for p in populations}
    parts = []
    for plate in range(2 + int(rng.random() < 0.35)):
        assay = draw_assay(rng, LAYOUTS[layout].stains, name=f"{name}-plate{plate}")
        masked = neighbours == "mask" or (neighbours == "either" and rng.random() < 0.5)
        for well, (field, density) in enumerate(_fields(assay, kinds, rng)):
            crops, cells = _cut(field, size_px, field_um, masked, rng)
            table = _describe(cells, lines, kinds)
            table["cell_line"] = f"{name}-line"
            table["plate"], table["well"] = assay.name, f"well{well}"
            table["pixel_size_um"], table["cells_per_mm2"] = assay.pixel_size_um, density
            table["neighbours"] = "mask" if masked else "keep"
            parts.append((crops, table))
    crops = np.concatenate([crops for crops, _ in parts])
    table = pd.concat([table for _, table in parts], ignore_index=True)
    return crops, table.assign(source="simulated", licence=LICENCE, split="train")


def _draw_kinds(
    layout: Layout, name: str, rng: np.random.Generator
) -> list[tuple[Population, ...]]:
    """Draw the ids of an experiment, each as its populations: one cell line, several treatments."""
    line = draw_cell_line(rng, f"{name}-line")
    patterns = (pattern for stain in layout.stains for pattern in stain.mixture or ())
    parts = seen_parts(patterns)
    strength = rng.uniform(0.25, 0.7)
    kinds = []
    for number in range(int(rng.integers(4, 8))):
        kind = f"{name}-{number}"
        treated = rng.random() < (0.4 if layout.shows_antibodies else 1.0) and number > 0
        if treated:
            treatment = draw_treatment(line, rng, kind, strength, parts)
        else:
            treatment = untreated(line, rng, kind)
        antibody = None
        if layout.shows_antibodies:
            draw = draw_reporter if REPORTER in layout.stains else draw_antibody
            antibody = draw(rng, f"{kind}-antibody")
        kinds.append(_named(treatment, kind).populations(antibody))
    return kinds


def _named(treatment: Treatment, kind: str) -> Treatment:
    """Name every line after its treatment, so that the truth on a cell can be looked up."""
    states = tuple(
        (replace(line, name=f"{kind}|{line.name.partition(', ')[2] or 'interphase'}|{number}"), s)
        for number, (line, s) in enumerate(treatment.states)
    )
    return replace(treatment, states=states)


def _fields(
    assay: Assay, kinds: list[tuple[Population, ...]], rng: np.random.Generator
) -> Iterator[tuple[SimulatedPlanes, float]]:
    """Simulate the fields of a plate, and give their densities."""
    shared = rng.random() < 0.7
    for group in [kinds] if shared else [[kind] for kind in kinds]:
        density = assay.cells_per_mm2 * float(np.exp(0.2 * rng.standard_normal()))
        wanted = _CELLS_PER_PLATE * len(group)
        side_um = np.sqrt(1e6 * wanted / density) + 2 * _BORDER_UM
        side = max(round(side_um / assay.pixel_size_um), 64)
        field = simulate_planes(
            assay,
            shape=(side, side),
            n_cells=max(round(density * (side * assay.pixel_size_um) ** 2 / 1e6), 1),
            seed=int(rng.integers(2**31)),
            phenotypes=[population for kind in group for population in kind],
            margin_um=_MARGIN_UM,
        )
        yield field, density


def _cut(
    field: SimulatedPlanes, size_px: int, field_um: float, masked: bool, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], pd.DataFrame]:
    """Cut out the cells that lie well inside the field, in random order."""
    pixel = field.pixel_size_um
    truth = field.truth
    high, wide = field.shape[1:]
    border = _BORDER_UM / pixel
    inside = truth["y_px"].between(border, high - border)
    inside &= truth["x_px"].between(border, wide - border)
    cells = truth[inside].sample(frac=1, random_state=rng).reset_index(drop=True)
    neighbours: Neighbours = "mask" if masked else "keep"
    plan = CropPlan(max(round(field_um / pixel), 1), size_px, neighbours, f"{field_um:g} µm")
    crops = np.zeros((len(cells), field.shape[0], size_px, size_px), np.uint8)
    for batch in iter_crops(field, field.cells, cells, plan, batch_size=64):
        crops[batch.rows] = stretch(batch.crops)
    return crops, cells


def _describe(
    cells: pd.DataFrame, lines: dict[str, CellLine], kinds: list[tuple[Population, ...]]
) -> pd.DataFrame:
    """One row for each cell: its id, and what is true of it and of its kind."""
    table = cells[["radius_um", "nucleus_radius_um", "touches_border"]].copy()
    table.insert(0, "id", cells["phenotype"])
    table["state"] = cells["cell_line"].str.split("|").str[1]
    of_line = {name: positions(line) for name, line in lines.items()}
    truth = pd.DataFrame([of_line[name] for name in cells["cell_line"]], index=table.index)
    mixtures = {kind[0].name: kind[0].antibody.mixture for kind in kinds if kind[0].antibody}
    if mixtures:
        rows = [[mixtures[kind].get(p, 0.0) for p in STRUCTURES] for kind in table["id"]]
        mixed = pd.DataFrame(rows, table.index, list(STRUCTURES), "float32")
        table = table.join(mixed.add_prefix("mixture."))
    return table.join(truth.astype("float32").add_prefix("truth."))
