"""What a teacher sees of every crop of a set: computed once, and kept beside the crops."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from napari_c3r.core.atomic import replacing
from napari_c3r.core.errors import InputError
from training.data.cropset import CropSet
from training.teacher import Layer, photograph_features

_PIECE: Final = 256  # crops at a time
_NAME: Final = "features"


def teacher_features(
    crops: CropSet,
    channels: Sequence[int],
    layers: Sequence[Layer],
    device: str = "auto",
    say: Callable[[str], None] = lambda text: None,
) -> Tensor:
    """What the network trained on photographs sees of a crop set.

    The first call computes it and writes ``teacher-….safetensors`` into the folder of the set,
    later ones read that. A change of the layers or channels makes another file.

    Parameters
    ----------
    crops
        The set.
    channels
        Which of its channels.
    layers
        As of `training.teacher.photograph_features`.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"``, …
    say
        Receives the progress.

    Returns
    -------
    Tensor
        float16 ``(n, C, F)``, rows and channels in order.

    Raises
    ------
    InputError
        The file cannot be written or is damaged.
    """
    names = [crops.channel_names[channel] for channel in channels]
    about = json.dumps({"layers": list(layers), "channels": names, "cells": len(crops)})
    digest = hashlib.sha256(about.encode()).hexdigest()[:12]
    file = crops.path / f"teacher-{digest}.safetensors"
    if file.exists():
        return _read(file, len(crops))
    parts = []
    for start in range(0, len(crops), _PIECE):
        rows = np.arange(start, min(start + _PIECE, len(crops)))
        pixels: NDArray[np.generic] = crops.read(rows)[:, list(channels)]
        parts.append(torch.from_numpy(photograph_features(pixels, layers, device)).half())
        say(f"teacher: {rows[-1] + 1} of {len(crops)} crops of '{crops.path.name}'")
    features = torch.cat(parts)
    try:
        with replacing(file) as temporary:
            safetensors.torch.save_file({_NAME: features}, temporary, {"about": about})
    except OSError as error:
        raise InputError(
            f"could not write '{file}': {error.strerror or error}; copy the crop set to a folder "
            "that may be written to"
        ) from error
    return features


def _read(file: Path, cells: int) -> Tensor:
    try:
        with safe_open(file, framework="pt") as stored:
            features: Tensor = stored.get_tensor(_NAME)
    except (SafetensorError, OSError) as error:
        raise InputError(f"'{file}' is damaged ({error}): remove it to compute it anew") from error
    if len(features) != cells:
        raise InputError(f"'{file}' has {len(features)} rows for {cells} crops: remove it")
    return features
