"""Which plate map says what was done to the wells of the fields, and which others it could be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_c3r.session.changes import Cause, Change, Part

if TYPE_CHECKING:
    from napari_c3r.core.metadata import PlateMap


class PlateMaps:
    """The plate map of the fields.

    Attributes
    ----------
    current
        The one in use; None where nothing is known of the wells.
    found
        Tables beside the images that could be one, the best first.
    decided
        Whether a person chose the one in use, or none.
    opened
        How often other fields were opened.
    changed
        With a :class:`Change`.
    """

    changed = Signal(Change)

    def __init__(self) -> None:
        self.current: PlateMap | None = None
        self.found: tuple[PlateMap, ...] = ()
        self.decided = False
        self.opened = 0

    def open(self) -> None:
        """Begin with other fields, of which nothing is known yet."""
        self.current, self.found, self.decided = None, (), False
        self.opened += 1
        self.changed.emit(Change(Part.PLATE_MAP))

    def offer(self, found: Iterable[PlateMap]) -> None:
        """Take note of what lies beside the images."""
        self.found = tuple(found)
        self.changed.emit(Change(Part.PLATE_MAP, Cause.FIELDS_FOUND))

    def set_current(self, plate_map: PlateMap | None, cause: Cause = Cause.USER) -> None:
        """Use another plate map, or none."""
        self.current, self.decided = plate_map, cause is not Cause.FIELDS_FOUND
        self.changed.emit(Change(Part.PLATE_MAP, cause))
