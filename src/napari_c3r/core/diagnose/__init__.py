"""Does the role matter? Group flips, parity and entropy, confounds, and a report of all.

`variants.py` plans other roles, `embed_variants.py` embeds the cells with them, `compare.py` and
`verdict.py` say what that changes, `second.py` and `encoders.py` do the same for another encoder,
`entries/` has the diagnostics, and `report/` writes them down.
"""

from __future__ import annotations

from napari_c3r.core.diagnose.ask import flip_report, flip_report_of_table
from napari_c3r.core.diagnose.encoders import EncoderComparison, compare_encoders
from napari_c3r.core.diagnose.entries import BUILT_IN
from napari_c3r.core.diagnose.flip import FlipJob, FlipRun
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.diagnose.registry import (
    Diagnostic,
    DiagnosticContext,
    DiagnosticResult,
    ExtraVariants,
    diagnostics,
    register_diagnostic,
)
from napari_c3r.core.diagnose.shifts import add_shift
from napari_c3r.core.diagnose.variants import Kind
from napari_c3r.core.diagnose.verdict import Grade

for _entry in BUILT_IN:
    register_diagnostic(_entry)

__all__ = [
    "Diagnostic",
    "DiagnosticContext",
    "DiagnosticResult",
    "EncoderComparison",
    "ExtraVariants",
    "FlipJob",
    "FlipReport",
    "FlipRun",
    "Grade",
    "Kind",
    "add_shift",
    "compare_encoders",
    "diagnostics",
    "flip_report",
    "flip_report_of_table",
    "register_diagnostic",
]
