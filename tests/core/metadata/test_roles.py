"""What columns mean, guessed from the names and values of real plate maps."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from napari_c3r.core.metadata import Design, annotate, design_of, guess_design, set_design


@pytest.mark.parametrize(
    ("columns", "design"),
    [
        (
            {"compound": ["DMSO", "taxol"], "dose (uM)": ["0", "0.5"], "replicate": ["1", "2"]},
            Design("compound", "dose (uM)", "µM", ("compound", "DMSO"), None, "replicate"),
        ),
        (
            {"SBS_Doses": [0, 1, 9], "SBS_Controls": [-1, 0, 1]},
            Design(
                dose="SBS_Doses", negative=("SBS_Controls", "-1"), positive=("SBS_Controls", "1")
            ),
        ),
        (
            {"pert_iname": ["a", "b", "c"], "control_type": ["negcon", "poscon_cp", "trt"]},
            Design(
                "pert_iname",
                negative=("control_type", "negcon"),
                positive=("control_type", "poscon_cp"),
            ),
        ),
        (
            {"Gene": ["TP53", "non-targeting"], "Day": ["1", "2"]},
            Design("Gene", negative=("Gene", "non-targeting"), batch="Day"),
        ),
        (
            {"treatment": ["a", "b"], "is_control": ["False", "True"]},
            Design("treatment", negative=("is_control", "True")),
        ),
        (
            {"drug": ["a", "b"], "conc_nM": ["0", "5"]},
            Design("drug", "conc_nM", "nM", ("conc_nM", "0")),
        ),
        ({"stiffness": ["1", "2"], "area_um2": [1.0, 2.0]}, Design()),
    ],
)
def test_real_plate_maps(columns, design):
    assert guess_design(pd.DataFrame(columns)) == design


def test_a_chosen_design_is_kept_in_the_table_through_a_file(tmp_path):
    table = AnnData(
        np.zeros((2, 1), np.float32), obs=pd.DataFrame({"well": ["A01", "A02"]}, index=["0", "1"])
    )
    annotate(table, pd.DataFrame({"well": ["A1", "A2"], "drug": ["DMSO", "x"], "um": [0, 3]}))
    assert design_of(table) == Design("drug", "um", negative=("drug", "DMSO"))
    chosen = Design("drug", "um", "nM", positive=("drug", "x"))
    set_design(table, chosen)
    table.write_h5ad(tmp_path / "wells.h5ad")
    assert design_of(table) == design_of(ad.read_h5ad(tmp_path / "wells.h5ad")) == chosen
