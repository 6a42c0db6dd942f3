"""Asking one cell of the displayed result why it is where it is: whether one can, and with what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_c3r.core.embed.provenance import options_of
from napari_c3r.core.encoder.options import RunOptions, watchable
from napari_c3r.core.errors import InputError
from napari_c3r.core.explain.cost import MIN_CELLS, count_crops
from napari_c3r.core.explain.crops import Field
from napari_c3r.core.explain.options import WhyOptions
from napari_c3r.core.table.result import KEY
from napari_c3r.session.labels import Cells
from napari_c3r.session.outdated import Outdated

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.explain import WhyJob
    from napari_c3r.core.images import Image
    from napari_c3r.session.session import Session


class _Fields(Mapping[str, Field]):
    """Images with their cells, each opened when it is asked for."""

    def __init__(self, images: Mapping[str, Image], cells: Mapping[str, Cells]) -> None:
        self._images, self._cells = images, cells

    def __getitem__(self, name: str) -> Field:
        cells = self._cells[name]
        return Field(self._images[name], cells.labels, cells.nuclei)

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)


@dataclass(frozen=True, eq=False)
class WhyQuestion:
    """What asking one cell needs but the network; nothing in it changes.

    Attributes
    ----------
    table, row, fields, options
        As for :class:`napari_c3r.core.explain.WhyJob`.
    run_options
        How the encoder ran when the cells were embedded.
    encoder_source
        Where it is: ``"bundled"`` or a model folder.
    result_id
        Of the result, by which it is recognised.
    """

    table: AnnData
    row: int
    fields: Mapping[str, Field]
    options: WhyOptions
    run_options: RunOptions
    encoder_source: str
    result_id: int

    @property
    def name(self) -> str:
        """The cell's, as ``"image:label"``."""
        return str(self.table.obs_names[self.row])

    def job(self, encoder: Encoder) -> WhyJob:
        """The job, once the network is there."""
        from napari_c3r.core.explain import WhyJob

        ran = watchable(self.run_options, encoder.devices)
        return WhyJob(self.table, self.row, self.fields, encoder, self.options, ran, self.result_id)


def disabled_reason(session: Session) -> str:
    """Why the cell that is pointed at cannot be asked; empty where it can."""
    result, row = session.result.current, session.selection.current
    if result is None:
        return "No cells yet. Embed some, then point at one."
    if len(result.table) < MIN_CELLS:
        return (
            f"There are {len(result.table)} cells, too few for neighbours; embed at least "
            f"{MIN_CELLS}."
        )
    if row is None:
        return "Click on a cell, on the map or in the image, to ask why it is where it is."
    name = str(result.table.obs["image"].iloc[row])
    if name not in result.images or name not in result.cells_ids:
        return f"The pixels of '{name}' are not at hand; open it and embed its cells again."
    reason = session.result_outdated()
    if reason is None or reason.kind is Outdated.FIELD_MISSING:
        return ""
    return f"The result is {reason}; embed again first."


def make_question(session: Session, options: WhyOptions) -> WhyQuestion:
    """Take from the session what asking the cell that is pointed at needs.

    Raises
    ------
    InputError
        It cannot be asked.
    """
    why = disabled_reason(session)
    if why:
        raise InputError(why)
    from anndata import AnnData

    result, row = session.result.current, session.selection.current
    assert result is not None
    assert row is not None
    table = result.table
    known = {
        name: session.labels.embedded(cells_id)
        for name, cells_id in result.cells_ids.items()
        if name in result.images
    }
    # The columns of the session's own table may be others before the work is done.
    frozen = AnnData(table.X, obs=table.obs.copy(deep=False), var=table.var, uns=dict(table.uns))
    return WhyQuestion(
        frozen,
        row,
        _Fields(result.images, known),
        options,
        options_of(table.uns[KEY]),
        result.encoder_source,
        result.id,
    )


def cost_sentence(session: Session, options: WhyOptions) -> str:
    """About how long asking one cell takes, from how long embedding took."""
    result = session.result.current
    if result is None:
        return ""
    crops = count_crops(len(result.assignment.used), options)
    words = f"{crops:,} crops".replace(",", " ")
    if not result.seconds or not len(result.all_rows):
        return words
    seconds = result.seconds / len(result.all_rows) * crops
    long = f"{seconds / 60:.0f} min" if seconds >= 90 else f"{max(1, round(seconds))} s"
    return f"about {long} ({words})"
