"""Names read in the light of the others of their folder: stains, wells, days and clones."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_c3r.core.images.layouts import Guess, read_names

HERE = Path()


def read(*stems):
    return [read_names(stems, HERE)[stem] for stem in stems]


@pytest.mark.parametrize(
    ("template", "image", "well", "site", "z"),
    [
        ("sample_{}_7", "sample_7", None, None, None),
        ("A01_{}_7", "A01_7", "A01", "7", None),
        ("{}_B02_s3", "B02_s3", "B02", "3", None),
        ("{}-aa02-site3", "aa02-site3", "AA02", "3", None),
        ("{} plate1 b2", "plate1 b2", "B02", None, None),
        ("exp_{}_z03", "exp", None, None, 3),
        ("r01c02_s1_{}", "r01c02_s1", "A02", "1", None),
        ("C - 12_{}_4", "C - 12_4", "C12", "4", None),
        ("plate1-{}-b02-s3-z11", "plate1-b02-s3", "B02", "3", 11),
        ("z03_{}_exp", "exp", None, None, 3),
    ],
)
def test_a_stain_stands_anywhere(template, image, well, site, z):
    found = read(template.format("Hoechst"), template.format("Actin"))
    assert [part.channel for part in found] == ["Hoechst", "Actin"]
    for part in found:
        assert (part.image, part.well, part.site, part.z) == (image, well, site, z)
        assert part.guess is None


def test_wavelengths_and_wells_beside_numbered_axes():
    assert [part.channel for part in read("a_405nm_1", "a_488nm_1")] == ["405nm", "488nm"]
    (part,) = read("plate1-b02-s3-z11-ch2")
    assert (part.plate, part.well, part.site, part.z) == ("plate1", "B02", "3", 11)


@pytest.mark.parametrize(
    "stems",
    [
        ("ctrl_d1", "ctrl_d3", "ctrl_d7"),
        ("ctrl_day1", "ctrl_day2"),
        ("siRNA_tubulin", "siRNA_actin", "siRNA_scrambled"),
        ("actin-KO", "tubulin-KO"),
        ("siActin", "siTubulin", "siCtrl"),
        ("actin_1", "ctrl_1", "tubulin_1"),
        ("clone_c1", "clone_c2"),
        ("C2C12_rep", "C2C12_rop"),
        ("liver", "heart", "brain", "actin"),
        ("exp_c1_ctrl", "exp_c2_ctrl"),
    ],
)
def test_what_only_looks_like_a_channel_is_none(stems):
    assert [(part.image, part.channel) for part in read(*stems)] == [(s, None) for s in stems]


@pytest.mark.parametrize(
    ("stems", "guess"),
    [
        (("HeLa_c1", "HeLa_c2", "HeLa_c5"), Guess.CHANNELS),
        (("ctrl_w1", "ctrl_w2"), Guess.CHANNELS),
        (("ctrl_t1", "ctrl_t2"), Guess.TIMES),
        (("a_cells", "a_nuclei"), Guess.STAINS),
        (("HeLa_ch1", "HeLa_ch2"), None),
        (("HeLa_xy1_c1", "HeLa_xy1_c2"), None),
    ],
)
def test_what_may_be_otherwise_is_a_guess(stems, guess):
    assert {part.guess for part in read(*stems)} == {guess}


@pytest.mark.parametrize(
    ("stems", "wells"),
    [
        (("plate1_b02", "plate1_c02", "plate1_d04"), ("B02", "C02", "D04")),
        (("plate1_c2", "plate1_c12"), ("C02", "C12")),
        (("a1", "b1", "b12"), ("A01", "B01", "B12")),
        (("x_aa01", "x_af48"), ("AA01", "AF48")),
        (("P1_well_c3", "P1_wellD4"), ("C03", "D04")),
        (("exp_c02", "exp_c03"), (None, None)),
        (("ctrl_d01", "ctrl_d03"), (None, None)),
        (("x_q01", "y_a49"), (None, None)),
    ],
)
def test_wells_at_the_end(stems, wells):
    found = read(*stems)
    assert tuple(part.well for part in found) == wells
    if all(wells):
        assert [(part.channel, part.image) for part in found] == [(None, stem) for stem in stems]


@pytest.mark.parametrize("digit", ["¹", "①", "٣", "Ⅳ", "੩"])
@pytest.mark.parametrize("template", ["A01_s{}_w1", "x_z{}_ch{}", "r0{}c01f01", "seeding 10{}"])
def test_digits_of_other_kinds_are_letters(digit, template):
    stem = template.replace("{}", digit)
    (part,) = read(stem)
    assert part.z is None
    assert digit in part.image
