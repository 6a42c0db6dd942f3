"""An experiment judged: what was planted is found and said, and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.experiment import experiment_report, write_experiment
from napari_c3r.core.metadata import Design
from tests.core.experiment.conftest import plate_of_cells


@pytest.fixture(scope="module")
def found(cells):
    return experiment_report(cells)


def test_what_was_planted_is_found(found):
    groups = found.groups.set_index("group")
    assert groups["differs"].to_dict() == {
        "idle 0.1 µM": False,
        "idle 1 µM": False,
        "idle 10 µM": False,
        "idle 100 µM": False,
        "works 0.1 µM": False,
        "works 1 µM": True,
        "works 10 µM": True,
        "works 100 µM": True,
    }
    assert (groups["n_wells"] == 3).all()
    assert (groups["n_controls"] == 8).all()
    first = found.curves.series[0]
    assert first.name == "works"
    assert first.curve.ec50_interval[0] < 3 < first.curve.ec50_interval[1]
    assert first.adjusted_p_value < 0.01
    area = found.measures[found.measures["value"] == "area_px"].set_index("group")
    assert area.loc["works 100 µM", "adjusted_p_value"] < 0.01


def test_the_paragraph_says_it(found):
    text = found.summary
    assert text.startswith(
        "8 groups of 24 wells by compound and dose (µM) were compared with 8 controls"
    )
    assert "(compound = DMSO)" in text
    assert "1 of 2 treatments differs from them at some dose: works." in text
    assert "works: from the dose 1 µM on, every dose differs (fairly sure, p = 0.032" in text
    assert "half-way at" in text
    assert "no proof that there is none" in text
    assert "nan" not in text


def test_a_table_of_wells_gives_the_same_as_its_cells(cells, found):
    from napari_c3r.core.profiles import aggregate

    other = experiment_report(aggregate(cells))
    pd.testing.assert_frame_equal(other.groups, found.groups)
    assert other.confounds is None


def test_cells_left_out_are_left_out(cells):
    keep = np.ones(len(cells), bool)
    keep[::3] = False
    fewer = experiment_report(cells, keep=keep)
    assert fewer.wells.obs["n_cells"].eq(8).all()
    assert fewer.settings["cells"] == f"{keep.sum()} of {len(cells)}"


def test_without_controls_nothing_is_compared(cells):
    found = experiment_report(cells, design=Design(treatment="compound"))
    assert "Nothing says which wells are controls" in found.summary
    assert found.groups["group"].tolist() == ["DMSO", "idle", "works"]
    assert "differs" not in found.groups


def test_single_wells_are_not_called(cells):
    one = ["A01", "A02"]
    wells = cells.obs.groupby("compound")["well"].first()
    chosen = cells[cells.obs["well"].isin([wells["DMSO"], wells["works"]]).to_numpy()].copy()
    found = experiment_report(chosen)
    assert len(one) == len(found.wells)
    assert "Nothing can be said with certainty" in found.summary
    assert "not more cells" in found.summary
    assert any("single control well" in each for each in found.warnings)


def test_a_layout_that_hides_what_it_is_to_show_is_told():
    cells = plate_of_cells(1, wells=2)
    names = dict.fromkeys(cells.obs["compound"] + cells.obs["dose (µM)"].astype(str))
    column = {name: number + 1 for number, name in enumerate(names)}
    keys = (cells.obs["compound"] + cells.obs["dose (µM)"].astype(str)).map(column)
    rank = cells.obs.groupby(keys.to_numpy())["well"].transform(lambda w: pd.factorize(w)[0])
    cells.obs["well"] = [f"{'BCDEFGHA'[r]}{c:02d}" for r, c in zip(rank, keys, strict=True)]
    found = experiment_report(cells)
    assert any("lie in one column" in each for each in found.warnings)
    assert "Read the" in found.summary


def test_images_stand_for_wells_where_none_are_known(cells):
    bare = cells.copy()
    bare.obs = bare.obs.drop(columns=["plate", "well"])
    found = experiment_report(bare)
    assert found.noun == "image"
    assert "24 images" in found.summary
    with pytest.raises(InputError, match="neither a column 'well' nor 'image'"):
        experiment_report(pd.DataFrame({"Metadata_x": ["a"], "f": [1.0]}))


def test_the_page_needs_nothing_and_runs_nothing(tmp_path, cells):
    evil = '<script>alert(1)</script> & "$x$"'
    named = cells.copy()
    named.obs["compound"] = named.obs["compound"].replace({"works": evil}).astype(object)
    page = tmp_path / "report.html"
    found = experiment_report(named, page)
    text = page.read_text("utf-8")
    assert "<script" not in text
    assert "alert(1)" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    for word in ("Which differ", "At which dose", "What changes", "All wells", "Settings"):
        assert word in text
    again = write_experiment(found, tmp_path / "again.html")
    assert again.read_bytes() == page.read_bytes()
    with pytest.raises(InputError, match=r"ends in \.html"):
        experiment_report(cells, tmp_path / "report.pdf")
