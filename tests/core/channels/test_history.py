from __future__ import annotations

import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.channels.history import MAX_KEPT, ChannelHistory

CHOSEN = ChannelAssignment({"DNA": "concept", "ER": "context"})


def test_names_and_roles_come_back_in_a_later_session(tmp_path):
    path = tmp_path / "folder" / "channels.json"
    ChannelHistory(path).remember({"w1": "DNA", "w2": "ER"}, CHOSEN)
    later = ChannelHistory(path)
    assert later.names_for(["w2", "w1"]) == {"w1": "DNA", "w2": "ER"}
    roles = later.roles_for({"w2": "ER", "w1": "DNA"})
    assert list(roles.to_dict().items()) == [("ER", "context"), ("DNA", "concept")]
    assert set(roles.reasons.values()) == {"as you chose before"}


def test_a_role_that_would_be_suggested_anyway_keeps_its_reason():
    memory, suggested = ChannelHistory(), ChannelAssignment.suggest(["DNA", "ER", "RNA"])
    names = {name: name for name in suggested.names}
    memory.remember(names, suggested.with_role("ER", "concept"))
    reasons = memory.roles_for(names).reasons
    assert reasons["ER"] == "as you chose before"
    assert reasons["RNA"] == suggested.reasons["RNA"]


def test_other_channels_know_nothing_of_it(tmp_path):
    memory = ChannelHistory(tmp_path / "c.json")
    memory.remember({"DNA": "DNA", "ER": "ER"}, CHOSEN)
    assert memory.names_for(["DNA"]) == {}
    assert memory.roles_for({"DNA": "DNA"}) is None
    assert memory.roles_for({"DNA": "nucleus", "ER": "ER"}) is None


@pytest.mark.parametrize(
    "text", ["", "[]", '{"x": 1}', '{"x": {"names": {}, "roles": {"a": "?"}}}']
)
def test_a_broken_file_is_started_afresh(tmp_path, text):
    path = tmp_path / "c.json"
    path.write_text(text)
    memory = ChannelHistory(path)
    assert memory.names_for(["a"]) == {}
    memory.remember({"DNA": "DNA", "ER": "ER"}, CHOSEN)
    assert ChannelHistory(path).roles_for({"DNA": "DNA", "ER": "ER"}) == CHOSEN


def test_the_oldest_choices_are_forgotten(tmp_path):
    memory = ChannelHistory()
    for number in range(MAX_KEPT + 1):
        name = f"c{number}"
        memory.remember({name: name}, ChannelAssignment({name: "context"}))
    assert memory.roles_for({"c0": "c0"}) is None
    assert memory.roles_for({"c1": "c1"}) is not None


def test_a_folder_that_cannot_be_written_costs_only_the_memory(tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    memory = ChannelHistory(blocked / "c.json")
    memory.remember({"DNA": "DNA", "ER": "ER"}, CHOSEN)
    assert memory.roles_for({"DNA": "DNA", "ER": "ER"}) == CHOSEN
