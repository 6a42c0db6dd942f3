"""A diagnostic as someone else would write it: whether large cells lie to one side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from napari_c3r.core.diagnose import (
    Diagnostic,
    DiagnosticContext,
    DiagnosticResult,
    Grade,
    register_diagnostic,
)
from napari_c3r.core.diagnose import registry as diagnostics_registry


def correlate(context: DiagnosticContext) -> DiagnosticResult:
    found = [
        float(np.corrcoef(context.obs["area_px"], context.obs[f"{axis}_px"])[0, 1]) for axis in "yx"
    ]
    strongest = max(abs(value) for value in found)
    return DiagnosticResult(
        sentence=f"Area and position correlate by {strongest:.2f} at most",
        table=pd.DataFrame({"axis": ["y", "x"], "correlation": found}),
        grade=Grade.LARGE if strongest > 0.5 else Grade.NONE,
        notes=(f"{len(context.obs)} cells",),
    )


def draw(result: DiagnosticResult):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 2), layout="constrained")
    figure.set_label("Correlation along each axis")
    figure.subplots().bar(result.table["axis"], result.table["correlation"])
    return figure


AREA_BY_POSITION = Diagnostic(
    name="area-position",
    label="Area against position",
    help="Whether large cells lie to one side of the image",
    run=correlate,
    figure=draw,
)


def register_toy(monkeypatch) -> None:
    """Register it for the time of a test."""
    known = dict(diagnostics_registry._diagnostics)
    monkeypatch.setattr(diagnostics_registry, "_diagnostics", known)
    register_diagnostic(AREA_BY_POSITION)
