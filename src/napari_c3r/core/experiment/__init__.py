"""From a table of cells to what differs from the controls, at which dose and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.experiment.by_hand import explored
    from napari_c3r.core.experiment.judge import experiment_report
    from napari_c3r.core.experiment.page import write_experiment
    from napari_c3r.core.experiment.result import ExperimentReport

__getattr__ = lazy_names(
    __name__,
    {
        "ExperimentReport": "result",
        "experiment_report": "judge",
        "explored": "by_hand",
        "write_experiment": "page",
    },
)

__all__ = ["ExperimentReport", "experiment_report", "explored", "write_experiment"]
