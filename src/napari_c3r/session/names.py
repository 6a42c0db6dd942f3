"""Names that a person gave to cells, by image and label, whatever is embedded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from napari_c3r.session.labels import Cells
from napari_c3r.session.same_cells import same_cells

_MOST_SAID = 20_000


@dataclass(frozen=True, eq=False)
class _Named:
    """Names by the labels of some cells of an image."""

    cells: Cells
    names: dict[int, str]


@dataclass(frozen=True, eq=False)
class _Said:
    """Names given at one time to cells of an image, or taken away (None)."""

    cells: Cells
    labels: Iterable[int]
    names: Iterable[Any]


class CellNames:
    """What cells are called, in every image, also in those that the result does not hold.

    A name is a cell's and not a label's: where the cells of an image were replaced by others,
    it goes with those that lie where the named ones lay, and waits where there are none.
    """

    def __init__(self) -> None:
        # Of each image first the cells named last, then those that had no counterpart in them.
        self._by_image: dict[str, list[_Named]] = {}
        # What was said since, and is sorted by cell when somebody asks: a million at once are many.
        self._said: list[_Said] = []

    @property
    def images(self) -> tuple[str, ...]:
        """The images with named cells."""
        said = (each.cells.image_name for each in self._said)
        return tuple(dict.fromkeys([*self._by_image, *said]))

    def place(self, cells: Cells) -> Mapping[int, str]:
        """The names of an image by the labels that its cells have now."""
        self._sort(cells.image_name)
        return self._placed(cells)

    def _placed(self, cells: Cells) -> dict[int, str]:
        placed: dict[int, str] = {}
        waiting: list[_Named] = []
        for named in self._by_image.get(cells.image_name, ()):
            now = same_cells(named.cells, cells, named.names)
            left = {}
            for label, name in named.names.items():
                if label in now and now[label] not in placed:
                    placed[now[label]] = name
                else:
                    left[label] = name
            if left:
                waiting.append(_Named(named.cells, left))
        if placed or waiting:
            self._by_image[cells.image_name] = [_Named(cells, placed), *waiting]
        return placed

    def waiting(self, image_name: str) -> int:
        """How many names of an image have no cell in those placed last."""
        self._sort(image_name)
        return sum(len(named.names) for named in self._by_image.get(image_name, ())[1:])

    def set(self, cells: Cells, labels: Iterable[int], names: Iterable[Any]) -> None:
        """Call cells by other names, each label by the one at its place; None takes it away."""
        self._said.append(_Said(cells, labels, names))
        if len(self._said) > _MOST_SAID:
            for image_name in self.images:
                self._sort(image_name)

    def _sort(self, image_name: str) -> None:
        """Take note, cell by cell, of what was said of an image."""
        said = [each for each in self._said if each.cells.image_name == image_name]
        if not said:
            return
        self._said = [each for each in self._said if each.cells.image_name != image_name]
        for each in said:
            known = dict(self._placed(each.cells))
            # Labels of a table are numpy's, which JSON does not know.
            for label, name in zip(map(int, each.labels), each.names, strict=True):
                if name is None:
                    known.pop(label, None)
                else:
                    known[label] = str(name)
            waiting = self._by_image.get(image_name, ())[1:]
            self._by_image[image_name] = [_Named(each.cells, known), *waiting]

    def clear(self) -> None:
        """Forget all names."""
        self._by_image.clear()
        self._said.clear()
