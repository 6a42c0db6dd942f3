"""The map: laying the cells out and grouping them."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_c3r.widgets.main.context import MAP, ViewerContext
from napari_c3r.widgets.main.embedding import EmbeddingController
from napari_c3r.widgets.main.step_ids import StepId

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.reduce.options import MapOptions


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

        def body(_: threading.Event) -> Generator[str, None, AnnData]:
            from napari_c3r.core.reduce import cluster, map_cells

            table = result.table.copy()
            yield "laying out the map; the first one takes longer, as UMAP is compiled"
            seen: dict[str, Any] = {"controls": choice.controls, "batch": choice.batch}
            seen["batch_method"] = choice.batch_method
            map_cells(table, seed=choice.seed, **seen, max_fitted=choice.max_fitted)
            yield "finding clusters"
            return cluster(
                table,
                method=choice.method,  # type: ignore[arg-type]
                n_clusters=choice.n_clusters,
                seed=choice.seed,
                **seen,
                max_fitted=choice.max_fitted,
            )

        def take(table: AnnData) -> None:
            from napari_c3r.core.table.annotate import carry_over

            now = session.result.current
            # A filter or another run may have changed the rows; names may have been given.
            if now is not None and now.table.obs_names.equals(table.obs_names):
                carry_over(now.table, table)
                session.result.set_mapped(table)
                self._embedding.fill_features()

        self._context.error_changed.emit(StepId.MAP, "")
        self._context.jobs.start(MAP, body, take)
