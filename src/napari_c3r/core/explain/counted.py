"""How far a job has come, in crops."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TypeVar

from napari_c3r.core.embed.job import EmbedProgress

T = TypeVar("T")


class Counted:
    """Counts the crops of a job.

    Parameters
    ----------
    total
        About how many there are.
    """

    def __init__(self, total: int) -> None:
        self.total, self._done, self._began = total, 0, time.perf_counter()

    def progress(self, stage: str) -> EmbedProgress:
        """How far it is, and what it is at."""
        seconds = time.perf_counter() - self._began
        speed = self._done / seconds if self._done else 0.0
        return EmbedProgress(min(self._done, self.total), self.total, seconds, stage, speed)

    def end(self) -> EmbedProgress:
        """All is done, whatever the number of crops."""
        self._done = self.total
        return self.progress("done")

    def told(self, work: Generator[int, None, T], stage: str) -> Generator[EmbedProgress, None, T]:
        """Work that yields how many crops it embedded, as progress."""
        while True:
            try:
                self._done += next(work)
            except StopIteration as end:
                found: T = end.value
                return found
            yield self.progress(stage)
