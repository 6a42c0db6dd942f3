"""A report that can be read without the image, the plugin, or a network."""

from __future__ import annotations

from napari_c3r.core.diagnose.report.write import write_answers, write_report
from napari_c3r.core.report.page import require_report

__all__ = ["require_report", "write_answers", "write_report"]
