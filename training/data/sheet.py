"""A contact sheet of a crop set: to see at a glance whether it is what it should be."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from napari_c3r.core.atomic import replacing
from napari_c3r.core.channels.stains import channel_colours
from napari_c3r.core.figures.composites import Look, compose
from napari_c3r.core.figures.montage_files import arrange
from training.data.cropset import CropSet

_ACROSS: Final = 2400  # pixels, about


def write_sheet(path: Path, out: Path, count: int = 40, seed: int = 0) -> Path:
    """Draw some crops of a set, a line for each: both groups in colour, then every channel.

    Parameters
    ----------
    path
        The crop set.
    out
        PNG file to write.
    count
        How many crops.
    seed
        Which crops.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        The set or the file is wrong.
    """
    from PIL import Image as Picture

    crops = CropSet.open(path)
    rows = np.random.default_rng(seed).permutation(len(crops))[:count]
    colours = channel_colours(crops.channel_names)
    groups = [crops.assignment.context, crops.assignment.concept]
    shown = [[crops.channel_names.index(name) for name in group] for group in groups]
    pictures = []
    for crop in crops.read(np.sort(rows)).astype(np.float32):
        for group, channels in zip(groups, shown, strict=True):
            looks = [Look.of_colour(colours[name]) for name in group]
            pictures.append(compose(crop[channels], looks))
        grey = Look.of_colour("#ffffff")
        pictures += [compose(plane[None], [grey]) for plane in crop]
    wide = len(shown) + len(crops.channel_names)
    side_by_side = max(1, _ACROSS // (wide * crops.shape[-1]))
    sheet = arrange(pictures, wide * side_by_side)
    with replacing(out) as temporary:
        Picture.fromarray(sheet).save(temporary, format="PNG")
    return out
