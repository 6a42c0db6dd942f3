"""The component tree of an image, and the best non-overlapping choice of its regions.

Raise a threshold from the darkest to the brightest level: the connected sets above it shrink,
split and vanish. These sets, ordered by inclusion, are the nodes of the component tree (max-tree:
Salembier, Oliveras & Garrido 1998, "Antiextensive connected operators for image and sequence
processing"). Every object that *any* threshold separates is a node, so each nucleus can have its
own threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.segment.compiled import compiled


@dataclass(frozen=True)
class ComponentTree:
    """The component tree of an image of integer levels.

    Attributes
    ----------
    node
        (Y, X) the smallest region (the highest node) that holds each pixel.
    parent
        (N,) the region that encloses each region; the root is its own parent.
    level
        (N,) the threshold of each region.
    by_level
        The node numbers, one array per level, the highest level first. The root, which is the
        whole image, is left out.
    """

    node: NDArray[np.int32]
    parent: NDArray[np.int32]
    level: NDArray[np.int64]
    by_level: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, levels: NDArray[np.uint8]) -> ComponentTree:
        """Build the tree of a (Y, X) image of levels, pixels joined along edges and corners.

        Regions are numbered level by level, the lowest first, and within a level in the order in
        which they begin, row by row.
        """
        node, parent, ends = _joined(np.ascontiguousarray(levels))
        lowest = int(levels.min())
        return cls(
            node,
            parent,
            np.repeat(np.arange(lowest, lowest + len(ends)), np.diff(ends, prepend=0)),
            tuple(np.arange(a, b) for a, b in pairwise(ends.tolist()))[::-1],
        )

    @cached_property
    def upward(self) -> NDArray[np.int64]:
        """(N - 1,) the regions but the root, each before the one that encloses it."""
        return np.concatenate([np.zeros(0, np.int64), *self.by_level])

    @property
    def size(self) -> int:
        """The number of regions."""
        return int(self.parent.size)

    def total(self, own: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum (N, K) values of the regions' own pixels over everything each region encloses."""
        total = own.copy()
        _add_to_parents(total, self.parent, self.upward)
        return total

    def choose(self, gain: NDArray[np.float64]) -> NDArray[np.int64]:
        """Choose the regions, none inside another, whose gains add up to the most.

        Parameters
        ----------
        gain
            (N,) what each region is worth. Regions with a gain of at most 0 are never chosen.

        Returns
        -------
        (N,) the chosen region that encloses each region (itself included), -1 where none does.
        """
        inside = np.zeros(self.size)
        chosen = np.zeros(self.size, dtype=bool)
        for nodes in self.by_level:
            chosen[nodes] = gain[nodes] > inside[nodes]
            best = np.maximum(gain[nodes], inside[nodes])
            np.add.at(inside, self.parent[nodes], best)
        owner = np.full(self.size, -1, dtype=np.int64)
        for nodes in reversed(self.by_level):
            outer = owner[self.parent[nodes]]
            owner[nodes] = np.where(outer >= 0, outer, np.where(chosen[nodes], nodes, -1))
        return owner


@compiled
def _add_to_parents(
    total: NDArray[np.float64], parent: NDArray[np.int32], upward: NDArray[np.int64]
) -> None:
    for region in upward:
        for column in range(total.shape[1]):
            total[parent[region], column] += total[region, column]


@compiled
def _joined(
    levels: NDArray[np.uint8],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """The region of each pixel, the parent of each region, and where each level's regions end.

    Pixels are taken from the brightest on and joined with those of their neighbours that were
    (union-find: Berger et al. 2007; by rank, so that wide noise takes no longer than a nucleus).
    """
    height, width = levels.shape
    # A frame of pixels that are never taken spares the question of whether a neighbour is there.
    stride = width + 2
    size = (height + 2) * stride
    level = np.zeros(size, np.uint8)
    for y in range(height):
        for x in range(width):
            level[(y + 1) * stride + x + 1] = levels[y, x]
    order = _brightest_first(levels)
    offsets = (-stride - 1, -stride, -stride + 1, -1, 1, stride - 1, stride, stride + 1)
    above = np.zeros(size, np.int32)
    rank = np.zeros(size, np.uint8)
    # The pixel that stands for the set of a root: the last taken, which is among the darkest.
    darkest = np.empty(size, np.int32)
    parent = np.empty(size, np.int32)
    for place in range(len(order)):
        p = root = order[place]
        above[p] = parent[p] = darkest[p] = p
        for offset in offsets:
            other = p + offset
            # The frame begins the image, so that no pixel has the place 0.
            if above[other] == 0:
                continue
            while above[other] != other:
                above[other] = above[above[other]]
                other = above[other]
            if other == root:
                continue
            parent[darkest[other]] = p
            if rank[other] > rank[root]:
                above[root] = other
                root = other
            else:
                above[other] = root
                rank[root] += rank[other] == rank[root]
            darkest[root] = p
    # Of the pixels of a region's own level one stands for the region.
    for place in range(len(order) - 1, -1, -1):
        p = order[place]
        q = parent[p]
        if level[parent[q]] == level[q]:
            parent[p] = parent[q]
    return _numbered(level, order, parent, height, width)


@compiled
def _brightest_first(levels: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Places of the pixels in the framed image, the highest level first, each row by row."""
    height, width = levels.shape
    begin = np.zeros(257, np.int64)
    for y in range(height):
        for x in range(width):
            begin[256 - levels[y, x]] += 1
    for place in range(256):
        begin[place + 1] += begin[place]
    order = np.empty(height * width, np.int32)
    for y in range(height):
        for x in range(width):
            place = 255 - levels[y, x]
            order[begin[place]] = (y + 1) * (width + 2) + x + 1
            begin[place] += 1
    return order


@compiled
def _numbered(
    level: NDArray[np.uint8],
    order: NDArray[np.int32],
    parent: NDArray[np.int32],
    height: int,
    width: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Number the regions of a framed image by level, and by the pixel that they begin with."""
    root = order[len(order) - 1]
    lowest = int(level[root])
    first, number = np.empty(len(level), np.int32), np.empty(len(level), np.int32)
    for p in range(len(level)):
        first[p], number[p] = p, -1
    ends = np.zeros(int(level[order[0]]) - lowest + 1, np.int64)
    for place in range(len(order)):
        p = order[place]
        q = parent[p]
        first[q] = min(first[q], first[p])
        if p == root or level[q] != level[p]:
            ends[level[p] - lowest] += 1
    following = np.zeros(len(ends), np.int64)
    for place in range(1, len(ends)):
        ends[place] += ends[place - 1]
        following[place] = ends[place - 1]
    parents = np.zeros(ends[len(ends) - 1], np.int32)
    node = np.empty((height, width), np.int32)
    for y in range(height):
        for x in range(width):
            p = (y + 1) * (width + 2) + x + 1
            region = p if level[parent[p]] != level[p] else parent[p]
            while first[region] == p and number[region] < 0:
                number[region] = following[level[region] - lowest]
                following[level[region] - lowest] += 1
                region = parent[region]
    for y in range(height):
        for x in range(width):
            p = (y + 1) * (width + 2) + x + 1
            region = p if level[parent[p]] != level[p] else parent[p]
            node[y, x] = number[region]
            parents[number[region]] = number[parent[region]]
    return node, parents, ends
