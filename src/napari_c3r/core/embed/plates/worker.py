"""A Dask worker that holds one encoder on one device."""

from __future__ import annotations

import sys
from typing import Any, Final

import dask
from distributed import WorkerPlugin

from napari_c3r.core.embed.plates.work import pin_device

NAME: Final = "napari-c3r"
"""By which the scheduler knows the plugin."""


class PreparedWorker(WorkerPlugin):
    """Gives every worker its device before anything is loaded onto one."""

    name = NAME

    def setup(self, worker: Any) -> None:
        """Choose the device; let pixels be read in the thread of their field."""
        # Which puts each worker's own device first by itself.
        if "dask_cuda" not in sys.modules:
            pin_device(worker.name)
        dask.config.set(scheduler="synchronous")
