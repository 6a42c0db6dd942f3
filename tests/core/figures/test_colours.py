"""Colours: far apart for every kind of vision, visible on both of napari's backgrounds."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.diagnose.verdict import GRADE_COLOURS
from napari_c3r.core.figures.colouring import colouring
from napari_c3r.core.figures.colours import (
    CATEGORICAL,
    GREY,
    OWN,
    SEQUENTIAL,
    category_colours,
    mixed,
    named_colours,
    rgb,
    sequential,
    value_colours,
)
from tests.colour_vision import VISION, apart, contrast, linear

DARK, LIGHT = "#262930", "#efebe9"
# What is told apart, and how far the nearest two are by CIEDE2000; 2 or 3 can just be seen.
TOLD_APART = {
    "clusters": ((*CATEGORICAL[:8], GREY), 7.5),
    "names and gates": ((*OWN[:8], GREY), 10.5),
    "grades of a diagnostic": (tuple(GRADE_COLOURS.values()), 10.0),
}
# Ottosson (2020), linear RGB to OKLab
TO_CONES = [[0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
TO_LAB = [[0.2104542553, 0.7936177850, -0.0040720468],
          [1.9779984951, -2.4285922050, 0.4505937099],
          [0.0259040371, 0.7827717662, -0.8086757660]]  # fmt: skip


def oklab(colour: str, vision: str) -> np.ndarray:
    seen = np.clip(VISION[vision] @ linear(rgb(colour) / 255), 0, 1)
    return np.asarray(TO_LAB) @ np.cbrt(np.asarray(TO_CONES) @ seen)


def closest_pair(colours: tuple[str, ...], vision: str) -> float:
    lab = [oklab(colour, vision) for colour in colours]
    return min(float(np.linalg.norm(a - b)) for a, b in combinations(lab, 2))


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(("count", "apart"), [(8, 0.055), (len(CATEGORICAL), 0.05)])
def test_categories_and_noise_stay_apart(vision: str, count: int, apart: float) -> None:
    assert closest_pair((*CATEGORICAL[:count], GREY), vision) >= apart


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("what", TOLD_APART)
def test_what_is_told_apart_by_colour_is_far_apart(what: str, vision: str) -> None:
    colours, least = TOLD_APART[what]
    assert apart(colours, vision) >= least


@pytest.mark.parametrize("vision", VISION)
def test_names_of_one_s_own_look_like_no_cluster(vision: str) -> None:
    assert closest_pair((*OWN, GREY), vision) >= 0.065
    clusters = [oklab(colour, vision) for colour in CATEGORICAL[:10]]
    for colour in OWN:
        assert min(np.linalg.norm(oklab(colour, vision) - each) for each in clusters) >= 0.05
    assert not set(OWN) & set(CATEGORICAL)


def test_there_are_at_least_twenty_different_categories() -> None:
    assert len(set(CATEGORICAL)) == len(CATEGORICAL) >= 20


@pytest.mark.parametrize("colour", [*CATEGORICAL, *OWN, GREY, *SEQUENTIAL])
def test_every_colour_shows_on_both_backgrounds(colour: str) -> None:
    assert contrast(colour, DARK) >= 1.75
    assert contrast(colour, LIGHT) >= 1.3


@pytest.mark.parametrize("vision", VISION)
def test_sequential_map_only_gets_lighter(vision: str) -> None:
    lightness = [oklab(colour, vision)[0] for colour in SEQUENTIAL]
    assert (np.diff(lightness) > 0).all()


def test_noise_is_grey_and_categories_repeat() -> None:
    colours = category_colours([-1, 0, 23, 24, -7])
    expected = [GREY, CATEGORICAL[0], CATEGORICAL[23], CATEGORICAL[0], GREY]
    np.testing.assert_array_equal(colours, [rgb(colour) for colour in expected])


def test_values_run_from_first_to_last_stop_and_what_is_not_finite_is_grey() -> None:
    colours = value_colours([2.0, np.nan, 10.0, np.inf, 6.0])
    np.testing.assert_array_equal(colours[0], rgb(SEQUENTIAL[0]))
    np.testing.assert_array_equal(colours[2], rgb(SEQUENTIAL[-1]))
    np.testing.assert_array_equal(colours[[1, 3]], [rgb(GREY)] * 2)
    np.testing.assert_allclose(colours[4].astype(int), rgb(SEQUENTIAL[4]).astype(int), atol=2)


def test_limits_clip_and_a_constant_has_one_colour() -> None:
    clipped = value_colours([-5.0, 0.0, 1.0, 9.0], limits=(0.0, 1.0))
    np.testing.assert_array_equal(clipped[:2], [rgb(SEQUENTIAL[0])] * 2)
    np.testing.assert_array_equal(clipped[2:], [rgb(SEQUENTIAL[-1])] * 2)
    assert len(np.unique(value_colours(np.full(4, 3.0)), axis=0)) == 1
    assert value_colours(np.full(3, np.nan)).tolist() == [rgb(GREY).tolist()] * 3


def test_map_can_be_sampled_at_any_length() -> None:
    assert sequential(2).tolist() == [rgb(SEQUENTIAL[0]).tolist(), rgb(SEQUENTIAL[-1]).tolist()]
    assert sequential(1000).shape == (1000, 3)


def test_mixing() -> None:
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"
    assert mixed(DARK, LIGHT, 0.0) == DARK


def test_a_cluster_is_coloured_by_its_number_whichever_others_there_are():
    colours = named_colours("cluster", ["0", "2 mitotic", "25", "odd", "noise"])
    assert colours == {
        "0": CATEGORICAL[0],
        "2 mitotic": CATEGORICAL[2],
        "25": CATEGORICAL[25 % len(CATEGORICAL)],
        "odd": CATEGORICAL[3],
        "noise": GREY,
    }
    obs = pd.DataFrame({"cluster": pd.Categorical(["2 mitotic", "noise", "0", "2 mitotic"])})
    seen = colouring(obs, "cluster")
    assert seen.names == ("0", "2 mitotic")
    np.testing.assert_array_equal(seen.colours(), [rgb(colours[name]) for name in obs["cluster"]])
    # Of all numbers in a row they are the palette's own, in which layers are drawn already.
    obs = pd.DataFrame({"cluster": pd.Categorical(["0", "1"])})
    assert colouring(obs, "cluster").palette is CATEGORICAL
