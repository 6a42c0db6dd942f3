"""A fitted CellPainTR as a folder: weights and a description, with nothing to execute in them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from napari_c3r.core.atomic import recovered, replacing_folder, require_place
from napari_c3r.core.errors import InputError
from napari_c3r.core.memory import require_memory
from napari_c3r.core.profiles.cellpaintr.config import CellPainTRConfig, FitOptions
from napari_c3r.core.profiles.cellpaintr.corrector import CellPainTR
from napari_c3r.core.profiles.cellpaintr.network import ProfileNetwork

WEIGHTS: Final = "weights.safetensors"
DESCRIPTION: Final = "cellpaintr.json"
_TYPICAL: Final = "controls"
_AGAIN: Final = "get it again from where it came, or fit anew"


def write_cellpaintr(fitted: CellPainTR, path: str | Path) -> Path:
    """Write a fit, all of it or nothing.

    Parameters
    ----------
    fitted
        From `fit_cellpaintr`.
    path
        A folder; its parent must exist. A fit that stands there is replaced, anything else is
        left alone.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        Something else is there, or nothing can be written there.
    """
    folder = require_replaceable(path)
    tensors = {name: tensor.contiguous() for name, tensor in fitted.network.state_dict().items()}
    if fitted.typical is not None:
        tensors[_TYPICAL] = fitted.typical
    weights = safetensors.torch.save(tensors)
    described = {
        "kind": "cellpaintr",
        "version": 1,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "config": asdict(fitted.config),
        "fit": asdict(fitted.options),
        "scale": fitted.scale,
        "sources": fitted.sources,
        "told": fitted.told,
        "features": fitted.features,
    }
    with replacing_folder(folder) as new:
        (new / WEIGHTS).write_bytes(weights)
        text = json.dumps(described, indent=1, ensure_ascii=False)
        (new / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
    return folder


def require_replaceable(path: str | Path) -> Path:
    """Refuse a path where a fit cannot be written; give it back.

    Raises
    ------
    InputError
        Something else is there, or no folder can be there.
    """
    folder = require_place(Path(path))
    if folder.is_symlink() or (folder.exists() and not _is_replaceable(folder)):
        raise InputError(f"'{folder}' is no fit of CellPainTR, so it is not replaced: name another")
    return folder


def read_cellpaintr(path: str | Path) -> CellPainTR:
    """Read a fit.

    Parameters
    ----------
    path
        A folder that `write_cellpaintr` wrote.

    Raises
    ------
    InputError
        It is missing, damaged, or not what it should be.
    """
    folder = recovered(Path(path))
    description = _read(folder, DESCRIPTION)
    weights = _read(folder, WEIGHTS)
    try:
        described = json.loads(description)
        if hashlib.sha256(weights).hexdigest() != described["sha256"]:
            raise InputError(f"{folder / WEIGHTS}: does not match {DESCRIPTION}: {_AGAIN}")
        tensors = safetensors.torch.load(weights)
        return _fit_of(described, tensors, folder)
    except (ValueError, KeyError, TypeError, SafetensorError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{folder}: is no fit of CellPainTR ({error}): {_AGAIN}") from error


def _fit_of(described: dict[str, Any], tensors: dict[str, Tensor], folder: Path) -> CellPainTR:
    config, options = CellPainTRConfig(**described["config"]), FitOptions(**described["fit"])
    features, sources = (tuple(map(str, described[name])) for name in ("features", "sources"))
    scale = float(described["scale"])
    if not (np.isfinite(scale) and scale > 0):
        raise InputError(
            f"{folder / DESCRIPTION}: scale is {scale}, not a number above 0: {_AGAIN}"
        )
    typical = tensors.pop(_TYPICAL, None)
    with torch.device("meta"):
        wanted = ProfileNetwork(config, len(features), len(sources)).state_dict()
    shapes = [{name: each.shape for name, each in part.items()} for part in (wanted, tensors)]
    finite = all(bool(each.isfinite().all()) for each in tensors.values())
    fits = typical is None or typical.shape == (2, config.width)
    if shapes[0] != shapes[1] or not finite or not fits:
        raise InputError(f"{folder / WEIGHTS}: does not fit {DESCRIPTION}: {_AGAIN}")
    network = ProfileNetwork(config, len(features), len(sources))
    network.load_state_dict(tensors)
    network.eval().requires_grad_(False)
    told = tuple(map(str, described["told"]))
    return CellPainTR(config, options, features, sources, told, scale, network, typical)


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        if not path.is_file():
            raise InputError(
                f"'{folder}' has no {name}: give a folder that a fit of CellPainTR was written to"
            )
        require_memory(2 * path.stat().st_size, str(path))
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _is_replaceable(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    names = {entry.name for entry in folder.iterdir()}
    return not names or names == {WEIGHTS, DESCRIPTION}
