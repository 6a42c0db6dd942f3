"""Planned cells put on a pixel grid, where neighbours share borders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label as connected_components

from napari_c3r.core.simulate.cells import Cells, Labels
from napari_c3r.core.simulate.parameters import Population
from napari_c3r.core.simulate.placing import Plan
from napari_c3r.core.simulate.shapes import ANGLES
from napari_c3r.core.simulate.texture import Field, noise

_FAR_UM = 1e3


@dataclass
class _Canvas:
    """Maps of a field while cells are put on it."""

    labels: Labels
    nuclei: Labels
    from_nucleus: Field
    side: Field
    closest: Field


def rasterise(
    plans: Sequence[Plan],
    populations: Sequence[Population],
    shape: tuple[int, int],
    pixel_size_um: float,
    rng: np.random.Generator,
) -> Cells:
    """Put planned cells on a pixel grid.

    A pixel that several outlines cover goes to the cell in whose outline it lies deepest, so that
    neighbours meet in one border; a nucleus always belongs to its own cell.
    """
    wave = 6.0 / pixel_size_um
    warp = np.stack([noise(shape, wave, rng) + 0.5 * noise(shape, wave / 3, rng) for _ in "yx"])
    canvas = _Canvas(
        labels=np.zeros(shape, np.int32),
        nuclei=np.zeros(shape, np.int32),
        from_nucleus=np.full(shape, _FAR_UM, np.float32),
        side=np.zeros(shape, np.float32),
        closest=np.ones(shape, np.float32),
    )
    waviness = [p.cell_line.outline.waviness_um for p in populations]
    tiles = [_Tile(p, shape, pixel_size_um, warp, waviness[p.population]) for p in plans]
    for label, tile in enumerate(tiles, start=1):
        tile.claim(canvas, label)
    for label, tile in enumerate(tiles, start=1):
        tile.claim_nucleus(canvas, label)
    _drop_islands(canvas)
    for label, tile in enumerate(tiles, start=1):
        tile.describe(canvas, label)
    return _measure(plans, populations, canvas, pixel_size_um)


class _Tile:
    """The surroundings of one cell, and what it claims of the canvas."""

    def __init__(
        self,
        plan: Plan,
        shape: tuple[int, int],
        pixel_size_um: float,
        warp: Field,
        waviness_um: float,
    ) -> None:
        reach = max(float(plan.outline.max()), plan.nucleus_radius) + 4.0
        self.plan = plan
        self.window = tuple(
            slice(
                int(np.clip((at - reach) / pixel_size_um, 0, side)),
                int(np.clip((at + reach) / pixel_size_um + 1, 0, side)),
            )
            for at, side in zip((plan.y, plan.x), shape, strict=True)
        )
        rows, columns = (np.arange(w.start, w.stop, dtype=np.float32) for w in self.window)
        scale = np.float32(pixel_size_um)
        y = (rows * scale - np.float32(plan.y))[:, None]
        x = (columns * scale - np.float32(plan.x))[None, :]
        wave_y, wave_x = np.float32(waviness_um) * warp[(slice(None), *self.window)]
        self.wavy = (y + wave_y, x + wave_x)
        calm = np.float32(0.25)
        self.calm = (y + calm * wave_y, x + calm * wave_x)
        self.from_nucleus = self._from_nucleus()

    def claim(self, canvas: _Canvas, label: int) -> None:
        distance, index = _polar(*self.wavy)
        depth = distance / self.plan.outline.astype(np.float32)[index]
        closest = canvas.closest[self.window]
        won = depth < closest
        closest[won] = depth[won]
        canvas.labels[self.window][won] = label

    def claim_nucleus(self, canvas: _Canvas, label: int) -> None:
        nuclei = canvas.nuclei[self.window]
        won = (self.from_nucleus < 0) & (nuclei == 0)
        nuclei[won] = label
        canvas.labels[self.window][won] = label

    def describe(self, canvas: _Canvas, label: int) -> None:
        own = canvas.labels[self.window] == label
        canvas.from_nucleus[self.window][own] = self.from_nucleus[own]
        y, x = self.calm
        along = y * np.float32(np.sin(self.plan.polarity))
        along = along + x * np.float32(np.cos(self.plan.polarity))
        canvas.side[self.window][own] = (along / np.maximum(np.hypot(y, x), 1e-3))[own]

    def _from_nucleus(self) -> Field:
        """Distance in µm from the nearest lobe of the nucleus, negative inside."""
        nearest = np.full(self.calm[0].shape, np.float32(_FAR_UM))
        for dy, dx, radii in self.plan.lobes:
            y, x = self.calm[0] - np.float32(dy), self.calm[1] - np.float32(dx)
            distance = np.hypot(y, x)
            table = radii.astype(np.float32)
            signed = distance - table.mean()
            near = distance < 2 * table.max()  # further out the outline looks like a disc
            _, index = _polar(y[near], x[near])
            signed[near] = distance[near] - table[index]
            np.minimum(nearest, signed, out=nearest)
        return nearest


def _polar(y: Field, x: Field) -> tuple[Field, NDArray[np.intp]]:
    angle = np.arctan2(y, x) * np.float32(ANGLES / (2 * np.pi))
    return np.hypot(y, x), np.rint(angle).astype(np.intp) % ANGLES


def _drop_islands(canvas: _Canvas) -> None:
    """Keep of each cell only what hangs together with its nucleus, and no nucleus cut off."""
    parts = connected_components(canvas.labels, connectivity=1)
    kept = np.zeros(int(parts.max()) + 1, bool)
    kept[parts[canvas.nuclei > 0]] = True
    canvas.labels[~kept[parts]] = 0


def _measure(
    plans: Sequence[Plan],
    populations: Sequence[Population],
    canvas: _Canvas,
    pixel_size_um: float,
) -> Cells:
    labels = canvas.labels
    edge = _edge_distance(labels) * np.float32(pixel_size_um)
    slope = np.stack(np.gradient(ndimage.uniform_filter(edge, 3)))
    slope /= np.maximum(np.hypot(slope[0], slope[1]), 1e-6)
    none = (0.0, 0.0)
    centre = np.array([none, *((p.y, p.x) for p in plans)], np.float32) / pixel_size_um
    member = np.array([0, *(p.population for p in plans)], np.int32)
    area = np.bincount(labels.ravel(), minlength=len(plans) + 1) * pixel_size_um**2
    centrosome = np.array([none, *(_centrosome(p) for p in plans)], np.float32) / pixel_size_um
    return Cells(
        pixel_size_um=pixel_size_um,
        labels=labels,
        nuclei=canvas.nuclei,
        edge_um=edge,
        edge_slope=slope.astype(np.float32),
        from_nucleus_um=canvas.from_nucleus,
        side=canvas.side,
        centre=centre.astype(np.float32),
        centrosome=centrosome.astype(np.float32),
        axis=np.array([0, *(p.axis for p in plans)], np.float32),
        polarity=np.array([0, *(p.polarity for p in plans)], np.float32),
        radius_um=np.array([0, *(p.radius for p in plans)], np.float32),
        area_um2=area.astype(np.float32),
        member=member,
        populations=tuple(populations),
    )


def _edge_distance(labels: Labels) -> Field:
    """Distance in pixels to the nearest pixel of another label or the background."""
    edge = labels == 0
    across = labels[1:] != labels[:-1]
    edge[1:] |= across
    edge[:-1] |= across
    across = labels[:, 1:] != labels[:, :-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    return ndimage.distance_transform_edt(~edge).astype(np.float32)


def _centrosome(plan: Plan) -> tuple[float, float]:
    sine, cosine = float(np.sin(plan.polarity)), float(np.cos(plan.polarity))
    reach = 0.0
    for dy, dx, table in plan.lobes:
        angle = int(np.rint(plan.polarity * ANGLES / (2 * np.pi))) % ANGLES
        reach = max(reach, dy * sine + dx * cosine + float(table[angle]))
    reach += 1.0
    return plan.y + reach * sine, plan.x + reach * cosine
