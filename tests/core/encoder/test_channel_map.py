"""Channels of images find the trained channels of a network."""

from __future__ import annotations

import pytest

from napari_c3r.core.encoder.channel_map import (
    match_channels,
    missing_channels,
    name_inputs,
    parse_channel_map,
    say_missing,
)
from napari_c3r.core.errors import InputError

HPA = ("microtubules", "ER", "nucleus", "protein")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("nucleus", "protein", "ER", "microtubules"), (2, 3, 1, 0)),
        (("DAPI", "GFP", "ConA", "Tubulin"), (2, 3, 1, 0)),
        (("red", "green", "blue", "yellow"), (0, 3, 2, 1)),
        (("er", "Nucleus"), (1, 2)),
        (("ch1", "RNA"), (None, None)),
        # By its name before by its stain: histone 2B speaks of the nucleus too.
        (("H2B", "Nucleus"), (None, 2)),
    ],
)
def test_channels_are_found_by_name_and_then_by_stain(
    names: tuple[str, ...], expected: tuple[int | None, ...]
) -> None:
    assert match_channels(HPA, names) == dict(zip(names, expected, strict=True))


@pytest.mark.parametrize(
    ("trained", "names", "says"),
    [
        (HPA, ("DAPI", "Hoechst"), "'DAPI' and 'Hoechst' are both the encoder's channel 'nucleus'"),
        (HPA, ("ER", "er"), "'ER' and 'er' are both the encoder's channel 'ER'"),
        (("HPA nucleus", "CP nucleus"), ("DNA",), "'DNA' could be any of .* 'HPA nucleus', 'CP"),
    ],
)
def test_what_is_not_one_to_one_is_refused(
    trained: tuple[str, ...], names: tuple[str, ...], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        match_channels(trained, names)


def test_what_an_image_lacks_is_said() -> None:
    found = match_channels(HPA, ("DNA", "RNA", "protein"))
    assert missing_channels(HPA, found) == ["microtubules", "ER"]
    line = say_missing("Base-HPA", HPA, found)
    assert "none of DNA, RNA, protein is microtubules, ER" in line


def test_inputs_are_named_as_typed() -> None:
    assert parse_channel_map("ER=2, DNA=0") == {"ER": 2, "DNA": 0}
    assert parse_channel_map("") == {}
    assert name_inputs({"ER": 2, "DNA": 0}, 3) == ("DNA", "input 1", "ER")
    with pytest.raises(InputError, match="'DNA' has the place 'x'"):
        parse_channel_map("DNA=x")
    with pytest.raises(InputError, match="'ER' is given the place 2, and the network has 2"):
        name_inputs({"ER": 2}, 2)
    with pytest.raises(InputError, match="'a' and 'b' are both given the place 0"):
        name_inputs({"a": 0, "b": 0}, 2)
