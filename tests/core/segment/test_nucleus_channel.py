"""The channel of the nuclei is found by its pixels where no name tells it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import Image
from napari_c3r.core.segment import nucleus_in_pixels, suggest_for_image
from napari_c3r.core.simulate import simulate_field


@pytest.fixture(scope="module")
def planes():
    """Six stains of a field, brightfield among them, by what they show."""
    field = simulate_field("cell-painting", shape=(400, 400), n_cells=25, seed=3)
    found = {n: np.asarray(field.image.channel(n)) for n in field.image.channel_names}
    grain = np.random.default_rng(0).normal(0, 60, (400, 400))
    return {"Brightfield": (9000 + grain - found["AGP"] / 8).astype(np.float32), **found}


def nameless(planes, shown):
    names = [f"C{number}" for number in range(len(shown))]
    return Image.from_array(np.stack([planes[each] for each in shown]), names)


@pytest.mark.parametrize(
    "shown",
    [
        ("ER", "RNA", "DNA"),
        ("Brightfield", "AGP", "DNA", "Mito"),
        ("DNA", "ER", "RNA", "AGP", "Mito"),
        ("Brightfield", "Mito", "ER", "AGP", "RNA", "DNA"),
    ],
)
def test_the_nucleus_is_found_wherever_it_stands_and_is_still_a_guess(planes, shown):
    nucleus = f"C{shown.index('DNA')}"
    roles = suggest_for_image(nameless(planes, shown))
    assert roles.context == (nucleus,)
    assert roles.reasons[nucleus] == "looks most like nuclei"
    assert roles.doubt == f"Names say nothing: which one is the nucleus? For now '{nucleus}'"


def test_pixels_are_not_asked_where_names_tell(planes, monkeypatch):
    monkeypatch.setattr(Image, "channel", None)
    for names in (["GFP", "DAPI"], ["405", "488"], ["Brightfield", "GFP"], ["tubulin", "C1"]):
        image = Image.from_array(np.zeros((2, 8, 8), np.uint8), names)
        assert suggest_for_image(image) == ChannelAssignment.suggest(names)


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_where_nothing_looks_like_a_nucleus_none_is_named(planes, value):
    empty = np.full((2, 400, 400), value, np.float32)
    empty[1] = planes["Brightfield"]
    image = Image.from_array(empty, ["C0", "C1"])
    assert nucleus_in_pixels(image) is None
    assert suggest_for_image(image).context == ("C0",)
