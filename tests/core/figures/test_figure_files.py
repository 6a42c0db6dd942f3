"""Figures for a page: size in millimetres, letters in points, captions, and every cell in them."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from PIL import Image

from napari_c3r.core.diagnose.charts import Bar, Chart, chart_figure
from napari_c3r.core.diagnose.verdict import GRADE_COLOURS, Grade
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures import plot_marks
from napari_c3r.core.figures.axes import Scale
from napari_c3r.core.figures.colouring import Categories, Values
from napari_c3r.core.figures.colours import rgb
from napari_c3r.core.figures.discs import top_discs
from napari_c3r.core.figures.drawing import PAPER, Box, Drawing, Picture, Points, Words
from napari_c3r.core.figures.drawing_files import save_drawing
from napari_c3r.core.figures.grounds import on_ground
from napari_c3r.core.figures.histogram import histogram_figure
from napari_c3r.core.figures.plot import AxisChoice, PlotChoice, plotted
from napari_c3r.core.figures.plot_marks import Look
from napari_c3r.core.figures.scatter_figure import (
    beside,
    map_figure,
    scatter_figure,
    two_maps_figure,
)
from napari_c3r.core.figures.sizes import FigureSize, letters_pt, sized
from napari_c3r.core.table.result import KEY

SVG = "{http://www.w3.org/2000/svg}"
AXES = AxisChoice("area_px", Scale.LOG), AxisChoice("spots")


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    count = 120
    obs = pd.DataFrame(
        {
            "image": np.repeat([f"i{n}" for n in range(6)], 20),
            "label": np.arange(count),
            "plate": np.repeat(["p1", "p2"], 60),
            "well": np.repeat(["A01", "A02", "B01"] * 2, 20),
            "area_px": rng.lognormal(4, 1, count),
            "spots": rng.integers(0, 5, count).astype(float),
            "cluster": pd.Categorical(rng.choice(["0", "1", "noise"], count)),
        },
        index=[str(n) for n in range(count)],
    )
    made = AnnData(np.zeros((count, 2), np.float32), obs=obs)
    made.obsm["X_umap"] = rng.normal(size=(count, 2)).astype(np.float32)
    made.uns[KEY] = {
        "encoder": {"name": "C3R ViT-S", "weights_sha256": "0123456789abcdef"},
        "roles": {"DNA": "context", "RNA": "concept"},
        "map": {"method": "UMAP after PCA", "seed": 7, "n_neighbors": 15, "min_dist": 0.1},
        "cluster": {"method": "k-means on the principal components", "n_clusters": 2, "seed": 7},
    }
    return made


def svg_of(drawing, tmp_path, size=None, **how):
    path = save_drawing(drawing, tmp_path / "figure.svg", size, **how)[0]
    root = ElementTree.fromstring(path.read_text("utf-8"))
    return SimpleNamespace(
        root=root,
        box=[float(each) for each in root.get("viewBox").split()],
        letters=[float(t.get("font-size")) for t in root.iter(f"{SVG}text")],
        texts=[t.text for t in root.iter(f"{SVG}text")],
        circles=list(root.iter(f"{SVG}circle")),
        images=list(root.iter(f"{SVG}image")),
    )


@pytest.mark.parametrize("width_mm", [85.0, 180.0, 40.0])
@pytest.mark.parametrize("points", [5.0, 7.0, 9.0])
def test_a_figure_is_as_wide_and_its_letters_are_as_high_as_wanted(
    table, tmp_path, width_mm, points
):
    size = FigureSize(width_mm, points)
    page = svg_of(map_figure(table, width=size.width), tmp_path, size)
    assert page.root.get("width") == f"{width_mm:.2f}mm"
    per_mm = page.box[2] / width_mm
    assert per_mm == pytest.approx(96 / 25.4, rel=1e-3)
    # Of the sizes in pixels the letters of titles are 11 where the page has 96 to the inch.
    largest = max(page.letters) * 72 / 96
    assert largest <= points * 1.01
    assert min(page.letters) * 72 / 96 >= points * 9 / 11 * 0.99
    bottom = max(float(t.get("y")) for t in page.root.iter(f"{SVG}text"))
    assert bottom < page.box[3]


def test_a_narrow_figure_is_made_wider_and_a_wide_one_smaller_with_its_letters():
    words = Words(4, 20, "axis")
    narrow = Drawing(100, 50, (Box(10, 10, 20, 5, "#ff0000"), words))
    size = FigureSize(180, 7)
    page = sized(narrow, size)
    box, text = page.marks[:2]
    assert page.width == pytest.approx(180 / 25.4 * 96)
    assert text.size * 72 / 96 == pytest.approx(7)
    assert (box.x, box.width) == pytest.approx((page.width * 0.1, page.width * 0.2))
    assert box.height == pytest.approx(5 * size.scale)
    square = sized(replace(narrow, equal=True), size).marks[0]
    assert square.width / square.height == pytest.approx(4)
    wide = replace(narrow, width=4 * size.width)
    assert letters_pt(wide, size) == pytest.approx(7 / 4)
    assert sized(wide, size).width == pytest.approx(page.width)


@pytest.mark.parametrize(("width_mm", "points"), [(5, 7), (1000, 7), (85, 1), (85, 100)])
def test_a_size_that_no_page_has_is_refused(width_mm, points):
    with pytest.raises(InputError, match="A figure cannot have"):
        FigureSize(width_mm, points)


def test_the_caption_says_numbers_encoder_seed_and_version(table, tmp_path):
    written = save_drawing(map_figure(table), tmp_path / "map.png")
    assert [path.name for path in written] == ["map.png", "map.csv", "map.txt"]
    told = written[2].read_text("utf-8")
    for part in (
        "120 cells of 6 wells on 2 plates.",
        "Vectors by C3R ViT-S (weights 01234567), context DNA, concept RNA.",
        "UMAP after PCA (15 neighbours, minimum distance 0.1, seed 7)",
        "Clusters: k-means on the principal components (n clusters 2, seed 7)",
        "napari-c3r ",
        "Coloured by cluster.",
    ):
        assert part in told
    with Image.open(written[0]) as picture:
        assert picture.text["Description"].split() == told.split()
    frame = pd.read_csv(written[1])
    assert len(frame) == table.n_obs
    np.testing.assert_allclose(frame["x: UMAP 1"], table.obsm["X_umap"][:, 0], rtol=1e-6)
    assert frame["colour: cluster"].tolist() == table.obs["cluster"].astype(str).tolist()


def test_a_pdf_has_one_page_of_the_size_and_keeps_its_letters(table, tmp_path):
    size = FigureSize(85, 7)
    path = save_drawing(map_figure(table, width=size.width), tmp_path / "map.pdf", size)[0]
    content = path.read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 1
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", content)
    assert float(box[1]) == pytest.approx(85 / 25.4 * 72, abs=0.5)
    assert b"/FontFile2" in content
    assert b"/Subject" in content
    again = save_drawing(map_figure(table, width=size.width), tmp_path / "again.pdf", size)[0]
    assert again.read_bytes() == content


def test_every_cell_is_a_circle_in_its_colour_and_the_legend_counts_them(table, tmp_path):
    page = svg_of(map_figure(table), tmp_path)
    counts = table.obs["cluster"].value_counts()
    # A circle for each cell, and one for each entry of the legend.
    assert len(page.circles) == table.n_obs + len(counts)
    for name, count in counts.items():
        assert page.texts[page.texts.index(str(name)) + 1] == str(count)
    fills = pd.Series([circle.get("fill") for circle in page.circles]).value_counts()
    assert sorted(fills) == sorted(counts + 1)


def test_many_cells_are_pixels_that_show_the_same(table, monkeypatch, tmp_path):
    found = plotted(table)
    look = Look(Categories(np.zeros(table.n_obs, np.intp), ("all",), palette=("#ff0000",)))
    drawn = scatter_figure(table, found, look, width=300)
    (points,) = (mark for mark in drawn.marks if isinstance(mark, Points))
    monkeypatch.setattr(plot_marks, "MOST_VECTOR", 10)
    as_pixels = scatter_figure(table, found, look, width=300)
    (picture,) = (mark for mark in as_pixels.marks if isinstance(mark, Picture))
    assert (as_pixels.width, as_pixels.height) == (drawn.width, drawn.height)
    dense = picture.pixels.shape[1] / picture.width
    rows, columns = ((points.xy - (picture.x, picture.y)) * dense).astype(int).T[::-1]
    red = [*rgb(on_ground("#ff0000", "#ffffff")), 255]
    assert (points.colours == red[:3]).all()
    assert (picture.pixels[rows, columns] == red).all()
    assert set(np.unique(picture.pixels[..., 3])) == {0, 255}
    page = svg_of(as_pixels, tmp_path, FigureSize(85, 7))
    assert len(page.images) == 1
    assert len(page.circles) == 1


@pytest.mark.parametrize("choice", [PlotChoice(facets="well"), PlotChoice(*AXES, "well")])
def test_panels_have_titles_counts_and_the_same_axes(table, tmp_path, choice):
    drawn = map_figure(table, choice=choice)
    page = svg_of(drawn, tmp_path)
    for name in ("A01", "A02", "B01"):
        assert page.texts[page.texts.index(name) + 1] == "40"
    assert "3 values of well" in drawn.caption
    if choice.is_map:
        return
    assert {"Area (px), log", "Spots"} <= set(page.texts)
    below = [t for t in page.texts if t in ("10", "100")]
    assert below.count("10") == below.count("100")


def test_what_is_not_selected_is_pale_and_the_caption_says_so(table):
    chosen = np.arange(table.n_obs) < 30
    look = Look(Values.spanning(table.obs["area_px"].to_numpy(np.float32), "Area (px)"), chosen)
    drawn = scatter_figure(table, plotted(table), look, width=500)
    assert "In full colour: 30 selected cells" in drawn.caption
    assert drawn.numbers["selected"].sum() == 30
    (points,) = (mark for mark in drawn.marks if isinstance(mark, Points))
    assert (points.colours[:-30].min(axis=1) > 180).all()


def test_two_figures_stand_side_by_side(table):
    one = map_figure(table, width=200)
    both = beside([one, one], gap=10)
    assert both.width == 410
    assert len(both.marks) == 2 * len(one.marks)


def test_the_last_disc_lies_on_top_and_none_is_painted_beside():
    top = top_discs(np.array([[5.0, 5.0], [6.0, 5.0], [-9.0, 2.0]]), 2.0, (12, 10))
    assert top.shape == (10, 12)
    assert top[5, 6] == top[5, 5] == 1
    assert top[5, 3] == 0
    assert top[0, 0] == -1
    assert 2 not in top


def test_a_histogram_counts_all_chosen_and_within_limits(tmp_path):
    values = np.array([1.0, 2, 2, 3, 9, np.nan])
    drawn = histogram_figure(
        values, "Area (px)", limits=(None, 3.0), chosen=values > 2, method="5 cells."
    )
    assert drawn.numbers["cells"].sum() == 5
    assert drawn.numbers["selected"].sum() == 2
    for part in ("5 cells in 48 bins", "1 without a value", "2 selected", "Within … to 3: 4 cells"):
        assert part in drawn.caption
    page = svg_of(drawn, tmp_path, FigureSize(85, 7))
    assert {"Area (px)", "Cells", "2", "8"} <= set(page.texts)


def test_two_maps_of_the_same_cells_share_one_legend(table, tmp_path):
    xy = table.obsm["X_umap"]
    look = Look(Categories(np.arange(table.n_obs) % 2, ("a", "b"), title="Role"))
    drawn = two_maps_figure([(xy, look), (-xy, look)], ("as assigned", "swapped"), width=400)
    page = svg_of(drawn, tmp_path)
    assert {"as assigned", "swapped", "a", "b"} <= set(page.texts)
    assert len(page.circles) == 2 * table.n_obs + 2
    assert max(float(circle.get("cx")) for circle in page.circles) <= 400
    assert list(drawn.numbers) == ["x: as assigned", "y: as assigned", "x: swapped", "y: swapped"]


def test_bars_of_a_report_keep_grades_intervals_and_numbers(tmp_path):
    bars = (
        Bar("ER as concept", 0.75, 0.7, 0.8, Grade.LARGE, "It matters."),
        Bar("without ER", -0.4, -0.5, -0.3, Grade.SMALL),
    )
    page = svg_of(chart_figure(Chart("Change", bars, (-1.0, 1.0), (-0.2, 0.2))), tmp_path)
    assert {"ER as concept", "without ER", "+0.75", "−0.40", "Change"} <= set(page.texts)
    boxes = {r.get("fill"): r for r in page.root.iter(f"{SVG}rect")}
    drawn = [on_ground(GRADE_COLOURS[grade], PAPER.ground) for grade in (Grade.LARGE, Grade.SMALL)]
    large, small = (boxes[colour] for colour in drawn)
    ends = [float(large.get("x")), float(small.get("x")) + float(small.get("width"))]
    # Both begin at zero.
    assert ends[0] == pytest.approx(ends[1])
    ratio = float(large.get("width")) / float(small.get("width"))
    assert ratio == pytest.approx(0.75 / 0.4, rel=0.01)
