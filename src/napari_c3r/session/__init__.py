"""What one viewer is working on: evented models without widgets."""

from __future__ import annotations

from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.fields import Slice
from napari_c3r.session.labels import Cells, LabelStore, ids_by_image
from napari_c3r.session.of_viewer import session_of
from napari_c3r.session.outdated import Outdated, OutdatedReason
from napari_c3r.session.result import EmbeddingResult
from napari_c3r.session.session import Session

__all__ = [
    "Cause",
    "Cells",
    "Change",
    "EmbeddingResult",
    "LabelStore",
    "Outdated",
    "OutdatedReason",
    "Part",
    "Session",
    "Slice",
    "ids_by_image",
    "session_of",
]
