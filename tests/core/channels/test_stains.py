from __future__ import annotations

from napari_c3r.core.channels.stains import channel_colours


def test_cell_painting_is_drawn_in_its_usual_colours():
    colours = channel_colours(["DNA", "ER", "RNA", "AGP", "Mito"])
    assert list(colours) == ["DNA", "ER", "RNA", "AGP", "Mito"]
    assert len(set(colours.values())) == 5


def test_the_er_is_yellow_beside_microtubules_and_green_otherwise():
    atlas = channel_colours(["nucleus", "microtubules", "ER", "protein"])
    painting = channel_colours(["DNA", "ER"])
    assert atlas["ER"] != painting["ER"]
    assert atlas["protein"] == painting["ER"]


def test_unknown_channels_get_colours_that_are_not_taken():
    colours = channel_colours(["DAPI", "x", "y", "z"])
    assert len(set(colours.values())) == 4


def test_two_tags_never_share_a_colour():
    colours = channel_colours(["DAPI", "GFP", "RFP", "AF647"])
    assert len(set(colours.values())) == 4
