"""Columns of a result in words."""

from __future__ import annotations

import pytest

from napari_c3r.core.table.titles import in_pixels_too, title, with_unit


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("area_um2", "Area (µm²)"),
        ("nucleus_area_px", "Nucleus area (px)"),
        ("y_px", "y (px)"),
        ("intensity_mean_conA_488", "conA_488 intensity"),
        ("touches_border", "Touches border"),
        ("cluster", "Cluster"),
    ],
)
def test_titles(name, said):
    assert title(name) == said


def test_a_value_in_a_sentence():
    assert with_unit("area_um2", "318") == "Area 318 µm²"
    assert with_unit("cluster", "2") == "Cluster 2"


def test_what_stands_in_micrometres_too():
    assert in_pixels_too(["y_um", "y_px", "area_um2", "label"]) == {"y_px", "area_px"}
