"""What one viewer is working on: evented models without widgets."""

from __future__ import annotations

from napari_c3r.session.session import Session, session_of
from napari_c3r.session.state import Cells, EmbeddingResult, Part, Slice

__all__ = ["Cells", "EmbeddingResult", "Part", "Session", "Slice", "session_of"]
