"""What the parts behind the dock share: viewer, session, jobs, and how they speak up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_c3r.session import Session
from napari_c3r.widgets.common.jobs import Jobs
from napari_c3r.widgets.main.step_ids import StepId

if TYPE_CHECKING:
    from napari.components import ViewerModel

OPEN, FIND, EMBED, MAP, EXPORT = "open", "find cells", "embed", "map", "export"
READ, COMPARE = "read labels", "compare labels"
PLATE_MAP = "plate map"


class ViewerContext(QObject):
    """One viewer's workplace.

    Signals
    -------
    error_changed
        The :class:`StepId` and one line on what is wrong; an empty line takes it back.
    notified
        One line of good news, for a notification.
    """

    error_changed = Signal(object, str)
    notified = Signal(str)

    def __init__(self, viewer: ViewerModel, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.viewer = viewer
        self.session = session
        # The long work, one at a time, and what must neither wait for it nor take its place.
        self.jobs = self._jobs(
            {FIND: StepId.CELLS, EMBED: StepId.EMBED, MAP: StepId.MAP, EXPORT: StepId.MAP}
        )
        self.opening = self._jobs({OPEN: StepId.IMAGE})
        self.loading = self._jobs({"load": StepId.EMBED})
        self.looking = self._jobs({"preview": StepId.CELLS})
        self.reading = self._jobs({READ: StepId.CELLS, COMPARE: StepId.CELLS})
        self.suggesting = self._jobs({})
        self.describing = self._jobs({PLATE_MAP: StepId.IMAGE})
        self._all = (
            *(self.jobs, self.opening, self.loading, self.looking, self.reading, self.suggesting),
            self.describing,
        )

    def _jobs(self, steps: dict[str, StepId]) -> Jobs:
        jobs = Jobs(self)
        jobs.failed.connect(lambda name, line: self._on_failed(steps.get(name), line))
        return jobs

    def _on_failed(self, step: StepId | None, line: str) -> None:
        # Without an estimate one can do.
        if step is not None:
            self.error_changed.emit(step, line)

    @property
    def under_way(self) -> list[str]:
        """Names of the jobs that are under way."""
        return [jobs.running for jobs in self._all if jobs.running is not None]

    @property
    def busy(self) -> bool:
        """Whether any job is under way."""
        return bool(self.under_way)

    def discard(self) -> None:
        """Stop all work and forget its results."""
        for jobs in self._all:
            jobs.discard()
