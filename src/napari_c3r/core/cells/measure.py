"""One row per cell: where it is, how large, how bright. Streamed, in label order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.labels import ArrayLike, blocks, check_labels, chunk_shape, read
from napari_c3r.core.cells.pieces import (
    Seams,
    boxes_of,
    join_pieces,
    largest_pieces,
    pieces_note,
    split_block,
)
from napari_c3r.core.cells.sharpness import band_sums, sharpness
from napari_c3r.core.cells.whole import as_labels, whole_numbers
from napari_c3r.core.errors import InputError, NoCellsError
from napari_c3r.core.images import Image

if TYPE_CHECKING:
    import pandas as pd

# A channel counts as saturated above this share of the cells' pixels at its greatest value,
# where that value is one at which cameras and files clip (8, 10, 12, 14, 16 bits; 1.0).
SATURATED_SHARE = 0.01
# The nearest cells whose distance says how dense a place is.
NEAREST = 4
CLIPPING_VALUES = frozenset({1.0, *(2.0**bits - 1 for bits in (8, 10, 12, 14, 16))})


@dataclass(frozen=True)
class CellTable:
    """Cells of one image and what was noticed about its channels.

    Attributes
    ----------
    obs
        One row per cell, in label order; see :func:`measure_cells` for the columns.
    pieces
        The largest connected piece of each cell, row by row: centroid ``y_px`` and ``x_px``,
        ``area``, the half-open box ``y0``, ``x0``, ``y1``, ``x1``, and ``count``, how many pieces
        the cell has.
    notes
        Plain sentences on constant and saturated channels and on cells in pieces.
    """

    obs: pd.DataFrame
    pieces: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def median_diameter_px(self) -> float:
        """Median over cells of the diameter of a disc of the cell's area, in pixels."""
        return float(np.median(np.sqrt(self.obs["area_px"] * 4 / np.pi)))

    def only(self, wanted: NDArray[np.bool_]) -> CellTable:
        """Some of the cells, (n,), with all that was noticed."""
        obs, pieces = (part[wanted].reset_index(drop=True) for part in (self.obs, self.pieces))
        return CellTable(obs, pieces, self.notes)


def measure_cells(
    image: Image,
    labels: ArrayLike,
    nuclei: ArrayLike | None = None,
    *,
    must_be_finite: tuple[str, ...] = (),
) -> CellTable:
    """Measure every labelled cell in one pass over image and labels.

    Only one block of the image is in memory at a time. Labels may be sparse and unsorted, and
    a label may be in several pieces, which are one cell; a note says so.

    Parameters
    ----------
    image
        The image, (C, Y, X).
    labels
        Label image of the cells, (Y, X), of whole numbers; 0 is background.
    nuclei
        Label image of the nuclei, (Y, X), a nucleus having its cell's label.
    must_be_finite
        Channels in which NaN and infinite pixels are refused.

    Returns
    -------
    CellTable
        Columns: ``image``, ``label``, ``index`` (the label again, by which napari maps
        features), ``y_px``, ``x_px`` (centroid), ``area_px``, ``nucleus_area_px`` (NaN when
        nuclei are not known), ``bbox_y0_px``, ``bbox_x0_px``, ``bbox_y1_px``, ``bbox_x1_px``
        (half open), ``touches_border``, ``neighbours_px`` (mean distance to the centres of the
        four nearest cells, NaN for a cell alone); for each channel ``intensity_mean_<channel>``,
        ``saturated_<channel>`` (share of its pixels), ``focus_<channel>`` and
        ``contrast_<channel>`` (as `sharpness` gives them); with a known pixel size ``y_um``,
        ``x_um``, ``area_um2``, ``nucleus_area_um2``; ``plate``, ``well``, ``site`` where known;
        ``t``, ``z`` or ``slice`` of an image that was part of a stack; and, where its files say
        them, ``time_s`` after the first time point and ``z_um`` above the first slice.

    Raises
    ------
    InputError
        Labels that do not fit the image or are no whole numbers from 0, no cell at all, or pixels
        that are not finite in a channel where they must be.
    """
    shape = (image.data.shape[-2], image.data.shape[-1])
    labels = as_labels(labels)
    check_labels(labels, shape)
    if nuclei is not None:
        nuclei = as_labels(nuclei, "nuclei")
        check_labels(nuclei, shape, "nuclei")
    found: list[pd.DataFrame] = []
    seams = Seams(shape[1])
    watch = _ChannelWatch(image, must_be_finite)
    for box in blocks(shape, chunk_shape(image.data)):
        block_labels = whole_numbers(read(labels, *box))
        block = read(image.data, *box)
        watch.look_at(block, block_labels > 0, box)
        found.append(_measure_block(block_labels, block, nuclei, box, seams))
    if not any(map(len, found)):
        raise NoCellsError(
            f"No cells in the labels of '{image.name}': every pixel is 0; "
            "segment the image, or choose another label image"
        )
    _only_at_the_top(found, watch.saturated_at)
    pieces = join_pieces(found, seams)
    largest = largest_pieces(pieces)
    note = pieces_note(largest)
    return CellTable(
        _columns(_merge(pieces), image, nuclei is not None),
        _of_largest(largest),
        watch.notes() + ((note,) if note else ()),
    )


def _measure_block(
    labels: NDArray[Any],
    image: NDArray[Any],
    nuclei: ArrayLike | None,
    box: tuple[slice, slice],
    seams: Seams,
) -> pd.DataFrame:
    """Sums over the pixels of every piece of a label in one block, a row for each."""
    import pandas as pd

    numbered, values = split_block(labels)
    place, count = seams.add(numbered, values, box), len(values)
    inside = numbered > 0
    numbers = numbered[inside] - 1
    y, x = np.nonzero(inside)

    def sums(values: NDArray[Any]) -> NDArray[np.float64]:
        return np.bincount(numbers, values, count).astype(np.float64)

    piece = {
        "piece": place,
        "label": values,
        "area": np.bincount(numbers, minlength=count),
        "sum_y": sums(y + float(box[0].start)),
        "sum_x": sums(x + float(box[1].start)),
        **boxes_of(numbered, box),
    }
    if nuclei is not None:
        here = whole_numbers(read(nuclei, *box), "nuclei")
        piece["nucleus"] = sums((here[inside] == labels[inside]).astype(float))
    for channel, plane in enumerate(image):
        values = plane[inside]
        piece[f"sum_{channel}"] = sums(values.astype(np.float64))
        top = values.max(initial=0)
        piece[f"top_{channel}"] = np.full(count, top, np.float64)
        piece[f"at_top_{channel}"] = sums((values == top).astype(np.float64))
        for name, band in band_sums(plane, inside, numbers, count).items():
            piece[f"{name}_{channel}"] = band
    return pd.DataFrame(piece)


def _only_at_the_top(found: list[pd.DataFrame], saturated_at: list[float | None]) -> None:
    """Count pixels at the greatest value of a block only where that is the image's, and clips."""
    for block in found:
        for channel, value in enumerate(saturated_at):
            top = block.pop(f"top_{channel}")
            block[f"at_top_{channel}"] *= (top == value).to_numpy()


def _merge(pieces: pd.DataFrame) -> pd.DataFrame:
    """Put together the pieces of each cell; the result is in label order."""
    how = {"y0": "min", "x0": "min", "y1": "max", "x1": "max"}
    columns = pieces.columns.drop("label")
    rules = {column: how.get(column, "sum") for column in columns}
    return pieces.groupby("label", sort=True).agg(rules).reset_index()


def _of_largest(pieces: pd.DataFrame) -> pd.DataFrame:
    centres = {f"{axis}_px": pieces[f"sum_{axis}"] / pieces["area"] for axis in "yx"}
    return pieces[["label", "count", "area", "y0", "x0", "y1", "x1"]].assign(**centres)


def _columns(sums: pd.DataFrame, image: Image, has_nuclei: bool) -> pd.DataFrame:
    import pandas as pd

    height, width = image.data.shape[-2:]
    area = sums["area"].to_numpy()
    obs = pd.DataFrame(
        {
            "image": image.name,
            "label": sums["label"],
            "index": sums["label"],
            "y_px": sums["sum_y"] / area,
            "x_px": sums["sum_x"] / area,
            "area_px": area,
            "nucleus_area_px": sums["nucleus"] if has_nuclei else np.nan,
            "bbox_y0_px": sums["y0"],
            "bbox_x0_px": sums["x0"],
            "bbox_y1_px": sums["y1"],
            "bbox_x1_px": sums["x1"],
            "touches_border": (sums["y0"] == 0)
            | (sums["x0"] == 0)
            | (sums["y1"] == height)
            | (sums["x1"] == width),
        }
    )
    obs["neighbours_px"] = neighbour_distance(obs[["y_px", "x_px"]].to_numpy())
    for channel, name in enumerate(image.channel_names):
        obs[f"intensity_mean_{name}"] = sums[f"sum_{channel}"] / area
    for channel, name in enumerate(image.channel_names):
        obs[f"saturated_{name}"] = sums[f"at_top_{channel}"] / area
    for channel, name in enumerate(image.channel_names):
        bands = ("detail", "detail2", "structure", "structure2")
        of_channel = {band: sums[f"{band}_{channel}"].to_numpy() for band in bands}
        focus, contrast = sharpness(of_channel, area)
        obs[f"focus_{name}"], obs[f"contrast_{name}"] = focus, contrast
    if image.pixel_size_um is not None:
        size = image.pixel_size_um
        obs["y_um"] = obs["y_px"] * size
        obs["x_um"] = obs["x_px"] * size
        obs["area_um2"] = obs["area_px"] * size**2
        obs["nucleus_area_um2"] = obs["nucleus_area_px"] * size**2
    for name, value in (("plate", image.plate), ("well", image.well), ("site", image.site)):
        if value is not None:
            obs[name] = value
    for axis, index in image.position:
        obs[axis] = index
    if image.time_s is not None:
        obs["time_s"] = image.time_s
    if image.z_step_um is not None and "z" in dict(image.position):
        obs["z_um"] = dict(image.position)["z"] * image.z_step_um
    return obs


def neighbour_distance(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean distance to the nearest others.

    Parameters
    ----------
    places
        (n, 2) pixels.

    Returns
    -------
    ndarray
        (n,); NaN for one alone.
    """
    from scipy.spatial import cKDTree

    nearest = min(NEAREST, len(places) - 1)
    if nearest < 1:
        return np.full(len(places), np.nan)
    distances, _ = cKDTree(places).query(places, nearest + 1)
    return np.asarray(distances[:, 1:].mean(axis=1))


class _ChannelWatch:
    """Notices, block by block, channels that are constant, saturated or not finite."""

    def __init__(self, image: Image, must_be_finite: tuple[str, ...]) -> None:
        self._names = image.channel_names
        self._finite = {image.channel_names.index(name) for name in must_be_finite}
        count = len(image.channel_names)
        self._low = np.full(count, np.inf)
        self._high = np.full(count, -np.inf)
        self._at_high = np.zeros(count, np.int64)
        self._pixels = 0

    def look_at(
        self, block: NDArray[Any], inside: NDArray[np.bool_], box: tuple[slice, slice]
    ) -> None:
        """Take in one block, (C, y, x), of which ``inside`` are cell pixels."""
        self._pixels += int(inside.sum())
        for channel, plane in enumerate(block):
            if np.issubdtype(plane.dtype, np.floating):
                plane = self._only_finite(channel, plane, box)
            low, high = float(plane.min()), float(plane.max())
            self._low[channel] = min(self._low[channel], low)
            if high > self._high[channel]:
                self._high[channel], self._at_high[channel] = high, 0
            if high == self._high[channel]:
                self._at_high[channel] += int((plane[inside] == high).sum())

    def _only_finite(
        self, channel: int, plane: NDArray[Any], box: tuple[slice, slice]
    ) -> NDArray[Any]:
        bad = ~np.isfinite(plane)
        if bad.any() and channel in self._finite:
            y, x = np.argwhere(bad)[0]
            raise InputError(
                f"Channel '{self._names[channel]}' has {bad.sum()} pixels that are NaN or "
                f"infinite, the first at y {y + box[0].start}, x {x + box[1].start}; "
                "fill them, or set the channel to ignore"
            )
        return np.nan_to_num(plane) if bad.any() else plane

    @property
    def saturated_at(self) -> list[float | None]:
        """The greatest value of each channel where cameras and files clip; None elsewhere."""
        return [
            float(high) if low < high and high in CLIPPING_VALUES else None
            for low, high in zip(self._low, self._high, strict=True)
        ]

    def notes(self) -> tuple[str, ...]:
        notes = []
        for channel, name in enumerate(self._names):
            share = self._at_high[channel] / max(self._pixels, 1)
            if self._low[channel] == self._high[channel]:
                notes.append(
                    f"Channel '{name}' is constant ({self._high[channel]:g} everywhere): "
                    "it cannot tell cells apart"
                )
            elif self._high[channel] in CLIPPING_VALUES and share > SATURATED_SHARE:
                notes.append(
                    f"Channel '{name}' is saturated: {share:.0%} of the cells' pixels are at "
                    f"its greatest value, {self._high[channel]:g}"
                )
        return tuple(notes)
