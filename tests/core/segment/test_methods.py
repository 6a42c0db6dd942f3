"""The registry of ways to find nuclei, and the options that choose among them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import napari_c3r as c3r
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError, MissingPackageError
from napari_c3r.core.segment import (
    NO_CELL_CHANNEL,
    SegmentMethod,
    SegmentOptions,
    find_cells,
    find_method,
    method_names,
    methods,
    register_method,
    require_method,
)

ROLES = ChannelAssignment({"w2": "context", "DNA": "context", "ER": "concept", "w4": "ignore"})


@pytest.fixture
def toy(monkeypatch):
    """A method of four square nuclei, registered from outside."""
    monkeypatch.setattr(methods, "_METHODS", dict(methods._METHODS))
    asked = []

    def find(plane, diameter_px):
        asked.append(diameter_px)
        labels = np.zeros(plane.shape, int)
        for number, (y, x) in enumerate(((30, 30), (30, 90), (90, 30), (90, 90)), 1):
            labels[y : y + 12, x : x + 12] = 5 * number
        return labels

    register_method(SegmentMethod("toy", "Toy", find, help="Four squares", licence="Toy licence"))
    return asked


@pytest.fixture
def image():
    pixels = np.random.default_rng(0).poisson(100, (2, 160, 160))
    return c3r.Image.from_array(pixels, ["DNA", "ER"], 0.5)


def test_a_method_from_outside_is_offered_and_used(toy, image):
    assert method_names()[-1] == "toy"
    nuclei, cells = c3r.segment_cells(image, "DNA", method="toy", nucleus_diameter_um=10)
    assert toy == [20.0]
    assert np.unique(nuclei).tolist() == [0, 1, 2, 3, 4]
    assert np.unique(cells).tolist() == [0, 1, 2, 3, 4]
    # Without a diameter, what it found says how wide nuclei are.
    assert c3r.segment_cells(image, "DNA", method="toy")[1].any()
    assert toy[1] is None


def test_a_name_is_taken_only_once(toy):
    with pytest.raises(InputError, match="already a segmentation method 'toy'"):
        register_method(SegmentMethod("toy", "Toy", lambda plane, _: plane))


def test_what_is_not_there_is_refused_with_what_there_is(toy):
    with pytest.raises(InputError, match=r"'magic'; choose one of classical, .*toy"):
        require_method("magic")
    methods._METHODS["odd"] = replace(find_method("toy"), name="odd", package="not-there-at-all")
    with pytest.raises(MissingPackageError, match="pip install not-there-at-all"):
        require_method("odd")


def test_channels_left_open_are_suggested_from_those_in_use():
    chosen = SegmentOptions().for_roles(ROLES)
    assert (chosen.nucleus, chosen.cell) == ("DNA", "ER")
    plain = ChannelAssignment({"a": "concept", "b": "context"})
    assert SegmentOptions().for_roles(plain).keywords() == {"nucleus": "b"}
    for none in (NO_CELL_CHANNEL, "DNA"):
        assert SegmentOptions("DNA", none).for_roles(ROLES).cell == NO_CELL_CHANNEL
    assert SegmentOptions("w4", "w2").for_roles(ROLES) == SegmentOptions("w4", "w2")


@pytest.mark.parametrize(
    ("options", "call"),
    [
        (SegmentOptions("DNA", NO_CELL_CHANNEL), "segment_cells(nucleus='DNA')"),
        (
            SegmentOptions("DNA", "ER", "toy", 7.5),
            "segment_cells(nucleus='DNA', cell='ER', method='toy', nucleus_diameter_um=7.5)",
        ),
        (
            SegmentOptions("DNA", NO_CELL_CHANNEL, cell_distance_px=4),
            "segment_cells(nucleus='DNA', cell_distance_px=4)",
        ),
    ],
)
def test_the_call_says_what_differs_and_gives_the_same_options_again(options, call):
    assert options.call == call
    assert SegmentOptions.from_keywords(options.keywords()) == options


def test_options_and_keywords_find_the_same_cells(toy):
    field = c3r.simulate_field("cell-painting", shape=(200, 200), n_cells=6, seed=1).image
    for cell in ("RNA", None):
        expected = c3r.segment_cells(field, "DNA", cell)
        found = find_cells(field, SegmentOptions("DNA", cell or NO_CELL_CHANNEL))
        np.testing.assert_array_equal(found, expected)
    suggested = SegmentOptions().for_roles(ChannelAssignment.suggest(field.channel_names))
    np.testing.assert_array_equal(find_cells(field, SegmentOptions()), find_cells(field, suggested))


def test_naming_the_methods_loads_nothing_heavy():
    code = (
        "import sys; from napari_c3r.core.segment import SegmentOptions, method_names\n"
        "assert method_names()[0] == 'classical'\n"
        "print([m for m in ('skimage', 'scipy', 'dask', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
