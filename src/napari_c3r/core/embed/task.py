"""A field whose cells are to be embedded, and how far many of them are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.images import FieldSource, Image, ImageFiles, LabelSource
from napari_c3r.core.text import readable

DONE, KEPT, FAILED = "done", "kept", "failed"
_SETTLED = frozenset({DONE, KEPT, FAILED})


@dataclass(frozen=True, eq=False)
class FieldTask:
    """A field whose cells are to be embedded.

    Parameters
    ----------
    name
        The image's identifier.
    image
        The image; None reads it from ``source`` when its turn comes.
    source
        Its files.
    labels, nuclei
        Its cells, (Y, X), or their file; None finds them.
    labels_wanted
        Embed only these cells; None means all.
    window_px
        As for :class:`napari_c3r.core.embed.job.EmbedJob`.
    cells_from
        Where ``labels`` come from, in words; empty for what their file says.
    """

    name: str
    image: Image | None = None
    source: FieldSource | None = None
    labels: ArrayLike | LabelSource | None = None
    nuclei: ArrayLike | None = None
    labels_wanted: frozenset[int] | None = None
    window_px: int | None = None
    cells_from: str = ""

    @classmethod
    def of(cls, source: FieldSource, labels: LabelSource | None = None) -> FieldTask:
        """The field of some files, whose cells are in a file or to be found."""
        return cls(source.name, source=source, labels=labels)

    @property
    def located(self) -> Image | ImageFiles:
        """What says where on a plate the field is."""
        if self.image is not None:
            return self.image
        assert self.source is not None
        return self.source.located

    def read(self) -> Image:
        """The image, its pixels still in the files where it comes from them."""
        if self.image is not None:
            return self.image
        assert self.source is not None
        return self.source.read()

    def given_labels(self) -> tuple[ArrayLike, str] | None:
        """The cells that were given and where they come from; None where they are to be found."""
        if self.labels is None:
            return None
        if isinstance(self.labels, LabelSource):
            told = f"labels of {readable(Path(self.labels.path).name)}"
            told += ", pieces numbered" if self.labels.number_cells else ""
            slices = self.labels.slices
            told += f", {slices} slices projected" if slices > 1 else ""
            return self.labels.read(), self.cells_from or told
        return self.labels, self.cells_from or EmbedJob.cells_from


@dataclass(frozen=True)
class FieldsProgress:
    """How far the fields are.

    Attributes
    ----------
    number, total
        The field at hand, from 1, of how many.
    name
        Its name.
    stage
        What is being done, in words; in the end ``"done"``, ``"kept"`` from an earlier run, or
        ``"failed"``.
    done_cells, expected_cells
        Over all fields; those of fields to come are taken to have as many as the ones before.
    seconds
        Spent in this stretch of work.
    cells_per_second
        While embedding; 0 until the first batch is through.
    done_before
        Cells that were embedded before this stretch.
    problem
        Why the field failed, in one line.
    again
        Why the field is embedded although an earlier run kept it, in words.
    """

    number: int
    total: int
    name: str
    stage: str
    done_cells: int
    expected_cells: int
    seconds: float
    cells_per_second: float = 0.0
    done_before: int = 0
    problem: str = ""
    again: str = ""

    @property
    def settled(self) -> bool:
        """Whether the field is through, one way or the other."""
        return self.stage in _SETTLED

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the time that the cells so far took in all, None before the first."""
        worked = self.done_cells - self.done_before
        if worked <= 0:
            return None
        if self.total == 1 and self.cells_per_second:
            return (self.expected_cells - self.done_cells) / self.cells_per_second
        return self.seconds / worked * (self.expected_cells - self.done_cells)
