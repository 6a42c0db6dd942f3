"""Which label is nearest to each pixel, and how far it is, in whole numbers.

Equally near ones: the one in the column further left, of those in a column the one above, as
``scipy.ndimage.distance_transform_edt`` has it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.segment.compiled import compiled


def nearest_label(
    labels: NDArray[np.int32], reach: float
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The nearest label of each pixel within a distance, and the square of its distance.

    Parameters
    ----------
    labels
        (Y, X), 0 where there is none.
    reach
        In pixels.

    Returns
    -------
    nearest, squared
        Label 0 where there is none within reach; the square there is one larger than can be
        reached.
    """
    most = int(reach * reach)
    # Beyond what rounding may do to the square.
    most += int(np.sqrt(most + 1) <= reach) - int(np.sqrt(most) > reach)
    return _nearest(np.ascontiguousarray(labels), most)


def expanded(labels: NDArray[np.int32], reach: float) -> NDArray[np.int32]:
    """Labels widened by a distance, up to each other: ``skimage.segmentation.expand_labels``."""
    return nearest_label(labels, reach)[0]


@compiled
def _nearest(labels: NDArray[np.int32], most: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """First within each column, then along each row: Meijster et al. 2000."""
    height, width = labels.shape
    limit = int(np.sqrt(most)) + 2
    nearest = np.empty((height, width), np.int32)
    away = np.empty((height, width), np.int32)
    squared = np.empty((height, width), np.int32)
    for y in range(height):
        for x in range(width):
            nearest[y, x], away[y, x], squared[y, x] = labels[y, x], limit, most + 1
            if labels[y, x] > 0:
                away[y, x] = 0
            elif y > 0 and away[y - 1, x] + 1 < limit:
                away[y, x], nearest[y, x] = away[y - 1, x] + 1, nearest[y - 1, x]
    for y in range(height - 2, -1, -1):
        for x in range(width):
            if away[y + 1, x] + 1 < away[y, x]:
                away[y, x], nearest[y, x] = away[y + 1, x] + 1, nearest[y + 1, x]
    # Columns whose labels are the nearest of the row, and where the stretch of each begins.
    column, begin = np.empty(width, np.int64), np.empty(width, np.int64)
    row = np.empty(width, np.int32)
    for y in range(height):
        count = 0
        for x in range(width):
            row[x] = nearest[y, x]
            nearest[y, x] = 0
            own = np.int64(away[y, x])
            if own >= limit:
                continue
            start = 0
            while count > 0:
                last = column[count - 1]
                other = np.int64(away[y, last])
                at = begin[count - 1]
                if (at - last) ** 2 + other**2 > (at - x) ** 2 + own**2:
                    count -= 1
                    continue
                start = 1 + (x * x - last * last + own * own - other * other) // (2 * (x - last))
                break
            if start < width:
                column[count], begin[count] = x, max(start, 0)
                count += 1
        end = width
        for number in range(count - 1, -1, -1):
            site = column[number]
            own = np.int64(away[y, site])
            for x in range(max(begin[number], site - limit), min(end, site + limit)):
                distance = (x - site) ** 2 + own * own
                if distance <= most:
                    squared[y, x], nearest[y, x] = distance, row[site]
            end = begin[number]
    return nearest, squared
