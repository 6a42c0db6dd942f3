"""Does the role matter? Group flips, parity and entropy, confounds, and a report of all."""

from __future__ import annotations

from napari_c3r.core.diagnose.flip import FlipJob, FlipRun, flip_report
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.diagnose.variants import Kind

__all__ = ["FlipJob", "FlipReport", "FlipRun", "Kind", "flip_report"]
