"""Loops over pixels that no array operation says, compiled on first use and kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

_Loop = TypeVar("_Loop", bound=Callable[..., Any])


def compiled(loop: _Loop) -> _Loop:
    """Compile a function of arrays and numbers, which then lets other threads work beside it.

    The machine code is kept beside the module, or in the user's folder for such, so that it is made
    once for an installation. Where neither can be written to, every process makes it again.

    Parameters
    ----------
    loop
        In the part of Python and NumPy that Numba knows. Sums are added up in the order written.
    """
    try:
        return cast(_Loop, njit(cache=True, nogil=True)(loop))
    except RuntimeError:
        return cast(_Loop, njit(nogil=True)(loop))
