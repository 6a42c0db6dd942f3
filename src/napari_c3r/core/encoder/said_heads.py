"""The number of attention heads, which no weight tells, where a training wrote it down."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

# The transformers library's own name first: beside it stand the heads of other parts, such as a
# pooling.
_NAMES: Final = ("num_attention_heads", "num_heads", "n_heads")
_DEEPEST: Final = 4
_MOST_BYTES: Final = 1 << 20


def heads_in(content: Any) -> int | None:
    """Find the number of heads among what a file holds beside its weights.

    Parameters
    ----------
    content
        Mappings, lists and namespaces, with anything in them.

    Returns
    -------
    int or None
        None if it is not there, or there more than once with different values.
    """
    for wanted in _NAMES:
        found = {value for name, value in _numbers(content, _DEEPEST) if name == wanted}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def heads_beside(path: Path, width: int) -> int | None:
    """Find it in the ``config.json`` that the transformers library puts beside a file of weights.

    Parameters
    ----------
    path
        The file of weights.
    width
        Of its network; a configuration of another width is of other weights.
    """
    try:
        with (path.parent / "config.json").open("rb") as file:
            content = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    fits = isinstance(content, dict) and content.get("hidden_size") == width
    return heads_in(content) if fits else None


def _numbers(content: Any, depth: int) -> Iterator[tuple[str, int]]:
    """Names and values of all whole numbers that can be a number of heads."""
    if isinstance(content, argparse.Namespace):
        content = vars(content)
    if isinstance(content, (list, tuple)):
        content = dict(enumerate(content))
    if not isinstance(content, Mapping) or depth == 0:
        return
    for name, value in content.items():
        if type(value) is int and 1 <= value <= 256:
            yield str(name), value
        else:
            yield from _numbers(value, depth - 1)
