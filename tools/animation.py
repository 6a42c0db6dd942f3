"""Pictures as one that moves, small enough for the first page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

WIDTH, MAX_BYTES = 960, 2 * 2**20
_SECONDS, _LAST_SECONDS = 1.6, 3.0
_QUALITIES = (80, 65, 50, 35)


def write_animation(folder: Path, names: Sequence[str], path: Path) -> Path:
    """Write pictures of a folder as an animated WebP, as fine as there is room for.

    Parameters
    ----------
    folder, names
        The pictures, without their suffix, in their order.
    path
        Where to.

    Raises
    ------
    ValueError
        It is larger than 2 MB however coarse it is.
    """
    frames = []
    for name in names:
        with Image.open(folder / f"{name}.png") as picture:
            height = round(picture.height * WIDTH / picture.width)
            frames.append(picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS))
    durations = [round(_SECONDS * 1000)] * (len(frames) - 1) + [round(_LAST_SECONDS * 1000)]
    for quality in _QUALITIES:
        frames[0].save(
            path,
            save_all=True,
            append_images=frames[1:],
            duration=durations,
            loop=0,
            quality=quality,
            method=4,
        )
        if path.stat().st_size <= MAX_BYTES:
            return path
    raise ValueError(f"{path.name} has {path.stat().st_size} bytes; leave pictures out")
