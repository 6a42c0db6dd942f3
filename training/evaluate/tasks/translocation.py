"""A protein that moves into the nucleus with the dose: BBBC013, through our own segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import tifffile
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import EncoderConfig
from napari_c3r.core.errors import InputError
from training.evaluate.cells import Cells
from training.evaluate.metrics import standardised, z_prime

FOLDER: Final = Path("fields", "bbbc013")
PLATE: Final = "1049_Metadata.csv"
CHANNELS: Final = {"GFP": "Channel1", "DNA": "Channel2"}
ROLES: Final = ChannelAssignment({"GFP": "concept", "DNA": "context"})
PIXEL_SIZE_UM: Final = 1.0
MAX_PER_WELL: Final = 100
SEED: Final = 0
BATCH: Final = 256
NEGATIVE, POSITIVE = -1, 1

Folds = Sequence[tuple[Sequence[str], Sequence[str]]]

TEST: Final[Folds] = [(("A", "B"), ("C", "D"))]
"""Rows of wells on which the direction is fitted, and on which it is tested."""
VALIDATION: Final[Folds] = [(("A",), ("B",)), (("B",), ("A",))]
"""The same without the rows that stay out of all training."""


class Well(NamedTuple):
    """A well of the plate, as a row of the table of cells begins."""

    row: str
    well: str
    dose: int
    control: int


def load(data: Path, config: EncoderConfig, folds: Folds = TEST) -> Cells:
    """Segment the fields and cut out 100 cells a well, in the same window in every well.

    Nuclei are found on DNA, and widened by a set distance: a cell's outline must not depend on
    where the protein is. Crops keep the pixels of the fields.

    Parameters
    ----------
    data
        Folder that holds ``fields/bbbc013`` with ``1049_Metadata.csv``, whose columns ``Row``,
        ``Column``, ``SBS_Doses`` (0 to 10) and ``SBS_Controls`` (-1, 0 or 1) describe the wells,
        and a file for each channel and well, such as ``Channel1-14-B-02.tif``.
    config
        Says the side of the window and whether neighbours are masked.
    folds
        Only their rows of wells are read.

    Returns
    -------
    Cells
        With columns ``row``, ``well``, ``dose`` and ``control``.
    """
    # Only here, since they need more packages than the other tasks.
    from napari_c3r.core.cells.measure import measure_cells
    from napari_c3r.core.crops.cut import iter_crops
    from napari_c3r.core.crops.plan import plan_crops
    from napari_c3r.core.crops.spec import CropSpec
    from napari_c3r.core.images import Image
    from napari_c3r.core.segment import segment_cells

    fields = []
    for well in _wells(data / FOLDER, folds):
        planes = [_plane(data / FOLDER, channel, well) for channel in CHANNELS.values()]
        image = Image.from_array(np.stack(planes), tuple(CHANNELS), PIXEL_SIZE_UM, name=well.well)
        nuclei, labels = segment_cells(image, "DNA")
        fields.append((well, image, labels, measure_cells(image, labels, nuclei)))
    plan = plan_crops(
        CropSpec(),
        pixel_size_um=PIXEL_SIZE_UM,
        median_diameter_px=float(np.median([table.median_diameter_px for *_, table in fields])),
        field_um=config.field_um,
        field_diameters=config.field_diameters,
        size_px=config.input_size,
        neighbours=config.neighbours,
    )
    plan = replace(plan, size_px=plan.window_px)
    crops, rows = [], []
    for well, image, labels, table in fields:
        order = np.random.default_rng(SEED).permutation(len(table.obs))
        chosen = np.sort(order[:MAX_PER_WELL])
        for batch in iter_crops(image, labels, table.obs, plan, batch_size=BATCH, rows=chosen):
            crops.append(batch.crops)
        rows += [well._asdict()] * len(chosen)
    return Cells(np.concatenate(crops), pd.DataFrame(rows), ROLES)


def score(
    vectors: NDArray[np.float32], table: pd.DataFrame, folds: Folds = TEST
) -> dict[str, float]:
    """Score one representation.

    Features are standardised on the cells of the rows of wells that are fitted. The direction is
    the linear discriminant (covariance shrunk by Ledoit and Wolf) between the cells of their
    negative and positive control wells, scaled so that these have means 0 and 1. A well of the
    other rows has the mean of its cells along it.

    Parameters
    ----------
    vectors
        ``(n, d)``.
    table
        n rows with ``row``, ``well``, ``dose`` and ``control``.
    folds
        Rows that are fitted and rows that are tested; the wells tested in all folds count together.

    Returns
    -------
    dict
        ``Z′`` between the control wells, and ``rank correlation``, Spearman's of all
        wells with the dose.
    """
    tested = []
    for fitted_rows, tested_rows in folds:
        fitted = table["row"].isin(fitted_rows).to_numpy()
        standard = standardised(vectors, like=vectors[fitted])
        place = _along(standard, table["control"].to_numpy(), fitted)
        cells = table.assign(place=place)[table["row"].isin(tested_rows)]
        tested.append(cells.groupby("well")[["place", "dose", "control"]].mean())
    wells = pd.concat(tested)
    positive, negative = (
        wells["place"][wells["control"] == control] for control in (POSITIVE, NEGATIVE)
    )
    return {
        "Z′": z_prime(positive, negative),
        "rank correlation": float(spearmanr(wells["place"], wells["dose"]).statistic),
    }


def _wells(folder: Path, folds: Folds) -> list[Well]:
    """Wells of the rows that take part, in plate order."""
    path = folder / PLATE
    if not path.is_file():
        raise InputError(f"'{path}' does not exist; give its folder, or leave its task out")
    plate = pd.read_csv(path, dtype={"Row": str, "Column": str})
    wanted = {row for fold in folds for rows in fold for row in rows}
    return [
        Well(row, f"{row}{column}", int(dose), int(control))
        for row, column, dose, control in plate[
            ["Row", "Column", "SBS_Doses", "SBS_Controls"]
        ].itertuples(index=False)
        if row in wanted
    ]


def _plane(folder: Path, channel: str, well: Well) -> NDArray[np.generic]:
    """Pixels of one channel of a well; its number in the name of the file is of no use."""
    name = f"{channel}-*-{well.row}-{well.well.removeprefix(well.row)}.tif"
    found = sorted(folder.glob(name))
    if len(found) != 1:
        raise InputError(f"'{folder}' has {len(found)} files '{name}'; it must have one")
    plane: NDArray[np.generic] = tifffile.imread(found[0])
    return plane


def _along(
    vectors: NDArray[np.float64], control: NDArray[np.int_], fitted: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Where cells lie between the negative (0) and the positive controls (1) that are fitted."""
    known = fitted & (control != 0)
    discriminant = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    place = vectors @ discriminant.fit(vectors[known], control[known]).coef_[0]
    low = place[fitted & (control == NEGATIVE)].mean()
    high = place[fitted & (control == POSITIVE)].mean()
    return (place - low) / (high - low)
