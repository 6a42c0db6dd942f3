"""What was found earlier, with the pictures of its cells read again from their images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.embed.prepare import prepare_cells
from napari_c3r.core.errors import InputError


class EarlierRun:
    """Stands for the run of a report that was kept, where a report is written.

    Parameters
    ----------
    report
        What it found.
    fields
        Gives what embedding the images of its cells would be, one job for each; it is only called
        for pictures, and raises `InputError` where images or encoder are not at hand.
    """

    def __init__(self, report: FlipReport, fields: Callable[[], Sequence[EmbedJob]]) -> None:
        self._report, self._fields = report, fields

    def result(self) -> FlipReport:
        """The report."""
        return self._report

    def crops(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Read the crops of some of its cells, (n, C, side, side), in that order.

        Parameters
        ----------
        rows
            Rows of the report's `obs`.

        Raises
        ------
        InputError
            The images are not at hand, or have other cells now.
        """
        used = self._report.assigned.variant.assignment.used
        wanted = self._report.obs.iloc[rows]
        found: dict[tuple[str, int], NDArray[np.float32]] = {}
        for field in self._fields():
            name = field.image.name
            labels = wanted.loc[wanted["image"].astype(str) == name, "label"].to_numpy()
            if len(labels):
                pictures = zip(labels.tolist(), _crops(field, labels, used), strict=True)
                found |= {(name, label): crop for label, crop in pictures}
        keys = list(zip(wanted["image"].astype(str), wanted["label"].astype(int), strict=True))
        gone = [key for key in keys if key not in found]
        if gone:
            raise InputError(f"the pixels of '{gone[0][0]}' are not at hand; open it")
        return np.stack([found[key] for key in keys])


def _crops(
    field: EmbedJob, labels: NDArray[np.integer], used: Sequence[str]
) -> list[NDArray[np.float32]]:
    table, plan = prepare_cells(field)
    rows = pd.Index(table.obs["label"]).get_indexer(pd.Index(labels))
    if (rows < 0).any():
        raise InputError(f"the cells of '{field.image.name}' are others now")
    obs = table.obs.iloc[rows].reset_index(drop=True)
    made: dict[int, NDArray[np.float32]] = {}
    for batch in iter_crops(field.image.select(used), field.labels, obs, plan, batch_size=32):
        made |= dict(zip(batch.rows.tolist(), batch.crops, strict=True))
    return [made[row] for row in range(len(obs))]
