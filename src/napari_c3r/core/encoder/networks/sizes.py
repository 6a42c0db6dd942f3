"""Sizes of vision transformers as they are published."""

from __future__ import annotations

from typing import Final

from napari_c3r.core.errors import InputError

SIZES: Final = {"T": (192, 3), "S": (384, 6), "B": (768, 12), "L": (1024, 16)}
"""Width and number of attention heads by the letter of the size."""


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
