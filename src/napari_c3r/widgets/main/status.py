"""What each step has and what disables it, as pure functions of the session."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from napari_c3r.core.reduce.batches import batch_words
from napari_c3r.core.table.result import KEY
from napari_c3r.core.text import without_middle
from napari_c3r.widgets.common.step import Mark, StepStatus
from napari_c3r.widgets.common.wording import counted

if TYPE_CHECKING:
    from napari_c3r.session import Session

_MAX_NAME = 34


def image_status(session: Session) -> StepStatus:
    """Step 1: which image."""
    image = session.fields.image
    if image is None:
        return StepStatus(Mark.NEXT, "no image yet")
    _, height, width = image.shape
    size = f"{width} × {height} px"
    scale = f"{image.pixel_size_um:.3g} µm/px" if image.pixel_size_um else "pixel size unknown"
    channels = counted(len(image.channel_names), "channel")
    line = f"{without_middle(image.name, _MAX_NAME)}\n{channels} · {size} · {scale}"
    if len(session.fields.sources) > 1:
        line += f"\nfield {session.fields.index + 1} of {len(session.fields.sources)}"
    if session.plate_maps.current is not None:
        line += f"\n{session.plate_maps.current.words}"
    if session.fields.doubts:
        return StepStatus(Mark.DOUBT, f"{line}\n{session.fields.doubts[0]}")
    return StepStatus(Mark.DONE, line)


def channels_status(session: Session) -> StepStatus:
    """Step 2: which roles."""
    roles = session.roles.assignment
    if roles is None:
        return StepStatus(Mark.WAITING, "waits for an image", "Open an image first")
    line = f"{len(roles.context)} context · {len(roles.concept)} concept"
    if not roles.context:
        return StepStatus(Mark.ATTENTION, line, "Tag at least one context channel")
    if not roles.concept:
        return StepStatus(Mark.ATTENTION, line, "Tag at least one concept channel")
    if roles.doubt:
        return StepStatus(Mark.DOUBT, f"{line}\n{roles.doubt}")
    return StepStatus(Mark.DONE, line)


def cells_status(session: Session) -> StepStatus:
    """Step 3: which cells."""
    if session.fields.image is None:
        return StepStatus(Mark.WAITING, "waits for an image", "Open an image first")
    cells = session.labels.current
    if cells is None:
        return StepStatus(Mark.NEXT, "no cells yet")
    line = counted(cells.count, "cell")
    if cells.at_border:
        line += f", {cells.at_border} at the border"
    line += f" · {cells.origin}"
    outdated = session.cells_outdated()
    if outdated is not None:
        return StepStatus(Mark.ATTENTION, f"{line}\n{outdated}")
    if session.labels.edited:
        edits = session.labels.edits
        line += f"\n{edits.count if edits else 'some'} edited by hand since"
    hidden = session.result.current.hidden_count if session.result.current else 0
    if session.result.filter is not None and session.result.filter.active:
        line += f"\nhiding {session.result.filter.words()}"
        line += f" ({hidden} in the result)" if session.result.current else ""
    if cells.note:
        return StepStatus(Mark.ATTENTION, f"{line}\n{cells.note}")
    return StepStatus(Mark.DONE, line)


def embed_status(session: Session) -> StepStatus:
    """Step 4: which vectors."""
    disabled_reason = _embed_disabled_reason(session)
    result = session.result.current
    if result is None:
        return StepStatus(
            Mark.WAITING if disabled_reason else Mark.NEXT, "no vectors yet", disabled_reason
        )
    rows, columns = result.table.shape
    line = f"{rows} × {columns} · {result.encoder} · {result.seconds:.1f}\u00a0s"
    if len(result.cells_ids) > 1:
        line += f"\n{len(result.cells_ids)} fields"
    if result.hidden_count:
        line += f"\n{counted(result.hidden_count, 'cell')} hidden"
    if result.preview:
        line += f"\npreview of {counted(session.embedded_cells().count, 'cell')}"
    outdated = session.result_outdated()
    if outdated is not None:
        return StepStatus(Mark.ATTENTION, f"{line}\n{outdated}", disabled_reason)
    if not result.finished:
        return StepStatus(
            Mark.ATTENTION, f"{line}\nstopped early; what was done is kept", disabled_reason
        )
    return StepStatus(Mark.DONE, line, disabled_reason)


def _embed_disabled_reason(session: Session) -> str:
    channels = channels_status(session).disabled_reason
    if channels:
        return channels
    if session.labels.current is None:
        return "" if len(session.fields.sources) > 1 else "Find the cells first (step 3)"
    if session.cells_outdated():
        return "The cells are of another image; find them again (step 3)"
    return ""


def map_status(session: Session) -> StepStatus:
    """Step 5: which map."""
    result = session.result.current
    if result is None:
        return StepStatus(Mark.WAITING, "waits for vectors", "Embed the cells first (step 4)")
    if not session.result.has_map:
        return StepStatus(Mark.NEXT, "no map yet")
    clusters = [name for name in result.table.obs["cluster"].cat.categories if name != "noise"]
    facts = result.table.uns[KEY]["map"]
    line = f"{counted(len(clusters), 'cluster')} · seed {facts['seed']}"
    if "controls" in facts:
        line += f"\nseen against {' '.join(facts['controls'])}"
    if together := batch_words(facts):
        line += f"\n{together}"
    outdated = session.result_outdated()
    if outdated is not None:
        return StepStatus(Mark.ATTENTION, f"{line}\n{outdated}")
    return StepStatus(Mark.DONE, line)


def names_left_line(session: Session, images: Collection[str]) -> str:
    """How many cells of some images were named and are gone since; empty where none is."""
    count = sum(session.result.names.waiting(image) for image in images)
    if not count:
        return ""
    verb = "is" if count == 1 else "are"
    return (
        f"{counted(count, 'named cell')} of before {verb} not among the cells now; "
        "undo brings the names back"
    )
