"""Plate maps: looking for one beside the images, reading one, and what its columns mean."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path

from qtpy.QtCore import QObject

from napari_c3r.core.metadata import Design, PlateMap
from napari_c3r.session import Cause, Change, Part
from napari_c3r.widgets.main.context import PLATE_MAP, ViewerContext
from napari_c3r.widgets.main.images import ImageController
from napari_c3r.widgets.main.step_ids import StepId


class PlateMapController(QObject):
    """Gives the session its plate map.

    Parameters
    ----------
    context
        The viewer's workplace.
    images
        Knows what was opened.
    """

    def __init__(self, context: ViewerContext, images: ImageController) -> None:
        super().__init__(context)
        self._context, self._images = context, images
        self._looked_for = -1
        context.session.changed.connect(self._on_changed)

    def _on_changed(self, change: Change) -> None:
        session = self._context.session
        opened = session.plate_maps.opened
        known = bool(session.fields.sources) and session.plate_maps.current is None
        if change.part is Part.IMAGE and known and opened != self._looked_for:
            self._looked_for = opened
            self._look()

    def _look(self) -> None:
        """Look for tables beside the images; the best is used until another is chosen."""
        session = self._context.session
        fields, paths = session.fields.located, self._images.opened
        opened = session.plate_maps.opened

        def body(_: threading.Event) -> Generator[str, None, tuple[PlateMap, ...]]:
            from napari_c3r.core.metadata import find_plate_maps

            yield "looking for a plate map"
            return find_plate_maps(fields, paths)  # type: ignore[arg-type]

        def take(found: tuple[PlateMap, ...]) -> None:
            if session.plate_maps.opened != opened:
                return
            session.plate_maps.offer(found)
            if found and not session.plate_maps.decided:
                session.use_plate_map(found[0], Cause.FIELDS_FOUND)

        self._context.describing.start(PLATE_MAP, body, take)

    def read(self, path: str) -> None:
        """Read a file that the user chose."""
        session = self._context.session
        fields, opened = session.fields.located, session.plate_maps.opened
        if not fields:
            self._context.error_changed.emit(
                StepId.IMAGE, f"'{path}' is a table; open images first, then their plate map"
            )
            return

        def body(_: threading.Event) -> Generator[str, None, PlateMap]:
            yield "reading the plate map"
            return PlateMap.read(path, fields)

        def take(read: PlateMap) -> None:
            if session.plate_maps.opened != opened:
                return
            others = [one for one in session.plate_maps.found if one.path != read.path]
            session.plate_maps.offer([read, *others])
            self.use(read)

        self._context.error_changed.emit(StepId.IMAGE, "")
        self._context.describing.start(PLATE_MAP, body, take)

    def use(self, plate_map: PlateMap | None) -> None:
        """Use one of those that were found, or none."""
        if plate_map is self._context.session.plate_maps.current:
            return
        name = Path(plate_map.path).name if plate_map and plate_map.path else ""
        sentence = f"use the plate map {name}" if plate_map else "use no plate map"
        self._context.error_changed.emit(StepId.IMAGE, "")
        self._context.session.set_plate_map(plate_map, sentence)

    def set_design(self, design: Design) -> None:
        """Say what its columns mean."""
        self._context.session.set_design(design)

    def release(self) -> None:
        """Follow the session no longer."""
        self._context.session.changed.disconnect(self._on_changed, missing_ok=True)
