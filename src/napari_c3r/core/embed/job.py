"""What an embedding of one field needs, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.cells.whole import as_labels
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.images import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_c3r.core.encoder import Encoder

MEASURED: Final = "measured the cells"
"""The stage after which the device is needed."""


@dataclass(frozen=True)
class EmbedJob:
    """Everything an embedding needs, and nothing that can change under it.

    Parameters
    ----------
    image
        The image, (C, Y, X), lazy.
    labels
        Label image of the cells, (Y, X), of whole numbers; kept as integers.
    assignment
        Roles of the image's channels.
    encoder
        A frozen encoder.
    nuclei
        Label image of the nuclei with the cells' labels, for the nucleus' area.
    crop
        How cells are cut out.
    options
        Where and how the encoder runs.
    labels_wanted
        Embed only these cells; None means all.
    window_px
        Side of the crops in the image's pixels, where it is known from cells embedded before;
        None works it out.
    cells_from
        Where the labels come from, in words, for the provenance.
    job_id
        Tells a result of this job from that of an earlier one.

    Raises
    ------
    InputError
        Labels that are no whole numbers, or a mask.
    """

    image: Image
    labels: ArrayLike
    assignment: ChannelAssignment
    encoder: Encoder
    nuclei: ArrayLike | None = None
    crop: CropSpec = field(default_factory=CropSpec)
    options: RunOptions = field(default_factory=RunOptions)
    labels_wanted: frozenset[int] | None = None
    window_px: int | None = None
    cells_from: str = "labels that were given"
    job_id: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", as_labels(self.labels))
        if self.nuclei is not None:
            object.__setattr__(self, "nuclei", as_labels(self.nuclei, "nuclei"))


@dataclass(frozen=True)
class EmbedProgress:
    """How far an embedding is.

    Attributes
    ----------
    done, total
        Cells.
    seconds
        Spent so far in this stretch of work.
    stage
        What is being done, in words.
    cells_per_second
        In this stretch; 0 until the first batch is through.
    """

    done: int
    total: int
    seconds: float
    stage: str
    cells_per_second: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimate, or None before the first batch."""
        if not self.cells_per_second:
            return None
        return (self.total - self.done) / self.cells_per_second


_Result_co = TypeVar("_Result_co", covariant=True)


class Run(Protocol[_Result_co]):
    """Work of the encoder in steps, which may be ended after any of them."""

    def steps(self) -> Iterator[EmbedProgress]:
        """Work, yielding how far it is."""

    def result(self) -> _Result_co:
        """What is known by now."""


def finished(run: Run[_Result_co]) -> _Result_co:
    """Do all steps of a run; returns its result."""
    for _ in run.steps():
        pass
    return run.result()
