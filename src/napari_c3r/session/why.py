"""Asking a cell, or a group, of the displayed result what sets it apart: whether, and with what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.embed.provenance import options_of
from napari_c3r.core.encoder.options import RunOptions, watchable
from napari_c3r.core.errors import InputError
from napari_c3r.core.explain.contrast import CellSet, cell_set, rest_of
from napari_c3r.core.explain.cost import MIN_CELLS, count_crops, count_group
from napari_c3r.core.explain.crops import Field
from napari_c3r.core.explain.of_table import game_of
from napari_c3r.core.gates import column_of
from napari_c3r.core.metadata.join import DESIGN
from napari_c3r.core.table.annotate import COLUMN
from napari_c3r.core.table.result import KEY
from napari_c3r.core.table.titles import title
from napari_c3r.session.labels import Cells
from napari_c3r.session.outdated import Outdated
from napari_c3r.session.why_asked import OTHER_CLUSTERS, OTHERS, Asked, Group, Key

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.explain import GroupRun, WhyRun
    from napari_c3r.core.explain.exchanger import UsualWays
    from napari_c3r.core.images import Image
    from napari_c3r.session.result import EmbeddingResult, Result
    from napari_c3r.session.session import Session

_CLUSTER: Final = "cluster"


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
class Sides:
    """Who is asked and compared with whom, as rows of a result.

    Attributes
    ----------
    result_id
        Of the result, by which it is recognised.
    row
        The cell that is asked, None where a group is.
    group, compared
        The cells that are asked, and those they are compared with; None for one cell, and for all
        others.
    asked
        What was chosen.
    key
        By which the question is recognised.
    """

    result_id: int
    row: int | None
    group: CellSet | None
    compared: CellSet | None
    asked: Asked
    key: Key

    @property
    def usual_key(self) -> tuple[object, ...]:
        """Questions of the same key ask the same reference cells in the same way."""
        compared = self.compared
        if compared is None and self.group is not None:
            compared = rest_of(self.group)
        return self.result_id, self.key.shown, _digest_of(compared), self.asked.options


@dataclass(frozen=True, eq=False)
class WhyQuestion:
    """What asking needs but the network; nothing in it changes.

    Attributes
    ----------
    table, fields
        As for :class:`napari_c3r.core.explain.WhyJob`.
    sides
        Who is asked and compared with whom.
    run_options
        How the encoder ran when the cells were embedded.
    encoder_source
        Where it is: ``"bundled"`` or a model folder.
    """

    table: AnnData
    sides: Sides
    fields: Mapping[str, Field]
    run_options: RunOptions
    encoder_source: str

    def run(self, encoder: Encoder, usual: UsualWays | None) -> WhyRun | GroupRun:
        """The work, once the network is there.

        Parameters
        ----------
        encoder
            The one that made the table.
        usual
            What an earlier question of the same `Sides.usual_key` found of the reference cells.
        """
        from napari_c3r.core.explain import GroupJob, GroupRun, WhyJob, WhyRun

        sides, table = self.sides, self.table
        ran = watchable(self.run_options, encoder.devices)
        how = (self.fields, encoder, sides.asked.options, ran, sides.result_id)
        if sides.group is None:
            assert sides.row is not None
            job = WhyJob(table, sides.row, *how, compared=sides.compared, usual=usual)
            return WhyRun(job)
        compared = sides.compared or rest_of(sides.group)
        return GroupRun(GroupJob(table, sides.group, compared, *how, usual=usual))


def _digest_of(cells: CellSet | None) -> tuple[str, str] | None:
    return None if cells is None else (cells.name, _digest(np.packbits(cells.rows)))


def _digest(*arrays: NDArray[Any]) -> str:
    """The same in every process, so that it can be kept in a file."""
    told = blake2b(digest_size=16)
    for each in arrays:
        told.update(each.tobytes())
    return told.hexdigest()


def _shown_digest(result: Result) -> str:
    """Which rows are shown; filters say nothing of that, since what they hide by may change."""
    now = result.current
    if now is None or now.table is now.all_rows:
        return ""
    obs = now.table.obs
    # Every cell pointed at asks for it, and of a million rows it is no moment's work.
    return result.memory.recall("rows", "label", obs["label"].values, lambda: _rows_digest(obs))


def _rows_digest(obs: pd.DataFrame) -> str:
    import pandas as pd

    codes, names = pd.factorize(obs["image"])
    return _digest(
        np.frombuffer("\0".join(map(str, names)).encode(), np.uint8),
        codes.astype(np.int64),
        obs["label"].to_numpy(np.int64),
    )


def groups(session: Session) -> list[tuple[str, Group]]:
    """The clusters, names and gates of the displayed result, as titles and what they stand for."""
    result = session.result.current
    if result is None:
        return []
    obs = result.table.obs
    found = [(f"Cluster {name}", (_CLUSTER, name)) for name in _values(obs, _CLUSTER)]
    found += [(f"Named {name}", (COLUMN, name)) for name in _values(obs, COLUMN)]
    for gate in session.gates.all:
        if column_of(gate.name) in obs:
            found.append((f"Gate “{gate.name}”", (column_of(gate.name), "True")))
    return found


def comparisons(session: Session, group: Group | None) -> list[tuple[str, Group]]:
    """What a cell, or a group, can be compared with; what suits best comes first."""
    result = session.result.current
    found: list[tuple[str, Group]] = [("All other cells", OTHERS)]
    if result is None:
        return found
    if group is None and len(_values(result.table.obs, _CLUSTER)) > 1:
        found.insert(0, ("Other clusters", OTHER_CLUSTERS))
    controls = result.table.uns.get(KEY, {}).get(DESIGN, {}).get("negative")
    if controls is not None and str(controls[0]) in result.table.obs:
        column, value = map(str, controls)
        if (column, value) != group:
            found.insert(0, (f"Controls ({title(column)} {value})", (column, value)))
    return [*found, *(each for each in groups(session) if each[1] != group)]


def _values(obs: pd.DataFrame, column: str) -> list[str]:
    if column not in obs or not hasattr(obs[column], "cat"):
        return []
    present = np.unique(obs[column].cat.codes.to_numpy())
    return [str(obs[column].cat.categories[code]) for code in present.tolist() if code >= 0]


def disabled_reason(session: Session, group: Group | None = None, row: int | None = None) -> str:
    """Why a cell, the one that is pointed at by default, or a group cannot be asked, or empty."""
    result = session.result.current
    row = session.selection.current if row is None else row
    if result is None:
        return "No cells yet. Embed some, then point at one."
    if len(result.table) < MIN_CELLS:
        return (
            f"There are {len(result.table)} cells, too few for neighbours; embed at least "
            f"{MIN_CELLS}."
        )
    if group is None:
        if row is None:
            return "Click on a cell, on the map or in the image, to ask why it is where it is."
        name = str(result.table.obs["image"].iloc[row])
        if name not in result.images or name not in result.cells_ids:
            return f"The pixels of '{name}' are not at hand; open it and embed its cells again."
    elif not result.images:
        return "The pixels of no image are at hand; open them and embed their cells again."
    reason = session.result_outdated()
    if reason is None or reason.kind is Outdated.FIELD_MISSING:
        return ""
    return f"The result is {reason}; embed again first."


def sides_of(session: Session, asked: Asked, row: int | None = None) -> Sides | None:
    """Who would be asked and compared with whom now; None where that cannot be.

    Parameters
    ----------
    session
        With the result.
    asked
        What is asked.
    row
        Of the cell; None for the one that is pointed at.
    """
    result = session.result.current
    row = session.selection.current if row is None else row
    if result is None or disabled_reason(session, asked.group, row):
        return None
    try:
        group = None if asked.group is None else cell_set(result.table, asked.group)
        compared = _compared(result, row, asked.against)
    except InputError:
        return None
    own = row if group is None else None
    key = Key(
        _shown_digest(session.result),
        None if own is None else str(result.table.obs_names[own]),
        _digest_of(group),
        _digest_of(compared),
        asked.options,
    )
    return Sides(result.id, own, group, compared, asked, key)


def make_question(session: Session, asked: Asked) -> WhyQuestion:
    """Take from the session what asking needs.

    Raises
    ------
    InputError
        It cannot be asked.
    """
    sides, result = sides_of(session, asked), session.result.current
    if sides is None or result is None:
        raise InputError(
            disabled_reason(session, asked.group)
            or "The cells to compare with are no longer there; choose others"
        )
    from anndata import AnnData

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
        sides,
        _Fields(result.images, known),
        options_of(table.uns[KEY]),
        result.encoder_source,
    )


def _compared(result: EmbeddingResult, row: int | None, against: Group) -> CellSet | None:
    if against == OTHERS:
        return None
    if against != OTHER_CLUSTERS:
        return cell_set(result.table, against)
    assert row is not None
    column = result.table.obs[_CLUSTER]
    own = column.cat.codes.iloc[row]
    return CellSet("the other clusters", np.asarray(column.cat.codes.to_numpy() != own))


def cost_sentence(session: Session, asked: Asked, *, knows_usual: bool = False) -> str:
    """About how long asking takes, from how long embedding took.

    Parameters
    ----------
    session
        With the result.
    asked
        What is asked.
    knows_usual
        Whether the same cells were compared with before.
    """
    result = session.result.current
    if result is None:
        return ""
    game, used = game_of(result.table, result.assignment), result.assignment.used
    if asked.group is None:
        crops = count_crops(len(used), game, asked.options, knows_usual=knows_usual)
    else:
        crops = count_group(game, asked.options, knows_usual=knows_usual)
    words = f"{crops:,} crops".replace(",", " ")
    if not result.seconds or not len(result.all_rows):
        return words
    seconds = result.seconds / len(result.all_rows) * crops
    long = f"{seconds / 60:.0f} min" if seconds >= 90 else f"{max(1, round(seconds))} s"
    return f"about {long} ({words})"
