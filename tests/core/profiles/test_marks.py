"""What marks some cells: planted features are found, and none where wells only differ."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.drawing import Dot
from napari_c3r.core.profiles.figures import marks_figure
from napari_c3r.core.profiles.marks import kind_of, marks_of
from napari_c3r.core.profiles.wells import wells_of


def planted(seed=0, n_wells=8, per_well=60, in_vector=2.0):
    """A third of the cells have more DNA and a shifted AGP part; wells differ in everything."""
    rng = np.random.default_rng(seed)
    count = n_wells * per_well
    well = np.repeat(np.arange(n_wells), per_well)
    # Chosen cells are more frequent in later wells, in which all else is greater too.
    chosen = rng.random(count) < 0.15 + 0.5 * well / n_wells
    obs = pd.DataFrame(
        {
            "image": [f"i{w}" for w in well],
            "label": np.arange(count),
            "plate": "p",
            "well": [f"A{w + 1:02d}" for w in well],
            "area_um2": rng.normal(100, 10, count) + 20 * well,
            "area_px": 1.0,
            "intensity_mean_DNA": rng.normal(50, 5, count) + 10 * chosen,
            "bbox_y0_px": np.arange(count),
        },
        index=[str(n) for n in range(count)],
    )
    vectors = rng.normal(size=(count, 12)) + 3.0 * well[:, None]
    vectors[:, 4] += in_vector * chosen
    var = pd.DataFrame({"concept_channel": ["RNA"] * 4 + ["AGP"] * 4 + ["Mito"] * 4})
    var.index = [f"c3r_{n:04d}" for n in range(12)]
    return AnnData(vectors.astype(np.float32), obs=obs, var=var), chosen


def test_the_planted_feature_and_part_of_the_vector_come_first():
    cells, chosen = planted(1)
    found = marks_of(cells, chosen, wells_of(cells), "Cluster 1")
    by_name = {mark.name: mark for mark in found.marks}
    assert set(by_name) == {"area_um2", "intensity_mean_DNA", "RNA", "AGP", "Mito"}
    assert {mark.name for mark in found.marks[:2]} == {"intensity_mean_DNA", "AGP"}
    for name in ("intensity_mean_DNA", "AGP"):
        assert by_name[name].low < 2.0 < by_name[name].high
        assert by_name[name].n_wells == 8
    # Wells that differ are no mark, though over all cells the chosen ones are larger.
    area = by_name["area_um2"]
    assert area.chosen_mean > area.rest_mean + 10
    assert area.low < 0 < area.high
    assert found.sentence.startswith("Cluster 1 has more DNA intensity (")
    assert "the part of AGP moved most" in found.sentence
    assert found.sentence.endswith("(95 % intervals over 8 wells).")


def test_parts_of_the_vector_that_did_not_move_have_intervals_around_nought():
    outside = []
    for seed in range(30):
        cells, chosen = planted(seed, n_wells=6, per_well=30, in_vector=0.0)
        found = marks_of(cells, chosen, wells_of(cells), "It")
        outside += [not m.low < 0 < m.high for m in found.marks if m.kind == "vector"]
    assert np.mean(outside) < 0.12


@pytest.mark.parametrize("n_wells", [1, 5])
def test_without_two_wells_intervals_are_over_cells_and_that_is_said(n_wells):
    cells, chosen = planted(n_wells=n_wells)
    if n_wells > 1:
        chosen &= (cells.obs["well"] == "A05").to_numpy()
    found = marks_of(cells, chosen, wells_of(cells), "The selection")
    assert {mark.n_wells for mark in found.marks} == {0}
    assert "intervals over cells: fewer than two wells" in found.sentence
    assert "over cells" in found.caption


def test_every_row_is_drawn_and_a_feature_stands_for_its_column():
    cells, chosen = planted()
    drawn = marks_figure(marks_of(cells, chosen, wells_of(cells), "Cluster 1"))
    dots = [mark for mark in drawn.marks if isinstance(mark, Dot)]
    assert [dot.where.column for dot in dots if dot.where] == ["intensity_mean_DNA", "area_um2"]
    assert len(dots) == len(drawn.numbers) == 5


@pytest.mark.parametrize("value", [False, True])
def test_no_cells_or_all_are_refused(value):
    cells, chosen = planted(n_wells=2)
    with pytest.raises(InputError, match="choose some, not all"):
        marks_of(cells, np.full(len(chosen), value), wells_of(cells), "It")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("intensity_mean_DNA", "intensity"),
        ("area_um2", "shape"),
        ("Cells_AreaShape_Eccentricity", "shape"),
        ("Nuclei_Texture_Contrast_DNA", "texture"),
        ("Cells_Intensity_MeanIntensity_DNA", "intensity"),
        ("score", "other"),
    ],
)
def test_kinds_of_features(name, kind):
    assert kind_of(name) == kind
