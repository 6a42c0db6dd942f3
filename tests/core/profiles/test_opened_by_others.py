"""Files of profiles as the tools that go on with them open them, with nothing said about them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.profiles import aggregate, differ_from_controls, normalise
from napari_c3r.core.profiles.files import read_profiles, write_profiles
from tests.core.experiment.conftest import plate_of_cells

CONTROLS = ("compound", "DMSO")


@pytest.fixture(scope="module")
def wells():
    return aggregate(plate_of_cells(2, plates=2, cells=4))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_pycytominer_finds_features_and_what_is_known_of_wells(wells, tmp_path, suffix):
    pycytominer = pytest.importorskip("pycytominer")
    from pycytominer.cyto_utils import infer_cp_features, load_profiles

    path = write_profiles(wells, tmp_path / f"wells.{suffix}")
    frame = load_profiles(str(path))
    assert infer_cp_features(frame) == [f"Cells_c3r_{number:04}" for number in range(24)]
    known = infer_cp_features(frame, metadata=True)
    assert {"Metadata_Plate", "Metadata_Well", "Metadata_compound"} <= set(known)
    one = frame[frame["Metadata_Plate"] == "p0"]
    query = "Metadata_compound == 'DMSO'"
    theirs = pycytominer.normalize(one, samples=query, method="standardize")
    ours = normalise(wells[wells.obs["plate"] == "p0"].copy(), CONTROLS, "standardise")
    values = theirs.filter(like="Cells_c3r_").to_numpy()
    np.testing.assert_allclose(values, ours.X, rtol=1e-9, atol=1e-9)
    chosen = pycytominer.feature_select(theirs, operation="correlation_threshold")
    assert 0 < chosen.filter(like="Cells_c3r_").shape[1] <= 24


def test_copairs_takes_the_same_table(wells, tmp_path):
    copairs = pytest.importorskip("copairs.map")
    frame = pd.read_parquet(write_profiles(wells, tmp_path / "wells.parquet"))
    meta = frame.filter(like="Metadata_")
    vectors = frame.filter(like="Cells_c3r_").to_numpy()
    found = copairs.average_precision(
        meta,
        vectors,
        pos_sameby=["Metadata_compound"],
        pos_diffby=[],
        neg_sameby=["Metadata_Plate"],
        neg_diffby=["Metadata_compound"],
        progress_bar=False,
    )
    assert len(found) == len(wells)


@pytest.fixture
def _own_threads():
    """Scanpy sets how many threads PyTorch computes with, on which its last bits depend."""
    import torch

    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_own_threads")
def test_scanpy_goes_on_with_it(wells, tmp_path):
    scanpy = pytest.importorskip("scanpy")
    table = scanpy.read_h5ad(write_profiles(wells, tmp_path / "wells.h5ad"))
    scanpy.pp.pca(table, n_comps=4)
    scanpy.pp.neighbors(table, n_neighbors=5)
    assert table.obsp["connectivities"].nnz > len(table)
    assert set(table.obs["compound"]) == {"DMSO", "works", "idle"}


@pytest.mark.parametrize("suffix", ["csv", "parquet", "h5ad"])
def test_what_was_written_is_read_again(wells, tmp_path, suffix):
    again = read_profiles(write_profiles(wells, tmp_path / f"wells.{suffix}"))
    assert list(again.var_names) == list(wells.var_names)
    np.testing.assert_array_equal(again.X, wells.X)
    pd.testing.assert_frame_equal(
        differ_from_controls(again, "compound", CONTROLS, draws=99),
        differ_from_controls(wells, "compound", CONTROLS, draws=99),
    )
