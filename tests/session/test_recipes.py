"""What a script is told of how a result was made."""

from __future__ import annotations

from napari_c3r.core.reduce.sample import FITTED
from napari_c3r.session import recipes


def test_a_script_fits_as_many_cells_as_the_map_did():
    assert recipes._map_keywords({"seed": 1, FITTED: 500}) == {"seed": 1, "max_fitted": 500}
    found = {"n_clusters": 3, "seed": 1, FITTED: 500}
    assert recipes._cluster_keywords(found)["max_fitted"] == 500
    assert "max_fitted" not in recipes._cluster_keywords({"min_cluster_size": 5, "seed": 1})
