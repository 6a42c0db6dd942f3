r"""Lists of names as they are typed in a shell, ``DNA,ER``, and back.

Any name can be given. A comma or an equals sign in a name does not part it where the name is one
that the image has, stands in double quotes (``"Alexa 488, 50%"``), or has a backslash before the
sign (``Alexa 488\, 50%``). Quotes keep blanks at the ends.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from napari_c3r.core.errors import InputError
from napari_c3r.core.text import shortened

_SIGNS = ',="\\'
_ESCAPED = re.compile(r'\\([,="\\])')


@dataclass(frozen=True)
class _Part:
    """What stands between two signs.

    Attributes
    ----------
    start, end
        Where it stands in the text.
    name
        What it says, without quotes and backslashes.
    """

    start: int
    end: int
    name: str


def split_names(text: str, known: Collection[str] = ()) -> tuple[str, ...]:
    """The names of a list.

    Parameters
    ----------
    text
        Names with commas between them; empty ones are passed over.
    known
        Names that there are, where that is known.

    Raises
    ------
    InputError
        A quote that is not closed, or a text that can be read in two ways.
    """
    return tuple(part.name for part in _parts(text, known) if part.name)


def split_pairs(
    text: str, known: Collection[str] = (), *, option: str = "--names"
) -> dict[str, str]:
    """New names by old ones, from ``old=new,old=new``.

    Parameters
    ----------
    text
        What was typed.
    known
        Old names that there are, where that is known.
    option
        What it was typed for, for the message.

    Raises
    ------
    InputError
        A part that is no such pair, an old or a new name twice, or as for `split_names`.
    """
    pairs: dict[str, str] = {}
    # With its equals sign, a name that holds commas is still one that is known.
    for part in _parts(text, known, after="="):
        if part.start == part.end:
            continue
        old, new = _pair(text[part.start : part.end], known, option)
        if old in pairs:
            what = "a new name" if option == "--names" else "a value"
            raise InputError(f"{shortened(old)} is given {what} twice; give it one")
        pairs[old] = new
    return pairs


def split_values(text: str, option: str) -> tuple[str, dict[str, str]]:
    """A value for all, and others by name, from ``value,name=value,name=value``.

    Parameters
    ----------
    text
        What was typed; the value for all may be left out.
    option
        What it was typed for, for the message.

    Returns
    -------
    value, values
        Empty where none is given for all.

    Raises
    ------
    InputError
        As for `split_pairs`.
    """
    first, _, rest = text.partition(",")
    if "=" in first:
        return "", split_pairs(text, option=option)
    return first.strip(), split_pairs(rest, option=option)


def one_name(text: str, known: Collection[str] = ()) -> str:
    """A single name: as it stands, or without quotes and backslashes where that is a known one."""
    if text in known:
        return text
    bare = _bare(text)
    return bare if bare in known else text


def spell_name(name: str) -> str:
    """A name as `split_names` takes it, in quotes where it needs them."""
    plain = name and name == name.strip() and not any(sign in name for sign in _SIGNS)
    if plain:
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def spell_names(names: Iterable[str]) -> str:
    """Names as `split_names` takes them."""
    return ",".join(map(spell_name, names))


def spell_pairs(pairs: Mapping[str, str]) -> str:
    """New names by old ones as `split_pairs` takes them."""
    return ",".join(f"{spell_name(old)}={spell_name(new)}" for old, new in pairs.items())


def _parts(text: str, known: Collection[str], after: str = "") -> list[_Part]:
    """What stands between the commas, those in known names left alone."""
    pieces = _cut(text, ",")
    found: list[_Part] = []
    at = 0
    while at < len(pieces):
        here, n = _longest(text, pieces[at:], known, after)
        found.append(here)
        at += n
    return found


def _longest(
    text: str, pieces: list[_Part], known: Collection[str], after: str
) -> tuple[_Part, int]:
    """The first piece, together with those after it as far as they are one known name."""
    for n in range(len(pieces), 1, -1):
        start, end = pieces[0].start, pieces[n - 1].end
        whole = text[start:end]
        name = _known_start(whole, known, after) if after else _known(whole, known)
        if name is None:
            continue
        if not after and all(piece.name in known for piece in pieces[:n]):
            raise InputError(
                f"{shortened(whole)} is a name, and so is each of its parts; put the names in "
                'double quotes, as in "a,b"'
            )
        return _Part(start, end, name), n
    first = pieces[0]
    name = _known(text[first.start : first.end], known)
    return _Part(first.start, first.end, first.name if name is None else name), 1


def _known(text: str, known: Collection[str]) -> str | None:
    return next((name for name in (text, text.strip()) if name in known), None)


def _known_start(text: str, known: Collection[str], after: str) -> str | None:
    """Whether a known name with a comma in it stands before one more sign, and nothing after."""
    for name in known:
        for start in (text, text.lstrip()):
            rest = start[len(name) :].lstrip()
            if "," in name and start.startswith(name) and rest.startswith(after):
                return name if len(_cut(rest, ",")) == 1 else None
    return None


def _pair(text: str, known: Collection[str], option: str) -> tuple[str, str]:
    places = [piece.end for piece in _cut(text, "=")[:-1]]
    pairs = [(text[:place], text[place + 1 :]) for place in places]
    for old, new in pairs:
        name = _known(old, known)
        if name is not None and _bare(new):
            return name, _bare(new)
    if len(pairs) == 1 and _bare(pairs[0][0]) and _bare(pairs[0][1]):
        return _bare(pairs[0][0]), _bare(pairs[0][1])
    raise InputError(
        f"{option} has the part {shortened(text)}; write it as "
        f"{'old=new' if option == '--names' else 'name=value'}, a name that has a comma or an "
        "equals sign in double quotes"
    )


def _cut(text: str, sign: str) -> list[_Part]:
    """Cut a text at a sign, but for signs in quotes and after a backslash."""
    found: list[_Part] = []
    start = at = 0
    while at <= len(text):
        if at == len(text) or text[at] == sign:
            found.append(_Part(start, at, _bare(text[start:at])))
            start = at + 1
        elif text[at] == "\\" and text[at + 1 : at + 2] and text[at + 1] in _SIGNS:
            at += 1
        elif text[at] == '"' and not text[start:at].rpartition("=")[2].strip():
            at = _closing(text, at)
        at += 1
    return found


def _closing(text: str, opening: int) -> int:
    """Where a quote is closed."""
    at = opening + 1
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    if at >= len(text):
        raise InputError(
            f"{shortened(text[opening:])} has a double quote that is not closed; close it, or put "
            "a backslash before it"
        )
    return at


def _bare(text: str) -> str:
    """What a part says, without blanks around it, quotes and backslashes."""
    text = text.strip()
    if len(text) > 1 and text[0] == '"' and _closing(text, 0) == len(text) - 1:
        text = text[1:-1]
    return _ESCAPED.sub(r"\1", text)
