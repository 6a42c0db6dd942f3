"""Fields of plates, spread over threads, processes or a cluster: `run` hands `work` to an `engine`.

Every engine calls the same function for a field, which keeps its table as a file; the files are
joined in the order of the listing. So the table is the same whoever did the work, and in which
order.
"""

from __future__ import annotations

from napari_c3r.core.embed.plates.cluster import Cluster
from napari_c3r.core.embed.plates.engine import Engine, Here
from napari_c3r.core.embed.plates.run import PlateProgress, PlateRun

__all__ = ["Cluster", "Engine", "Here", "PlateProgress", "PlateRun"]
