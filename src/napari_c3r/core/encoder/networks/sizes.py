"""Sizes of vision transformers as they are published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from napari_c3r.core.errors import InputError

SIZES: Final = {"T": (192, 3), "S": (384, 6), "B": (768, 12), "L": (1024, 16)}
"""Width and number of attention heads by the letter of the size."""

# ViT-H, which no encoder here is made in.
_LARGER: Final = {1280: 16}


def size_of(letter: str) -> tuple[int, int]:
    """Width and number of heads of a published size.

    Raises
    ------
    InputError
        If there is none of that letter.
    """
    if letter not in SIZES:
        raise InputError(f"unknown encoder size {letter!r}: choose one of {', '.join(SIZES)}")
    return SIZES[letter]


def heads_of(width: int, values: Mapping[str, Any]) -> int:
    """Number of heads of a network, which no weight tells.

    Parameters
    ----------
    width
        Of the network.
    values
        What the user gave or the file says, maybe ``"heads"``; else those of the published size of
        this width.

    Raises
    ------
    InputError
        If none was given and the width is of no published size.
    """
    published = dict(SIZES.values()) | _LARGER
    if "heads" not in values and width not in published:
        raise InputError(
            f"width {width} is of no published size, and the file does not say its number of "
            "attention heads, on which every number depends: give heads=, in a shell --set heads=N"
        )
    heads: int = values.get("heads", published.get(width))
    return heads
