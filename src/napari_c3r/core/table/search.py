"""Finding a column among hundreds by what is typed."""

from __future__ import annotations


def found_by(text: str, *said: str) -> bool:
    """Whether every word of a text is in what is said of a column, in any order.

    Parameters
    ----------
    text
        What is typed; nothing finds everything.
    *said
        The column's title, its name, and what else it may be looked for by.
    """
    whole = " ".join(said).casefold()
    return all(word in whole for word in text.casefold().split())
