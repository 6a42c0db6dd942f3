"""Figures with users' names in them, and as files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from napari_c3r.core.text import readable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plain(name: str) -> str:
    """A name as Matplotlib draws it letter by letter.

    Matplotlib reads what stands between two dollar signs as mathematics, which may not even be
    valid, and leaves out of a legend what begins with an underscore.

    Parameters
    ----------
    name
        Of an image, a channel or a group.
    """
    text = readable(name).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def save_figure(figure: Figure, target: Path | IO[bytes], **how: Any) -> None:
    """Save a figure; letters that its font lacks are boxes, without a word on the terminal.

    Parameters
    ----------
    figure
        What to save.
    target, **how
        As for `matplotlib.figure.Figure.savefig`.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        figure.savefig(target, **how)
