from __future__ import annotations

import copy
import json
import pickle

from napari_c3r.core.notes import Note, NoteKind, kind_of


def test_a_note_is_its_sentence_and_keeps_its_kind_in_copies():
    note = Note("Stopped early: 3 of 5 cells are embedded", NoteKind.STOPPED_EARLY)
    assert note == "Stopped early: 3 of 5 cells are embedded"
    for again in (copy.deepcopy([note])[0], pickle.loads(pickle.dumps(note))):
        assert again == note
        assert kind_of(again) is NoteKind.STOPPED_EARLY


def test_in_a_file_it_is_a_plain_string():
    read = json.loads(json.dumps([Note("As is", NoteKind.UNTRAINED)]))
    assert type(read[0]) is str
    assert kind_of(read[0]) is NoteKind.GENERAL
