"""Reading the names of microscopes' files."""

from __future__ import annotations

import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.layouts import (
    BUILT_IN,
    Layout,
    group_by_stain,
    pattern_layout,
    read_name,
    register_layout,
)
from napari_c3r.core.images.names import is_extra
from napari_c3r.core.text import natural_key

GUID = "1E4B6A3C-0D5F-4C2B-9E7A-0123456789AB"


@pytest.mark.parametrize(
    ("stem", "image", "plate", "well", "site", "channel", "z", "t"),
    [
        ("r03c03f03p01-ch5sk1fk1fl1", "r03c03f03", None, "C03", "3", "ch5", 1, 1),
        ("r16c24f09p12-ch1sk3fk1fl1", "r16c24f09", None, "P24", "9", "ch1", 12, 3),
        ("r27c48f01p01-ch1sk1fk1fl1", "r27c48f01", None, "AA48", "1", "ch1", 1, 1),
        ("9987_B02_s1_w1", "9987_B02_s1", "9987", "B02", "1", "w1", None, None),
        (
            f"Week1_22123_B02_s1_w1{GUID}",
            "Week1_22123_B02_s1",
            "Week1_22123",
            "B02",
            "1",
            "w1",
            None,
            None,
        ),
        ("A01_s1_w1", "A01_s1", None, "A01", "1", "w1", None, None),
        ("B2_01_1_1_DAPI_001", "B2_01_1", None, "B02", "1", "DAPI", None, 1),
        ("B7_01_2_3_GFP_001", "B7_01_3", None, "B07", "3", "GFP", None, 1),
        (
            "B2_01_3_1_Propidium Iodide_001",
            "B2_01_1",
            None,
            "B02",
            "1",
            "Propidium Iodide",
            None,
            1,
        ),
        ("56_F11_1_blue", "56_F11_1", "56", "F11", "1", "blue", None, None),
        (
            "B2AI_1_Paclitaxel_C1_R2_z01_red",
            "B2AI_1_Paclitaxel_C1_R2",
            "B2AI_1_Paclitaxel",
            "C01",
            "2",
            "red",
            1,
            None,
        ),
        (
            "AS_09125_050116030001_D03f00d0",
            "AS_09125_050116030001_D03f00",
            "AS_09125_050116030001",
            "D03",
            "0",
            "d0",
            None,
            None,
        ),
        ("01_POS002_D", "01_POS002", None, None, "2", "D", None, None),
        ("Channel1-01-A-01", "01-A-01", None, "A01", None, "Channel1", None, None),
        ("plate1_A14_site1_Ch1", "plate1_A14_site1", "plate1", "A14", "1", "Ch1", None, None),
        ("IXMtest_A02_s9", "IXMtest_A02_s9", "IXMtest", "A02", "9", None, None, None),
        ("B_1--Stage01__nuclei", "B_1--Stage01", None, "B01", "Stage01", "nuclei", None, None),
        ("embryo_c2", "embryo", None, None, None, "c2", None, None),
        ("C1-embryo", "embryo", None, None, None, "C1", None, None),
        ("plate1_C05", "plate1_C05", "plate1", "C05", None, None, None, None),
    ],
)
def test_conventions(stem, image, plate, well, site, channel, z, t):
    parts = read_name(stem)
    assert (parts.image, parts.plate, parts.well, parts.site) == (image, plate, well, site)
    assert (parts.channel, parts.z, parts.t) == (channel, z, t)


def test_files_of_one_word_apart_are_channels_if_the_word_is_a_stain():
    found = group_by_stain(["BPAE_actin", "BPAE_mito", "BPAE_nuclei", "other_1", "other_2"])
    assert {stem: part.channel for stem, part in found.items()} == {
        "BPAE_actin": "actin",
        "BPAE_mito": "mito",
        "BPAE_nuclei": "nuclei",
    }
    assert {part.image for part in found.values()} == {"BPAE"}


def test_two_conditions_of_two_stains_are_two_images():
    stems = ["drug_DAPI", "drug_GFP", "ctrl_DAPI", "ctrl_GFP"]
    found = group_by_stain(stems)
    assert {stem: part.image for stem, part in found.items()} == {
        stem: stem.split("_")[0] for stem in stems
    }


def test_counting_is_no_channel():
    assert group_by_stain(["img_1", "img_2", "img_3"]) == {}
    assert group_by_stain(["treated", "untreated"]) == {}


def test_masks_and_thumbnails_are_extra():
    extra = ["cell_combined_labels", "nuclei_border_mask_label", "a_mask", "B02_s1_w1_thumb123"]
    assert all(is_extra(stem) for stem in extra)
    assert not any(is_extra(stem) for stem in ["CellMask", "a_masked_ch1", "A01_s1_w1"])


def test_natural_order():
    assert sorted(["ch10", "ch2", "ch1"], key=natural_key) == ["ch1", "ch2", "ch10"]


@pytest.mark.parametrize("pattern", ["(", "abc", "(?P<colour>x)"])
def test_bad_pattern(pattern):
    with pytest.raises(InputError, match="The pattern"):
        pattern_layout(pattern)


def test_a_layout_s_expression_may_name_rows_columns_and_what_varies():
    layout = Layout("ours", r"(?P<row>\d\d)x(?P<column>\d)(?P<vary>-(?P<channel>\w+)-\d+)")
    parts = layout.read("02x3-dna-77")
    assert (parts.layout, parts.image, parts.well, parts.channel) == ("ours", "02x3", "B03", "dna")
    assert layout.read("02x3-dna-77-more") is None


@pytest.mark.parametrize("expression", ["(", "abc", "(?P<colour>x)"])
def test_a_layout_that_could_read_nothing_is_refused(expression):
    with pytest.raises(InputError, match="The pattern"):
        Layout("ours", expression)
    with pytest.raises(InputError, match="has no name"):
        Layout("", r"(?P<channel>.+)")


@pytest.mark.parametrize("name", [*(layout.name for layout in BUILT_IN), "pattern", "stain"])
def test_a_layout_cannot_take_the_name_of_another(name):
    with pytest.raises(InputError, match=f"a layout '{name}' already"):
        register_layout(Layout(name, r"(?P<channel>.+)"))
