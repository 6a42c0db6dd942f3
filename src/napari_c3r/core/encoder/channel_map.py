"""Which trained channel of a network each channel of an image is.

Networks with a weight of their own for every stain must get each channel in its place. Names are
compared as they are read, `DAPI` and `Hoechst` alike as a nuclear dye.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from napari_c3r.core.channels.stains import Stain, identify_all, normalised
from napari_c3r.core.errors import InputError
from napari_c3r.core.spelling import split_pairs


def match_channels(trained: Sequence[str], names: Sequence[str]) -> dict[str, int | None]:
    """Find the trained channel of every channel of an image.

    A channel of the same name, but for case and punctuation, comes first. The others are matched by
    the stain that their names speak of; a trained channel that was matched by name is then no
    longer to be had.

    Parameters
    ----------
    trained
        Names of the trained channels, in the order of the network.
    names
        Names of the image's channels that take part.

    Returns
    -------
    dict
        For every name, the index into `trained`, or None where there is none.

    Raises
    ------
    InputError
        If two channels are the same trained one, or one could be several.
    """
    places = {normalised(name): place for place, name in enumerate(trained)}
    found: dict[str, int | None] = {name: places.get(normalised(name)) for name in names}
    _require_one_each(found, trained)
    taken = {place for place in found.values() if place is not None}
    by_stain: dict[Stain, list[int]] = {}
    for place, stain in enumerate(identify_all(trained).values()):
        if stain is not None and place not in taken:
            by_stain.setdefault(stain, []).append(place)
    for name, stain in identify_all(names).items():
        fitting = by_stain.get(stain, []) if stain is not None and found[name] is None else []
        if len(fitting) > 1:
            listed = ", ".join(f"'{trained[place]}'" for place in fitting)
            raise InputError(
                f"channel '{name}' could be any of the encoder's channels {listed}; name it as "
                "one of them"
            )
        if fitting:
            found[name] = fitting[0]
    _require_one_each(found, trained)
    return found


def missing_channels(trained: Sequence[str], found: Mapping[str, int | None]) -> list[str]:
    """Names of the trained channels that no channel of the image is.

    Parameters
    ----------
    trained, found
        As `match_channels` takes and gives them.
    """
    there = set(found.values())
    return [name for place, name in enumerate(trained) if place not in there]


def say_missing(label: str, trained: Sequence[str], found: Mapping[str, int | None]) -> str:
    """The line that says which trained channels an image lacks.

    Parameters
    ----------
    label
        How the encoder is called.
    trained, found
        As `match_channels` takes and gives them.
    """
    lacking = ", ".join(missing_channels(trained, found))
    return (
        f"{label} was trained on {', '.join(trained)}, and none of {', '.join(found) or 'nothing'} "
        f"is {lacking}: name the channels by their stains, give these a role, or take an encoder "
        "that takes any channels"
    )


def parse_channel_map(text: str) -> dict[str, int]:
    """Read the trained channels as they are typed, ``DNA=0,ER=1``.

    Returns
    -------
    dict
        Index of the network's input by name.

    Raises
    ------
    InputError
        If that is not how they are written.
    """
    channels: dict[str, int] = {}
    for name, place in split_pairs(text).items():
        if not re.fullmatch(r"[0-9]{1,4}", place.strip()):
            raise InputError(
                f"channel '{name}' has the place {place!r}, which is no whole number from 0: give "
                "DNA=0,ER=1 and so on"
            )
        channels[name] = int(place)
    return channels


def name_inputs(channels: Mapping[str, int], count: int) -> tuple[str, ...]:
    """Names of all inputs of a network, in their order.

    Parameters
    ----------
    channels
        Index by name.
    count
        Inputs of the network.

    Returns
    -------
    tuple of str
        An input that has no name is called ``"input 3"`` by its index, which no channel of an
        image is unless it is called so.

    Raises
    ------
    InputError
        If an index is beyond the inputs, or two names have the same.
    """
    names = [f"input {place}" for place in range(count)]
    given: dict[int, str] = {}
    for name, place in channels.items():
        if not 0 <= place < count:
            raise InputError(
                f"channel '{name}' is given the place {place}, and the network has {count} inputs, "
                f"0 to {count - 1}"
            )
        if place in given:
            raise InputError(
                f"channels '{given[place]}' and '{name}' are both given the place {place}; give "
                "each its own"
            )
        given[place] = names[place] = name
    return tuple(names)


def _require_one_each(found: Mapping[str, int | None], trained: Sequence[str]) -> None:
    """Refuse two channels that are the same trained one."""
    first: dict[int, str] = {}
    for name, place in found.items():
        if place is not None and first.setdefault(place, name) != name:
            raise InputError(
                f"channels '{first[place]}' and '{name}' are both the encoder's channel "
                f"'{trained[place]}'; ignore one of them"
            )
