"""The map: laying the cells out and grouping them."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_c3r.core.stepwise import Report, Stopped, stepwise
from napari_c3r.widgets.common.wording import roughly
from napari_c3r.widgets.main.context import MAP, ViewerContext
from napari_c3r.widgets.main.embedding import EmbeddingController
from napari_c3r.widgets.main.step_ids import StepId

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.reduce.options import MapOptions


# Before that, a guess would jump about.
_TELLING_S = 1.0
_FIRST = "finding neighbours; the first map takes longer, as UMAP is compiled"


@dataclass(frozen=True)
class MapProgress:
    """How far a map is.

    Attributes
    ----------
    words
        What is done, and how long it will take yet where that is known.
    share
        What of it is done, 0 to 1; None where that is not known.
    """

    words: str
    share: float | None = None

    @classmethod
    def of(cls, done: int, of: int, seconds: float) -> MapProgress:
        """While cells are laid out, `seconds` after the first epoch."""
        words = f"laying out the map: epoch {done} of {of}"
        if 0 < done < of and seconds > _TELLING_S:
            words += f" · {roughly(seconds / done * (of - done))} left"
        return cls(words, done / of)


class MapController(QObject):
    """Gives the result its map and clusters."""

    def __init__(self, context: ViewerContext, embedding: EmbeddingController) -> None:
        super().__init__(context)
        self._context, self._embedding = context, embedding

    def make_map(self, choice: MapOptions) -> None:
        """Map and cluster the cells."""
        session = self._context.session
        result = session.result.current
        if result is None:
            return

        def lay_out(report: Report) -> AnnData:
            from napari_c3r.core.reduce import cluster, map_cells

            table = result.table.copy()
            seen: dict[str, Any] = {"controls": choice.controls, "batch": choice.batch}
            seen["batch_method"] = choice.batch_method
            report(MapProgress(_FIRST))
            began = 0.0

            def on_epoch(done: int, of: int) -> None:
                nonlocal began
                began = began or time.perf_counter()
                report(MapProgress.of(done, of, time.perf_counter() - began))

            map_cells(
                table,
                seed=choice.seed,
                **seen,
                max_fitted=choice.max_fitted,
                on_epoch=on_epoch,
            )
            report(MapProgress("finding clusters"))
            return cluster(
                table,
                method=choice.method,  # type: ignore[arg-type]
                n_clusters=choice.n_clusters,
                min_cluster_size=choice.min_cluster_size,
                resolution=choice.resolution,
                seed=choice.seed,
                **seen,
                max_fitted=choice.max_fitted,
            )

        def body(stop: threading.Event) -> Generator[Any, None, AnnData | None]:
            try:
                return (yield from stepwise(lay_out, stop))
            except Stopped:
                return None

        def take(table: AnnData | None) -> None:
            from napari_c3r.core.table.annotate import carry_over

            if table is None:
                return
            now = session.result.current
            # A filter or another run may have changed the rows; names may have been given.
            if now is not None and now.table.obs_names.equals(table.obs_names):
                carry_over(now.table, table)
                session.clusters.carry(now.table, table)
                session.result.set_mapped(table)
                self._embedding.fill_features()

        self._context.error_changed.emit(StepId.MAP, "")
        self._context.jobs.start(MAP, body, take)
