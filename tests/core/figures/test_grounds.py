"""Colours of data on their ground: seen, told apart by every kind of vision, and of one hue."""

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.diagnose.verdict import GRADE_COLOURS
from napari_c3r.core.figures.colouring import Categories, Values
from napari_c3r.core.figures.colours import CATEGORICAL, GREY, OWN, SEQUENTIAL, rgb, sequential
from napari_c3r.core.figures.drawing import PAPER, Theme
from napari_c3r.core.figures.grounds import CONTRAST, on_ground, palette_on
from tests.colour_vision import VISION, apart, contrast, linear

# napari's two themes as their docks are painted, and the page of a saved figure.
GROUNDS = ("#262930", "#23242b", "#efebe9", "#ebe7e6", PAPER.ground)
# What is told apart, and how far the nearest two are by CIEDE2000; 2 or 3 can just be seen.
TOLD_APART = {
    "clusters": (CATEGORICAL[:8], 9.4),
    "names and gates": (OWN[:8], 11.5),
    "grades of a diagnostic": (tuple(GRADE_COLOURS.values()), 10.0),
}
OF_SCRIPTS = ("#000000", "#ffffff", "#ffff00", "#0000ff", "#ff0000", "#a09060", "#808080")


def chroma_plane(colour: str) -> complex:
    """Red against green and yellow against blue (Ottosson 2020, OKLab)."""
    to_cones = [[0.41222147, 0.53633254, 0.05144599],
                [0.21190350, 0.68069955, 0.10739696],
                [0.08830246, 0.28171884, 0.62997870]]  # fmt: skip
    long, m, s = np.cbrt(np.asarray(to_cones) @ linear(rgb(colour) / 255))
    a, b = 1.9779985 * long - 2.4285922 * m + 0.4505937 * s, 0.0259040 * long + 0.7827718 * m
    return complex(a, b - 0.8086758 * s)


@pytest.mark.parametrize("ground", GROUNDS)
def test_every_colour_of_data_is_seen_on_its_ground(ground: str) -> None:
    steps = [f"#{bytes(step).hex()}" for step in sequential(64, palette_on(SEQUENTIAL, ground))]
    drawn = [*palette_on((*CATEGORICAL, *OWN, *OF_SCRIPTS, GREY), ground), *steps]
    assert min(contrast(colour, ground) for colour in drawn) >= CONTRAST


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("ground", [GROUNDS[0], GROUNDS[2]])
@pytest.mark.parametrize("what", TOLD_APART)
def test_what_is_told_apart_is_far_apart_on_either_ground(
    what: str, ground: str, vision: str
) -> None:
    colours, least = TOLD_APART[what]
    assert apart(palette_on(tuple({*colours, GREY}), ground), vision) >= least


@pytest.mark.parametrize("ground", [GROUNDS[0], GROUNDS[2]])
def test_all_categories_differ_and_keep_their_hue(ground: str) -> None:
    drawn = palette_on((*CATEGORICAL, *OWN), ground)
    assert len(set(drawn)) == len(drawn)
    for own, shown in zip((*CATEGORICAL, *OWN), drawn, strict=True):
        turned = np.angle(chroma_plane(shown) / chroma_plane(own), deg=True)
        assert abs(turned) < 25, (own, shown)


@pytest.mark.parametrize("ground", [GROUNDS[0], GROUNDS[2], "#5a6070", "#a0a0a0"])
def test_values_only_get_lighter_on_every_ground(ground: str) -> None:
    weights = (0.2126, 0.7152, 0.0722)
    drawn = palette_on(SEQUENTIAL, ground)
    assert (np.diff([linear(rgb(each) / 255) @ weights for each in drawn]) > 0).all()
    assert min(contrast(colour, ground) for colour in drawn) >= 3


def test_a_page_has_the_colours_of_the_light_theme_and_grey_is_grey() -> None:
    for colour in (*CATEGORICAL, *OWN):
        assert on_ground(colour, PAPER.ground) == on_ground(colour, "#efebe9")
    assert {on_ground(GREY, ground) for ground in GROUNDS} == {GREY}


def test_colourings_and_figures_are_drawn_for_their_ground() -> None:
    codes = Categories(np.array([0, 1, -1]), ("a", "b"))
    values = Values.spanning(np.array([0, 1, np.nan], np.float32), "x")
    for ground in GROUNDS:
        shown = [on_ground(each, ground) for each in (*CATEGORICAL[:2], GREY)]
        np.testing.assert_array_equal(codes.on(ground).colours(), [rgb(each) for each in shown])
        ends = [on_ground(SEQUENTIAL[end], ground) for end in (0, -1)]
        np.testing.assert_array_equal(
            values.on(ground).colours(), [rgb(each) for each in (*ends, GREY)]
        )
        theme = Theme(ground, "#777777")
        assert theme.colour(CATEGORICAL[1]) == shown[1]
        assert theme.colour("#dedede") == "#dedede"
        assert theme.colour("ink") == "#777777"
