"""Panels: which cells, in what order, controls first; pages that can be read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.axes import Scale
from napari_c3r.core.figures.facets import can_be_facets, facets_of, page_of
from napari_c3r.core.figures.plot import AxisChoice, PlotChoice, plotted
from napari_c3r.core.metadata import Design, set_design
from napari_c3r.core.table.numbers import number_groups, numbers_of


def table(**columns):
    obs = pd.DataFrame(columns, index=[str(n) for n in range(len(next(iter(columns.values()))))])
    found = AnnData(np.arange(2.0 * len(obs), dtype=np.float32).reshape(-1, 2), obs=obs)
    found.var_names = ["c3r_0000", "c3r_0001"]
    found.obsm["X_umap"] = np.arange(2.0 * len(obs), dtype=np.float32).reshape(-1, 2)
    return found


CELLS = {
    "compound": ["taxol", "DMSO", "taxol", None, "cytoB", "DMSO"],
    "dose": [10.0, 0, 2, np.nan, 100, 0],
    "well": ["A10", "A2", "A10", "B1", "B1", "A3"],
    "cluster": pd.Categorical(["1", "noise", "0", "0", "0", "1"], ["noise", "1", "0", "9"]),
    "is_big": [True, False, True, True, False, False],
    "area_px": [3.0, 0.0, 5.0, -1.0, 7.0, np.nan],
}


@pytest.mark.parametrize(
    ("column", "names", "controls", "codes"),
    [
        ("compound", ("DMSO", "cytoB", "taxol"), (1, 0, 0), [2, 0, 2, -1, 1, 0]),
        ("dose", ("0", "2", "10", "100"), (1, 0, 0, 0), [2, 0, 1, -1, 3, 0]),
        ("well", ("A2", "A3", "A10", "B1"), (1, 1, 0, 0), [2, 0, 2, 3, 3, 1]),
        ("cluster", ("1", "0", "noise"), (0, 0, 0), [0, 2, 1, 1, 1, 0]),
        ("is_big", ("False", "True"), (0, 0), [1, 0, 1, 1, 0, 0]),
    ],
)
def test_panels_are_in_their_order_with_controls_first(column, names, controls, codes):
    cells = table(**CELLS)
    set_design(cells, Design(treatment="compound", dose="dose", negative=("compound", "DMSO")))
    found = facets_of(cells, column)
    assert found.names == names
    assert found.controls == tuple(map(bool, controls))
    assert found.codes.tolist() == codes
    assert found.counts.tolist() == [codes.count(n) for n in range(len(names))]
    chosen = np.array([True, True, False, True, False, False])
    expected = [
        sum(c == n for c, on in zip(codes, chosen, strict=True) if on) for n in range(len(names))
    ]
    assert found.counts_of(chosen).tolist() == expected
    assert found.without == codes.count(-1)


def test_columns_of_measurements_and_keys_make_no_panels():
    rng = np.random.default_rng(0)
    obs = pd.DataFrame(
        {
            "area_px": rng.normal(size=400),
            "name": [f"cell {n}" for n in range(400)],
            "label": np.arange(400),
            "empty": pd.Series([None] * 400, dtype=object),
            "one": "x",
            "dose": np.repeat([0.0, 1.0, 10.0, 100.0], 100),
            "well": np.repeat([f"A{n}" for n in range(40)], 10),
            "late": [False] * 399 + [True],
        }
    )
    assert [name for name in obs if can_be_facets(obs[name])] == ["dose", "well", "late"]
    # Of a few cells, no more measurements differ than a column of groups may.
    few = obs.iloc[::25]
    assert [name for name in few if can_be_facets(few[name])] == ["dose"]


def test_what_cannot_be_panels_is_said():
    cells = table(a=[f"n{n}" for n in range(2001)], b=[None] * 2001)
    for column, told in (
        ("a", "2,001 different"),
        ("b", "No cell has a value"),
        ("c", "no column"),
    ):
        with pytest.raises(InputError, match=told):
            facets_of(cells, column)


@pytest.mark.parametrize("size", [(260, 180), (540, 200), (700, 600), (90, 60)])
@pytest.mark.parametrize("total", [1, 5, 24, 96])
@pytest.mark.parametrize("aspect", [1.0, None])
def test_panels_of_a_page_lie_apart_within_the_room(size, total, aspect):
    seen: list[int] = []
    pages = page_of(total, 0, size, aspect=aspect).count
    for number in range(pages):
        page = page_of(total, number, size, margins=(30, 20), aspect=aspect)
        number = page.number
        assert len(page.panels) <= 24
        for panel in page.panels:
            assert panel.left >= 30
            assert panel.top >= 16 - 1e-6
            assert panel.left + panel.width <= size[0] + 1e-6
        boxes = [(p.left, p.top, p.left + p.width, p.top + p.height) for p in page.panels]
        for n, a in enumerate(boxes):
            for b in boxes[n + 1 :]:
                assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    page = page_of(total, 0, size, aspect=aspect)
    for number in range(page.count):
        here = page_of(total, number, size, aspect=aspect)
        seen += range(here.first, here.last)
    assert seen == list(range(total))
    assert page_of(total, 99, size).number == page_of(total, 0, size).count - 1


def test_cells_are_where_their_values_say_and_the_others_are_counted():
    cells = table(**CELLS)
    choice = PlotChoice(AxisChoice("area_px", Scale.LOG), AxisChoice("dose"), "compound")
    found = plotted(cells, choice)
    assert found.unshown == (
        "3 of 6 cells are not shown: 1 without Area (px), 2 with Area (px) ≤ 0 (symlog shows "
        "them), 1 without Dose; 1 without compound are in no panel"
    )
    shown = [0, 2, 4]
    assert np.flatnonzero(np.isfinite(found.xy).all(axis=1)).tolist() == shown
    values = np.column_stack([CELLS["area_px"], CELLS["dose"]])[shown]
    np.testing.assert_allclose(found.to_values(found.xy[shown]), values, rtol=1e-5)
    np.testing.assert_allclose(found.to_places(values), found.xy[shown], atol=1e-6)
    assert PlotChoice.from_dict(choice.to_dict()) == choice
    assert choice.words(cells) == "Dose against Area (px) by compound"


def test_every_number_of_a_table_can_be_an_axis():
    cells = table(**CELLS)
    cells.obsm["X_pca"] = np.ones((6, 3))
    groups = dict(number_groups(cells, ["dose"]))
    assert [name for name, _ in groups["Measured"]] == ["area_px"]
    assert groups["Plate map"] == [("dose", "Dose")]
    assert ("X_umap[1]", "UMAP 2") in groups["Coordinates"]
    assert ("X_pca[2]", "PC 3") in groups["Coordinates"]
    for name in [name for group in groups.values() for name, _ in group]:
        assert numbers_of(cells, name).shape == (6,)
    assert numbers_of(cells, "c3r_0001").tolist() == cells.X[:, 1].tolist()
    for name, told in (("compound", "column of text"), ("X_pca[3]", "no numbers"), ("x", "no")):
        with pytest.raises(InputError, match=told):
            numbers_of(cells, name)


def test_the_map_is_the_plot_where_nothing_is_chosen():
    cells = table(**CELLS)
    found = plotted(cells)
    assert found.axes is None
    assert found.unshown == ""
    np.testing.assert_array_equal(found.xy, cells.obsm["X_umap"])
    del cells.obsm["X_umap"]
    with pytest.raises(InputError, match="no map yet"):
        plotted(cells)
    with pytest.raises(InputError, match="no axes"):
        PlotChoice.from_dict({"x": 3})
