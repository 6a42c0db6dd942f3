"""A field of view with known truth: cells placed, stained, seen and recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.simulate.cells import Cells, Labels
from napari_c3r.core.simulate.filaments import Threads, draw
from napari_c3r.core.simulate.optics import detect, illumination, lift, through_lens
from napari_c3r.core.simulate.parameters import Antibody, Assay, Channel, Population
from napari_c3r.core.simulate.placing import plan_cells
from napari_c3r.core.simulate.presets import ASSAYS
from napari_c3r.core.simulate.rasterise import rasterise
from napari_c3r.core.simulate.scene import Scene
from napari_c3r.core.simulate.structures import STRUCTURES
from napari_c3r.core.simulate.texture import Field, blur

if TYPE_CHECKING:
    from napari_c3r.core.images import Image


@dataclass(frozen=True, eq=False)
class SimulatedField:
    """A simulated image and the truth about it.

    `nuclei` and `cells` are int32 `(Y, X)`, a cell and its nucleus sharing a label, numbered 1 to
    n without gaps. `truth` has one row for each label, in order: `label`, `phenotype`,
    `cell_line`, `protein`, `y_px`, `x_px` (the middle of the nucleus), `radius_um`,
    `nucleus_radius_um` and `touches_border`.
    """

    image: Image
    nuclei: Labels
    cells: Labels
    truth: pd.DataFrame


@dataclass(frozen=True, eq=False)
class SimulatedPlanes:
    """A simulated field as plain arrays, `nuclei`, `cells` and `truth` as in `SimulatedField`.

    `data` is uint16 `(C, Y, X)`, one plane for each of the `channel_names`.
    """

    data: NDArray[np.uint16]
    channel_names: tuple[str, ...]
    pixel_size_um: float
    name: str
    nuclei: Labels
    cells: Labels
    truth: pd.DataFrame

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width in pixels."""
        channels, height, width = self.data.shape
        return channels, height, width


def simulate_field(
    kind: str | Assay = "cell-painting",
    *,
    shape: tuple[int, int] = (1024, 1024),
    n_cells: int | None = None,
    pixel_size_um: float | None = None,
    seed: int = 0,
    phenotypes: Sequence[Population] | None = None,
    margin_um: float = 14.0,
) -> SimulatedField:
    """Simulate one multi-channel field of view of cultured cells.

    Parameters
    ----------
    kind
        `"cell-painting"` (DNA, ER, RNA, AGP, Mito; widefield 20×), `"hpa"` (microtubules,
        protein, nucleus, ER; confocal), or an `Assay` of your own.
    shape
        Rows and columns in pixels, each at least 32.
    n_cells
        About how many cells to place in the field; fewer when they find no room. None takes the
        assay's usual density.
    pixel_size_um
        Side of a pixel in µm; None takes the assay's.
    seed
        The same seed gives the same field, at least 0.
    phenotypes
        Cell populations to mix, by their `share`; None takes the assay's.
    margin_um
        Drawn round the field and cut off, so that cells at its border are whole.

    Raises
    ------
    InputError
        If the kind is unknown, a size is out of range, or a channel has no antibody.
    """
    # Only here, so that training can simulate where no lazy arrays are installed.
    from napari_c3r.core.images import Image

    made = simulate_planes(
        kind,
        shape=shape,
        n_cells=n_cells,
        pixel_size_um=pixel_size_um,
        seed=seed,
        phenotypes=phenotypes,
        margin_um=margin_um,
    )
    image = Image.from_array(made.data, made.channel_names, made.pixel_size_um, made.name)
    return SimulatedField(image, made.nuclei, made.cells, made.truth)


def simulate_planes(
    kind: str | Assay = "cell-painting",
    *,
    shape: tuple[int, int] = (1024, 1024),
    n_cells: int | None = None,
    pixel_size_um: float | None = None,
    seed: int = 0,
    phenotypes: Sequence[Population] | None = None,
    margin_um: float = 14.0,
) -> SimulatedPlanes:
    """Simulate a field as plain arrays; see `simulate_field`."""
    assay = _assay(kind)
    pixel_size = assay.pixel_size_um if pixel_size_um is None else pixel_size_um
    populations = tuple(assay.populations if phenotypes is None else phenotypes)
    _check(assay, populations, shape, n_cells, pixel_size, seed)
    rng = np.random.default_rng(seed)
    margin = round(margin_um / pixel_size)
    padded = (shape[0] + 2 * margin, shape[1] + 2 * margin)
    extent = (padded[0] * pixel_size, padded[1] * pixel_size)
    crowding = padded[0] * padded[1] / (shape[0] * shape[1])
    wanted = assay.cells_per_mm2 * shape[0] * shape[1] * pixel_size**2 / 1e6
    count = round((wanted if n_cells is None else n_cells) * crowding)
    plans = plan_cells(populations, extent, max(count, 1), rng, assay.clustering)
    cells = rasterise(plans, populations, padded, pixel_size, rng)
    planes = _record(assay, cells, seed, margin, rng)
    inner = (slice(margin, margin + shape[0]), slice(margin, margin + shape[1]))
    return _with_truth(assay, cells, planes, inner)


def _assay(kind: str | Assay) -> Assay:
    if isinstance(kind, Assay):
        return kind
    if kind not in ASSAYS:
        raise InputError(f"Unknown kind of field {kind!r}: choose one of {', '.join(ASSAYS)}.")
    return ASSAYS[kind]


def _check(
    assay: Assay,
    populations: Sequence[Population],
    shape: tuple[int, int],
    n_cells: int | None,
    pixel_size_um: float,
    seed: int,
) -> None:
    if len(shape) != 2 or min(shape) < 32:
        raise InputError(f"The shape is {shape}: give two sides of at least 32 pixels.")
    if n_cells is not None and n_cells < 1:
        raise InputError(f"The number of cells is {n_cells}: give at least 1.")
    if not pixel_size_um > 0:
        raise InputError(f"The pixel size is {pixel_size_um} µm: give a size above 0.")
    if seed < 0:
        raise InputError(f"The seed is {seed}: give a whole number of at least 0.")
    if not populations:
        raise InputError("The list of phenotypes is empty: give at least one population.")
    for population in populations:
        if not population.share > 0:
            raise InputError(
                f"The share of {population.name!r} is {population.share}: give a share above 0."
            )
        for channel in assay.channels:
            _antibody(channel, population)


def _antibody(channel: Channel, population: Population) -> Antibody:
    """Give what a population shows in a channel."""
    antibody = channel.antibody or population.antibody
    if antibody is None:
        raise InputError(
            f"Channel {channel.name!r} shows the population's antibody, but {population.name!r} "
            "has none: give the population an antibody."
        )
    for pattern in antibody.mixture:
        if pattern not in STRUCTURES:
            raise InputError(
                f"Antibody {antibody.name!r} shows the unknown pattern {pattern!r}: "
                f"choose from {', '.join(STRUCTURES)}."
            )
    return antibody


def _record(
    assay: Assay, cells: Cells, seed: int, margin: int, rng: np.random.Generator
) -> NDArray[np.uint16]:
    """Stain, look and record: `(C, Y, X)` without the margin."""
    scene = Scene(cells, STRUCTURES, seed)
    rows, columns = (side - 2 * margin for side in cells.shape)
    planes = np.empty((len(assay.channels), rows, columns), np.uint16)
    debris = _draw_debris(cells.shape, cells.pixel_size_um, assay.debris_per_mm2, rng)
    for plane, channel in zip(planes, assay.channels, strict=True):
        cv = assay.staining_cv if channel.staining_cv is None else channel.staining_cv
        light = lift(_stain(scene, channel, cv, rng), cells)
        light += debris * np.float32(rng.uniform(0.1, 1.0))
        light = through_lens(light, channel.optics, cells.pixel_size_um)
        light *= illumination(cells.shape, channel.optics.shading, rng)
        inner = light[margin : margin + rows, margin : margin + columns]
        plane[...] = detect(inner, channel.optics, rng)
    return planes


def _stain(scene: Scene, channel: Channel, cv: float, rng: np.random.Generator) -> Field:
    """Add up the light of one channel: every pattern weighted by each cell's antibody."""
    cells = scene.cells
    antibodies = [_antibody(channel, population) for population in cells.populations]
    strength = np.exp(cv * rng.standard_normal(cells.count + 1)).astype(np.float32)
    light = np.zeros(cells.shape, np.float32)
    for pattern in STRUCTURES:
        weights = np.array([a.mixture.get(pattern, 0.0) for a in antibodies], np.float32)
        if weights.any():
            of_cell = weights[cells.member] * strength
            light += scene.draw(pattern) * of_cell[cells.labels]
    return light


def _with_truth(
    assay: Assay,
    cells: Cells,
    planes: NDArray[np.uint16],
    inner: tuple[slice, slice],
) -> SimulatedPlanes:
    """Cut the margin off and keep the labels whose nucleus is in view, numbered from 1."""
    nuclei, bodies = cells.nuclei[inner], cells.labels[inner]
    seen = np.unique(nuclei)
    seen = seen[seen > 0]
    number = np.zeros(cells.count + 1, np.int32)
    number[seen] = np.arange(1, seen.size + 1)
    nuclei, bodies = number[nuclei], number[bodies]
    return SimulatedPlanes(
        data=planes,
        channel_names=tuple(channel.name for channel in assay.channels),
        pixel_size_um=cells.pixel_size_um,
        name=f"simulated-{assay.name}",
        nuclei=nuclei,
        cells=bodies,
        truth=_truth(cells, seen, nuclei, bodies),
    )


def _truth(cells: Cells, seen: NDArray[np.int32], nuclei: Labels, bodies: Labels) -> pd.DataFrame:
    populations = [cells.populations[index] for index in cells.member[seen]]
    size = np.bincount(nuclei.ravel(), minlength=seen.size + 1)[1:]
    rows, columns = np.nonzero(nuclei)
    label = nuclei[rows, columns]
    y = np.bincount(label, weights=rows, minlength=seen.size + 1)[1:] / size
    x = np.bincount(label, weights=columns, minlength=seen.size + 1)[1:] / size
    border = np.unique(np.concatenate([bodies[[0, -1]].ravel(), bodies[:, [0, -1]].ravel()]))
    whole = np.bincount(cells.nuclei.ravel(), minlength=cells.count + 1)[seen]
    labels = np.arange(1, seen.size + 1)
    return pd.DataFrame(
        {
            "label": labels,
            "phenotype": [population.name for population in populations],
            "cell_line": [population.cell_line.name for population in populations],
            "protein": [p.antibody.name if p.antibody else None for p in populations],
            "y_px": y,
            "x_px": x,
            "radius_um": np.sqrt(cells.area_um2[seen] / np.pi),
            "nucleus_radius_um": np.sqrt(whole / np.pi) * cells.pixel_size_um,
            "touches_border": np.isin(labels, border),
        }
    )


def _draw_debris(
    shape: tuple[int, int], pixel_size_um: float, per_mm2: float, rng: np.random.Generator
) -> Field:
    """Clumps of specks between the cells: most small and sharp, a few wide and out of focus."""
    area_mm2 = shape[0] * shape[1] * pixel_size_um**2 / 1e6
    image = np.zeros(shape, np.float32)
    for share, light, size_um in ((0.7, 2.0, 0.35), (0.25, 14.0, 0.8), (0.05, 70.0, 3.0)):
        clumps = rng.poisson(share * per_mm2 * area_mm2)
        specks = rng.integers(1, 5, clumps)
        place = np.repeat(rng.uniform(0, 1, (clumps, 2)) * shape, specks, axis=0)
        place += rng.normal(0, 1.5 * size_um / pixel_size_um, place.shape)
        brightness = light * np.exp(0.6 * rng.standard_normal(len(place)))
        y, x, weight = (v.astype(np.float32) for v in (*place.T, brightness))
        image += blur(draw(Threads(y, x, weight), shape, pixel_size_um), size_um / pixel_size_um)
    return image
