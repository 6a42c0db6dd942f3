"""Lists of names as they are typed: any sign may stand in a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_c3r.core.errors import InputError
from napari_c3r.core.spelling import (
    one_name,
    spell_name,
    spell_names,
    spell_pairs,
    split_names,
    split_pairs,
)

KNOWN = ("DAPI", "Alexa 488, 50%", "a=b", " lead", "A", "B", "A,B", '5" lens', "x\\y", '"q"')


@pytest.mark.parametrize(
    ("text", "known", "names"),
    [
        ("DNA, ER,,RNA ", (), ("DNA", "ER", "RNA")),
        (",,,", (), ()),
        ("Alexa 488, 50%", KNOWN, ("Alexa 488, 50%",)),
        ("DAPI,Alexa 488, 50%,A", KNOWN, ("DAPI", "Alexa 488, 50%", "A")),
        ('"Alexa 488, 50%",DAPI', (), ("Alexa 488, 50%", "DAPI")),
        ("DAPI,Alexa 488\\, 50%", (), ("DAPI", "Alexa 488, 50%")),
        (" lead,DAPI", KNOWN, (" lead", "DAPI")),
        ('" lead",DAPI', (), (" lead", "DAPI")),
        ("A, DAPI", KNOWN, ("A", "DAPI")),
        ('"A,B"', KNOWN, ("A,B",)),
        ('"A","B"', KNOWN, ("A", "B")),
        ('5" lens', KNOWN, ('5" lens',)),
        ('5" lens', (), ('5" lens',)),
        ('"q"', KNOWN, ('"q"',)),
        ('\\"q\\"', (), ('"q"',)),
        ("x\\y", (), ("x\\y",)),
        ("DNA\\", (), ("DNA\\",)),
    ],
)
def test_names_of_a_list(text, known, names):
    assert split_names(text, known) == names


@pytest.mark.parametrize(
    ("text", "known", "said"),
    [
        ("A,B", KNOWN, "is a name, and so is each of its parts"),
        ('"DNA', (), "not closed"),
        ('DNA,"ER,RNA', (), "not closed"),
    ],
)
def test_what_could_be_two_things_is_refused(text, known, said):
    with pytest.raises(InputError, match=said):
        split_names(text, known)


@pytest.mark.parametrize(
    ("text", "known", "pairs"),
    [
        ("ch2=ER, ch5 = DNA", (), {"ch2": "ER", "ch5": "DNA"}),
        ("Alexa 488, 50%=X,DAPI=Y", KNOWN, {"Alexa 488, 50%": "X", "DAPI": "Y"}),
        ("a=b=c", KNOWN, {"a=b": "c"}),
        ("a\\=b=c", (), {"a=b": "c"}),
        ('"a=b"=c,d="e,f"', (), {"a=b": "c", "d": "e,f"}),
        ("", (), {}),
    ],
)
def test_pairs_of_names(text, known, pairs):
    assert split_pairs(text, known) == pairs


@pytest.mark.parametrize("text", ["ch1", "=X", "X=", "a=b=c", '"="', "ch1=A,ch2"])
def test_what_is_no_pair_is_refused(text):
    with pytest.raises(InputError, match="write it as old=new"):
        split_pairs(text)


@pytest.mark.parametrize("text", ["DNA=X,DNA=Y", 'DNA=X,"DNA"=X'])
def test_a_name_is_replaced_once(text):
    with pytest.raises(InputError, match="'DNA' is given a new name twice"):
        split_pairs(text)


def test_a_single_name_is_as_it_stands_or_quoted():
    for text in ("Alexa 488, 50%", '"Alexa 488, 50%"', "Alexa 488\\, 50%"):
        assert one_name(text, KNOWN) == "Alexa 488, 50%"
    assert one_name('"q"', KNOWN) == '"q"'
    assert one_name("unknown", KNOWN) == "unknown"


_NAMES = st.text(st.sampled_from('ab ,="\\'), min_size=1, max_size=6)


@given(st.lists(_NAMES, max_size=4), st.booleans())
def test_what_is_spelt_is_read_again(names, all_known):
    known = names if all_known else ()
    assert split_names(spell_names(names)) == tuple(names)
    assert split_pairs(spell_pairs({name: name + "!" for name in names})) == {
        name: name + "!" for name in names
    }
    if len(names) == 1:
        assert split_names(spell_names(names), known) == tuple(names)


def test_plain_names_are_spelt_plainly():
    assert spell_name("Alexa 488") == "Alexa 488"
