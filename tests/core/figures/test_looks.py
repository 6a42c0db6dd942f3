"""How channels look: colours that stay apart, hues that stay, which are displayed at first."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.colors import to_rgb

from napari_c3r.core.channels.stains import INFO, Stain, channel_colours
from napari_c3r.core.figures.composites import Appearance, compose, viewer_gain
from napari_c3r.core.figures.looks import (
    channel_looks,
    contrast_limits,
    draw_image,
    shared_limits,
    visible_first,
    with_limits,
)
from napari_c3r.core.images import Image
from tests.colour_vision import VISION, apart, contrast

PAINTING = ("DNA", "ER", "RNA", "AGP", "Mito")
ATLAS = ("nucleus", "microtubules", "ER", "protein")
APART = 18.0


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("names", [PAINTING, ATLAS])
def test_stains_that_are_shown_together_stay_apart(vision, names):
    assert apart(channel_colours(names).values(), vision) >= APART


@pytest.mark.parametrize("vision", VISION)
def test_the_nucleus_is_told_from_whatever_is_read_out(vision):
    others = [info.colour for stain, info in INFO.items() if stain is not Stain.DNA]
    assert min(apart((INFO[Stain.DNA].colour, other), vision) for other in others) >= APART


def test_every_stain_is_seen_on_black_and_on_both_themes():
    for info in INFO.values():
        assert contrast(info.colour, "#000000") >= 4
        assert contrast(info.colour, "#262930") >= 3


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (PAINTING, ("DNA", "RNA")),
        (("Mito", "conA", "H33342"), ("Mito", "H33342")),
        (ATLAS, ("nucleus", "protein")),
        (("brightfield", "GFP", "DAPI"), ("GFP", "DAPI")),
        (("ch1", "ch2", "ch3"), ("ch1", "ch2")),
        (("DAPI", "conA"), ("DAPI", "conA")),
        (("brightfield",), ("brightfield",)),
        (("GFP",), ("GFP",)),
    ],
)
def test_nucleus_and_readout_are_displayed_first(names, shown):
    assert visible_first(names) == shown
    looks = channel_looks(names)
    assert [name for name in names if looks[name].visible] == list(shown)


def test_what_is_read_out_may_be_said():
    assert visible_first(PAINTING, ("Mito", "AGP")) == ("DNA", "Mito")


def light_of(brightness, colours):
    """The sum of channels, linear and unbounded, (3,)."""
    return sum(
        (level * np.array(to_rgb(colour))) ** 2.2
        for level, colour in zip(brightness, colours, strict=True)
    )


@settings(deadline=None, max_examples=200)
@given(arrays(np.float32, 5, elements=st.floats(0, 1, width=32)))
def test_any_sum_keeps_its_hue_and_is_not_clipped(brightness):
    colours = list(channel_colours(PAINTING).values())
    looks = [Appearance((0.0, 1.0), Appearance.of_colour(colour).colours) for colour in colours]
    drawn = compose(brightness[:, None, None], looks)[0, 0].astype(float)
    # The brightness of a channel has 256 steps.
    wanted = light_of(np.round(brightness * 255) / 255, colours)
    if wanted.max() == 0:
        assert drawn.tolist() == [0, 0, 0]
        return
    hue = (wanted / wanted.max()) ** (1 / 2.2)
    assert np.abs(drawn - hue * drawn.max()).max() <= 1.01
    assert drawn.max() <= 255
    if brightness.max() < 0.9:
        assert drawn.max() < 255


def test_a_channel_alone_is_drawn_in_its_own_colour_to_the_last_step():
    looks = channel_looks(PAINTING)
    for name, look in looks.items():
        alone = [
            Appearance((0.0, 1.0), each.colours, visible=other == name)
            for other, each in looks.items()
        ]
        drawn = compose(np.ones((5, 1, 1), np.float32), alone)[0, 0]
        np.testing.assert_allclose(drawn, np.array(to_rgb(look.colour)) * 255, atol=0.51)


def test_brighter_pixels_stay_brighter_where_stains_overlap():
    ramp = np.linspace(0, 1, 50, dtype=np.float32)
    looks = [Appearance((0.0, 1.0), look.colours) for look in channel_looks(PAINTING).values()]
    drawn = compose(np.tile(ramp, (5, 1, 1)), looks)[0].astype(int)
    assert (np.diff(drawn.max(axis=1)) > 0).all()
    assert drawn[-1].max() == 255


@pytest.mark.parametrize(("colours", "below"), [([], 1.0), (["#ff0000"], 1.0), (["#fff"] * 2, 0.6)])
def test_a_viewer_s_channels_are_weaker_the_more_they_overlap(colours, below):
    assert 0 < viewer_gain(colours) <= below


def test_limits_follow_all_crops_and_never_what_was_given():
    crops = np.zeros((4, 2, 5, 5), np.float32)
    crops[:, 0] = np.arange(4)[:, None, None]
    crops[0, 1, 0, 0] = np.nan
    limits = shared_limits(list(crops), ("DNA", "RNA"))
    assert limits["DNA"] == (0.0, 3.0)
    assert limits["RNA"] == (0.0, 1.0)
    looks = channel_looks(("DNA", "RNA"))
    looks["RNA"] = Appearance((5.0, 6.0), looks["RNA"].colours)
    fixed = with_limits(looks, limits)
    assert fixed["DNA"].limits == (0.0, 3.0)
    assert fixed["RNA"].limits == (5.0, 6.0)


def test_a_field_is_drawn_from_the_channels_that_are_shown():
    pixels = np.zeros((3, 8, 8), np.float32)
    pixels[0, :4], pixels[2] = 100, 50
    image = Image.from_array(pixels, ["DNA", "RNA", "Mito"])
    picture = draw_image(image, channel_looks(image.channel_names))
    blue = np.array(to_rgb(INFO[Stain.DNA].colour))
    np.testing.assert_allclose(picture[0, 0] / picture[0, 0].max(), blue / blue.max(), atol=0.01)
    assert picture[7, 7].tolist() == [0, 0, 0]
    assert not draw_image(image, {}).any()


def test_contrast_of_odd_planes():
    assert contrast_limits(da.full((50, 60), 7, dtype="uint8")) == (7.0, 8.0)
    assert contrast_limits(da.full((50, 60), np.nan)) == (0.0, 1.0)
    ramp = da.arange(501, dtype="float32").reshape(1, -1)
    assert contrast_limits(ramp) == pytest.approx((5.0, 499.0))


def test_contrast_of_a_large_plane_reads_little():
    read = []

    def block(block_info):
        read.append(block_info[None]["chunk-location"])
        return np.ones((500, 500), "uint16")

    plane = da.map_blocks(
        block, chunks=((500,) * 40, (500,) * 40), dtype="uint16", meta=np.empty((0, 0), "uint16")
    )
    contrast_limits(plane)
    assert 0 < len(read) <= 36
