"""What an embedding will cost, found out before it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_c3r.widgets.main.context import ViewerContext
from napari_c3r.widgets.main.segmentation import SegmentationController
from napari_c3r.widgets.main.steps.embed_choice import EmbedChoice

if TYPE_CHECKING:
    from napari_c3r.core.embed.estimate import Estimate

_ESTIMATE = "estimate"


class CostController(QObject):
    """Estimates time and memory of an embedding by a few of its crops.

    Signals
    -------
    estimated
        With an :class:`Estimate`, or None while there is none.
    """

    estimated = Signal(object)

    def __init__(self, context: ViewerContext, segmentation: SegmentationController) -> None:
        super().__init__(context)
        self._context, self._segmentation = context, segmentation
        self._known: dict[tuple[Any, ...], Estimate] = {}
        self._wanted: tuple[Any, ...] | None = None
        self._waiting: EmbedChoice | None = None
        context.looking.finished.connect(self._go_on)

    def _go_on(self) -> None:
        """Find out what could not be while another thing was looked at."""
        choice, self._waiting = self._waiting, None
        if choice is not None:
            self.estimate(choice)

    def estimate(self, choice: EmbedChoice) -> None:
        """Find out in the background what embedding would cost; nothing while work is under way."""
        context, session = self._context, self._context.session
        encoders = session.encoders
        image, roles, cells = session.fields.image, session.roles.assignment, session.labels.current
        if image is None or roles is None or cells is None or roles.problem():
            self._wanted = self._waiting = None
            self.estimated.emit(None)
            return
        n_cells = cells.count * (len(session.fields.sources) if choice.every_field else 1)
        to_find = [f for f in session.fields.sources if f.name not in session.labels.by_image]
        finding = len(to_find) * (self._segmentation.find_seconds or 0) if choice.every_field else 0
        key = (
            choice.source,
            choice.options,
            choice.crop,
            roles.context,
            roles.concept,
            image.pixel_size_um,
        )
        wanted = self._wanted = (*key, n_cells, finding)
        if key in self._known:
            self.estimated.emit(self._known[key].for_cells(n_cells, finding))
            return
        if context.jobs.running:
            return
        if context.looking.running:
            self._waiting = choice
            return

        def body(_: threading.Event) -> Generator[str, None, Estimate]:
            from napari_c3r.core.embed.estimate import estimate
            from napari_c3r.core.embed.job import EmbedJob

            yield "embedding a few crops"
            job = EmbedJob(
                image,
                cells.labels,
                roles,
                encoders.get(choice.source),
                crop=choice.crop,
                options=choice.options,
            )
            return estimate(job, cells.count)

        def take(found: Estimate) -> None:
            self._known[key] = found
            # Of roles that were changed meanwhile it says nothing.
            if wanted == self._wanted:
                self.estimated.emit(found.for_cells(n_cells, finding))

        context.looking.start(_ESTIMATE, body, take)
