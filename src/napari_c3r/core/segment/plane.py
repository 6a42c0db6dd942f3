"""Planes of pixels: checked, and brought to a coarser grid and back, as wholes or in parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage as ndi

from napari_c3r.core.errors import InputError
from napari_c3r.core.segment.blur import TRUNCATE, blurred
from napari_c3r.core.segment.pieces import boxes
from napari_c3r.core.segment.resample import Places, between, enlarged

Box = tuple[slice, slice]
"""Rows and columns of a part of a plane."""


def checked_plane(
    plane: ArrayLike, what: str = "The nucleus channel", darkest: float | None = None
) -> NDArray[np.float32]:
    """Return a (Y, X) plane as finite float32; NaN and infinite pixels become background.

    Parameters
    ----------
    plane
        (Y, X), any real type.
    what
        How to call it in an error.
    darkest
        What pixels that are not finite become; None takes the least finite one. With it, the plane
        is a part, and none of it need be finite.

    Raises
    ------
    InputError
        The plane is not 2-D, or holds no finite pixel.
    """
    pixels = np.asarray(plane)
    if pixels.ndim == 3 and pixels.shape[-1] in (3, 4):
        raise InputError(
            f"{what} is an RGB image of shape {pixels.shape}: give one channel of it, (Y, X)."
        )
    if pixels.ndim != 2:
        raise InputError(f"{what} has shape {pixels.shape}: segmentation needs one (Y, X) plane.")
    if pixels.size == 0:
        raise InputError(f"{what} has shape {pixels.shape}: there are no pixels to segment.")
    values = pixels.astype(np.float32)
    finite = np.isfinite(values)
    if darkest is None and not finite.any():
        raise InputError(
            f"{what} has no finite pixel, only NaN or infinity: choose another channel."
        )
    if finite.all():
        return values
    fill = values[finite].min() if darkest is None else np.float32(darkest)
    return np.where(finite, values, fill)


@dataclass(frozen=True)
class Grid:
    """A plane and the coarser grid of pixels on which it is worked on.

    Every pixel of the grid depends on its place in the whole plane alone, so that a part comes out
    as it does in the whole, to the last bit.

    Attributes
    ----------
    shape
        Height and width of the plane, in its pixels.
    small
        Height and width of the grid, in the grid's.
    zoom
        By which the grid is coarser, at most 1.
    """

    shape: tuple[int, int]
    small: tuple[int, int]
    zoom: float

    @classmethod
    def of(cls, shape: tuple[int, ...], zoom: float) -> Grid:
        """The grid that is coarser by a factor of at most 1."""
        small = tuple(max(1, round(side * zoom)) for side in shape)
        return cls((shape[0], shape[1]), (small[0], small[1]), zoom)

    @property
    def blur(self) -> float:
        """Standard deviation, in the plane's pixels, of the filter against aliasing."""
        return 0.0 if self.zoom == 1 else 0.45 / self.zoom

    @property
    def whole(self) -> Box:
        """All of the grid."""
        return slice(0, self.small[0]), slice(0, self.small[1])

    @property
    def scale(self) -> tuple[float, float]:
        """How many pixels of the plane a pixel of the grid is long, along each axis."""
        return self.shape[0] / self.small[0], self.shape[1] / self.small[1]

    def around(self, part: Box, reach: float) -> Box:
        """Pixels of the grid over a part of the plane, and `reach` of them beyond it."""
        return _two(
            slice(
                max(0, int(np.floor(edge.start / s - reach))),
                min(side, int(np.ceil(edge.stop / s + reach))),
            )
            for edge, s, side in zip(part, self.scale, self.small, strict=True)
        )

    def borders(self, box: Box) -> tuple[bool, bool, bool, bool]:
        """Whether a part of the grid ends at the plane's border: above, below, left, right."""
        rows, columns = box
        return (
            rows.start == 0,
            rows.stop == self.small[0],
            columns.start == 0,
            columns.stop == self.small[1],
        )

    def under(self, box: Box) -> Box:
        """Pixels of the plane that lie under a part of the grid."""
        return _two(
            slice(int(edge.start * s), min(side, int(np.ceil(edge.stop * s))))
            for edge, s, side in zip(box, self.scale, self.shape, strict=True)
        )

    def needed(self, box: Box) -> Box:
        """Pixels of the plane that a part of the grid is made from."""
        reach = int(TRUNCATE * self.blur + 0.5) + 2
        return _two(
            slice(max(0, edge.start - reach), min(side, edge.stop + reach))
            for edge, side in zip(self.under(box), self.shape, strict=True)
        )

    def shrink(self, pixels: NDArray[np.float32], box: Box | None = None) -> NDArray[np.float32]:
        """Sample the plane on the grid, by linear interpolation of the blurred plane.

        Parameters
        ----------
        pixels
            The plane, or of it what :meth:`needed` tells.
        box
            Part of the grid; None: all of it.
        """
        at = (0, 0)
        if box is not None:
            at = self.needed(box)[0].start, self.needed(box)[1].start
        rows, columns = self.whole if box is None else box
        if not self.blur:
            y, x = rows.start - at[0], columns.start - at[1]
            return pixels[y : y + rows.stop - rows.start, x : x + columns.stop - columns.start]
        smooth = blurred(pixels, self.blur)
        return between(smooth, self._between(rows, 0, at[0]), self._between(columns, 1, at[1]))

    def _between(self, part: slice, axis: int, at: int) -> Places:
        """Between which two lines of pixels those of the grid lie, and the weights of both."""
        place = self.scale[axis] * (np.arange(part.start, part.stop) + 0.5) - 0.5
        first = np.floor(place)
        before = 1 - (place - first)
        line = first.astype(np.intp)
        following = np.minimum(line + 1, self.shape[axis] - 1)
        return line - at, following - at, before, 1 - before

    def sample_labels(self, labels: NDArray[np.int32], box: Box | None = None) -> NDArray[np.int32]:
        """Labels at the pixel nearest to each centre of the grid, none of them lost.

        Parameters
        ----------
        labels
            Of the plane, or of it what :meth:`under` tells.
        box
            Part of the grid; None: all of it.
        """
        box = self.whole if box is None else box
        if self.small == self.shape:
            return labels
        at = self.under(box)
        rows, columns = (
            np.minimum(((np.arange(edge.start, edge.stop) + 0.5) * side / n).astype(int), side - 1)
            - under.start
            for edge, n, side, under in zip(box, self.small, self.shape, at, strict=True)
        )
        small = labels[np.ix_(rows, columns)]
        highest = int(labels.max(initial=0)) + 1
        here, left = (np.bincount(each.ravel(), minlength=highest) for each in (labels, small))
        lost = np.flatnonzero((here > 0) & (left == 0))
        centres = ndi.center_of_mass(labels > 0, labels, lost) if len(lost) else []
        for label, (y, x) in zip(lost, centres, strict=True):
            place = (y + at[0].start) / self.scale[0], (x + at[1].start) / self.scale[1]
            inside = (
                min(max(int(p) - edge.start, 0), n - 1)
                for p, edge, n in zip(place, box, small.shape, strict=True)
            )
            small[tuple(inside)] = label
        return small

    def enlarge_labels(
        self, labels: NDArray[np.int32], box: Box | None = None
    ) -> NDArray[np.int32]:
        """Bring labels back to the plane, with smooth outlines: each is resampled as a picture.

        Where two labels meet, each pixel goes to the one that covers it more.

        Parameters
        ----------
        labels
            (y, x) on the grid, numbered through.
        box
            The part of the grid that they are of; None: all of it.

        Returns
        -------
        ndarray
            Labels of the pixels that :meth:`under` tells.
        """
        if self.small == self.shape:
            return labels
        box = self.whole if box is None else box
        rows, columns = self.under(box)
        return enlarged(
            np.ascontiguousarray(labels),
            boxes(labels),
            (box[0].start, box[1].start),
            self.small,
            self.scale,
            (rows.start, rows.stop, columns.start, columns.stop),
        )


def resized(plane: NDArray[np.float32], zoom: float) -> NDArray[np.float32]:
    """Resample a plane by a factor of at most 1; blurred first, so that nothing aliases."""
    return Grid.of(plane.shape, zoom).shrink(plane)


def numbered(labels: NDArray[np.integer]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Number labels through in their order.

    Parameters
    ----------
    labels
        Of any shape, 0 and more.

    Returns
    -------
    labels, before
        The same with numbers 1..n, 0 where it was; and (n + 1,) what they were, 0 included.
    """
    here = np.bincount(labels.ravel(), minlength=1) > 0
    here[0] = True
    numbers = np.cumsum(here, dtype=np.int32) - np.int32(1)
    return numbers[labels], np.flatnonzero(here).astype(np.int32)


def first_pixels(labels: NDArray[np.int32]) -> NDArray[np.int64]:
    """Where each label begins, row by row.

    Parameters
    ----------
    labels
        (Y, X).

    Returns
    -------
    ndarray
        (n, 3): label, row and column, in the order of the labels.
    """
    found = [
        (label, box[0].start, box[1].start + int(np.argmax(labels[box][0] == label)))
        for label, box in enumerate(ndi.find_objects(labels), start=1)
        if box is not None
    ]
    return np.array(found, np.int64).reshape(-1, 3)


def in_reading_order(first: NDArray[np.int64], highest: int) -> NDArray[np.int32]:
    """Numbers 1..n for labels, in the order in which they begin, indexed by label.

    Parameters
    ----------
    first
        From :func:`first_pixels`.
    highest
        The greatest label; one that is nowhere becomes 0.
    """
    numbers = np.zeros(highest + 1, np.int32)
    order = np.lexsort((first[:, 2], first[:, 1]))
    numbers[first[order, 0]] = np.arange(1, len(first) + 1)
    return numbers


def _two(edges: Iterable[slice]) -> Box:
    rows, columns = edges
    return rows, columns
