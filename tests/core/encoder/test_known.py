"""The encoders to choose from, and what each would refuse, without loading any."""

from __future__ import annotations

import json

import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.cache import EncoderCache
from napari_c3r.core.encoder.known import KnownEncoders
from tests.core.diagnose.small import base_sc_folder

ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return base_sc_folder(tmp_path_factory.mktemp("known"))


def test_folders_that_were_loaded_are_offered_again(folder, tmp_path):
    path = tmp_path / "kept" / "encoders.json"
    cache = EncoderCache()
    cache.known = KnownEncoders(path)
    cache.get(str(folder))
    again = KnownEncoders(path).all()
    assert [each.source for each in again][-1] == str(folder)
    assert again[0].source == "bundled"
    found = again[-1]
    assert found.name == "Base-SC tiny"
    assert found.sentence.startswith(
        "Base-SC tiny: Single-channel encoder (Base-SC), untrained, takes crops of 32 × 32 pixels."
    )
    assert found.sentence.endswith(found.description)
    assert found.refusal(ROLES) == ""
    assert found.refusal(ChannelAssignment({"DNA": "ignore"})).startswith("All channels are ign")


def test_what_is_gone_or_damaged_is_left_out(folder, tmp_path):
    path = tmp_path / "encoders.json"
    bundled = len(KnownEncoders().all())
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{", "utf-8")
    path.write_text(json.dumps({"folders": [str(tmp_path / n) for n in ("gone", "broken")]}))
    known = KnownEncoders(path)
    assert len(known.all()) == bundled
    known.remember(str(folder))
    assert len(known.all()) == bundled + 1
    # What is not there now may be on a disk that comes back.
    assert len(json.loads(path.read_text("utf-8"))["folders"]) == 3
    for text in ("", "[1, 2]", '{"folders": 3}'):
        path.write_text(text, "utf-8")
        assert len(KnownEncoders(path).all()) == bundled
    assert known.find(str(tmp_path)) is None
    known.remember("bundled")
    assert len(known.all()) == bundled + 1
