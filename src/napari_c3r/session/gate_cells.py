"""The cells of gates when the rows of the result become others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.gates.rules import Mask
from napari_c3r.core.table.result import rows_by_image
from napari_c3r.session.labels import Cells
from napari_c3r.session.same_cells import same_cells

if TYPE_CHECKING:
    from napari_c3r.session.result import EmbeddingResult

Find = Callable[[int | None], Cells | None]


@dataclass(frozen=True, eq=False)
class Absent:
    """Cells of a gate that the result does not hold, of one image.

    Attributes
    ----------
    cells
        What they are labels of.
    labels
        (n,) integers.
    """

    cells: Cells
    labels: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class GateCells:
    """The cells of one gate.

    Attributes
    ----------
    mask
        Those among all rows of the result, bool (rows,).
    absent
        The others, which wait for their image or their cell to be embedded again.
    """

    mask: Mask
    absent: tuple[Absent, ...] = ()


def same_rows(before: EmbeddingResult, after: EmbeddingResult) -> bool:
    """Whether two results are of the same cells in the same order."""
    if before.all_rows is after.all_rows:
        return True
    same = before.cells_ids == after.cells_ids
    return same and before.all_rows.obs_names.equals(after.all_rows.obs_names)


def carried(
    gates: Mapping[str, GateCells],
    before: EmbeddingResult | None,
    after: EmbeddingResult,
    find: Find,
) -> dict[str, GateCells]:
    """The cells of gates in another result, wherever their labels went.

    Parameters
    ----------
    gates
        Their cells until now, by name.
    before
        The result that these are rows of, None where there was none.
    after
        The new one.
    find
        Gives cells by their id.
    """
    parts = {name: list(_by_image(cells, before, find)) for name, cells in gates.items()}
    places = _Places(after, find)
    places.look_up(part for each in parts.values() for part in each)
    return {name: places.placed(each) for name, each in parts.items()}


def _by_image(gate: GateCells, before: EmbeddingResult | None, find: Find) -> Iterable[Absent]:
    yield from gate.absent
    if before is None:
        return
    obs = before.all_rows.obs
    labels = obs["label"].to_numpy()
    for image, rows in rows_by_image(obs, np.flatnonzero(gate.mask)):
        cells = find(before.cells_ids.get(image))
        if cells is not None:
            yield Absent(cells, labels[rows].astype(np.int64))


class _Places:
    """Where the cells of label images are in a result."""

    def __init__(self, after: EmbeddingResult, find: Find) -> None:
        self._after, self._find = after, find
        self._now: dict[int, dict[int, int]] = {}

    def look_up(self, parts: Iterable[Absent]) -> None:
        """Find the labels that cells have now, once for all gates."""
        wanted: dict[int, tuple[Cells, set[int]]] = {}
        for part in parts:
            wanted.setdefault(part.cells.id, (part.cells, set()))[1].update(part.labels.tolist())
        for key, (cells, labels) in wanted.items():
            now = self._find(self._after.cells_ids.get(cells.image_name))
            self._now[key] = {} if now is None else same_cells(cells, now, labels)

    def placed(self, parts: Iterable[Absent]) -> GateCells:
        """The rows of some cells; those without one are absent."""
        names = self._after.all_rows.obs_names
        mask, absent = np.zeros(len(names), bool), []
        for part in parts:
            now = self._now[part.cells.id]
            wanted = [f"{part.cells.image_name}:{now.get(label)}" for label in part.labels.tolist()]
            rows = names.get_indexer(wanted)
            mask[rows[rows >= 0]] = True
            if (rows < 0).any():
                absent.append(Absent(part.cells, part.labels[rows < 0]))
        return GateCells(mask, tuple(absent))
