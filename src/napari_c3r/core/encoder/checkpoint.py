"""Files of weights as their trainings left them, read without anything in them being executed."""

from __future__ import annotations

import argparse
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from napari_c3r.core.encoder.said_heads import heads_beside, heads_in
from napari_c3r.core.errors import InputError
from napari_c3r.core.memory import require_memory, size
from napari_c3r.core.paths import require_file

SIDES: Final = ("teacher", "student")
_SUFFIXES: Final = (".pth", ".pt", ".safetensors")
# Under which name a training that has one network only may put it.
_WRAPPED: Final = ("state_dict", "model", "model_state_dict")
# Where the official DiChaViT has its network.
_EXTRACTOR: Final = "feature_extractor."
# What serves training or a task of its own, and no embedding.
_NOT_ENCODER: Final = (
    *("head.", "heads.", "head_dist.", "dino_head.", "ibot_head."),
    *("masked_embed", "mask_token"),
)


@dataclass(frozen=True)
class Checkpoint:
    """The weights of one network in a file.

    Parameters
    ----------
    weights
        By name, without the prefixes of the training, heads and mask tokens.
    beside
        Names of what else the file holds, heads and mask tokens among them.
    side
        ``"teacher"`` or ``"student"``, or None for a file of one network.
    heads
        Number of attention heads, where it is written down in the file or beside it.
    """

    weights: Mapping[str, Tensor]
    beside: frozenset[str]
    side: str | None
    heads: int | None = None


def find_checkpoint(source: str | Path) -> Path:
    """Find a file of weights.

    Parameters
    ----------
    source
        A file; or the name of an installed package that brings one, as pip knows it.

    Returns
    -------
    Path
        The file, or `source` where no such package is installed.

    Raises
    ------
    InputError
        The package holds no file of weights, or several.
    """
    path = Path(source)
    if path.exists() or path.suffix in _SUFFIXES or path.name != str(source):
        return path
    try:
        files = metadata.files(path.name) or []
    except (metadata.PackageNotFoundError, ValueError):
        return path
    found = [file for file in files if file.suffix in _SUFFIXES]
    if len(found) != 1:
        raise InputError(
            f"the package '{source}' holds {len(found)} files of weights "
            f"({', '.join(_SUFFIXES)}), not one: give a file"
        )
    return Path(str(found[0].locate()))


def read_checkpoint(path: Path, which: str) -> Checkpoint:
    """Read the weights of a network.

    Parameters
    ----------
    path
        A file of PyTorch or, with the suffix ``.safetensors``, of that format.
    which
        The network of a file that holds two: ``"teacher"`` or ``"student"``.

    Raises
    ------
    InputError
        If the file is no such file, or lacks the network.
    """
    content = _load(path)
    found = _network_in(content, which, path)
    classes = (value for name, value in found.weights.items() if name.endswith("cls_token"))
    width = max((value.shape[-1] for value in classes if value.ndim), default=0)
    return replace(found, heads=heads_in(content) or heads_beside(path, width))


def _network_in(content: Mapping[Any, Any], which: str, path: Path) -> Checkpoint:
    """Find the weights of a network among what a file holds."""
    if any(isinstance(content.get(side), Mapping) for side in SIDES):
        return _one_of_two(content, which, path)
    for name in _WRAPPED:
        inner = content.get(name)
        if isinstance(inner, Mapping):
            return _whole(inner, frozenset(map(str, content)) - {name}, path)
    return _whole(content, frozenset(), path)


def _load(path: Path) -> Mapping[Any, Any]:
    """Read a file with PyTorch's restricted unpickler, or as safetensors."""
    require_file(path)
    if path.suffix == ".safetensors":
        return _load_safetensors(path)
    _require_unpacked(path)
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    # A damaged or hostile file may fail anywhere in the parser; none of it is worth a traceback.
    except Exception as error:
        raise InputError(
            f"{path}: not a checkpoint of tensors only, so it was refused and nothing in it was "
            f"run ({type(error).__name__}): get it again from a source you trust"
        ) from error
    if not isinstance(checkpoint, Mapping):
        raise InputError(f"{path}: holds a {type(checkpoint).__name__}, not a dict of networks")
    return checkpoint


def _load_safetensors(path: Path) -> Mapping[str, Tensor]:
    require_memory(2 * path.stat().st_size, str(path))
    try:
        return safetensors.torch.load(path.read_bytes())
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path}: not a safetensors file ({error}): get it again from where it came"
        ) from error


def _require_unpacked(path: Path) -> None:
    """Refuse an archive of more than it has bytes: checkpoints are never packed."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        # Not an archive, or a damaged one: refused when it is read.
        return
    stored = path.stat().st_size
    if unpacked > 2 * stored:
        raise InputError(
            f"{path}: claims {size(unpacked)} in a file of {size(stored)}: get it again from a "
            "source you trust"
        )


def _one_of_two(content: Mapping[Any, Any], which: str, path: Path) -> Checkpoint:
    """Pick student or teacher, whose encoder is called the backbone."""
    networks = [side for side in SIDES if isinstance(content.get(side), Mapping)]
    if which not in networks:
        raise InputError(
            f"{path}: has no network '{which}', only: {', '.join(networks) or 'none at all'}"
        )
    beside = {str(name) for name in content}
    for side in networks:
        names = (str(name).removeprefix("module.") for name in content[side])
        found = {name.removeprefix("backbone.") for name in names}
        beside |= {name for name in found if name.startswith(_NOT_ENCODER)}
    named = {str(name).removeprefix("module."): value for name, value in content[which].items()}
    prefix = "" if "cls_token" in named else "backbone."
    for name in named:
        if not name.startswith((prefix, *_NOT_ENCODER)):
            raise InputError(f"{path}: '{name}' is not a weight of an encoder")
    return Checkpoint(_weights(named, prefix, path), frozenset(beside), which)


def _whole(content: Mapping[Any, Any], beside: frozenset[str], path: Path) -> Checkpoint:
    """Take a file of one network."""
    named = {str(name): value for name, value in content.items()}
    prefix = ""
    for part in ("module.", "model.", "backbone."):
        longer = prefix + part
        if named and all(name.startswith((longer, *_NOT_ENCODER)) for name in named):
            prefix = longer
    extractor = prefix + _EXTRACTOR
    if any(name.startswith(extractor) for name in named):
        # Beside it stands what its training learns on top.
        beside |= {name for name in named if not name.startswith(extractor)}
        named = {name: value for name, value in named.items() if name.startswith(extractor)}
        prefix = extractor
    dropped = {name for name in named if name.removeprefix(prefix).startswith(_NOT_ENCODER)}
    weights = _weights(named, prefix, path)
    if not weights:
        raise InputError(f"{path}: holds no weights; give the file that a training left")
    return Checkpoint(weights, beside | dropped, None)


def _weights(named: Mapping[str, Any], prefix: str, path: Path) -> dict[str, Tensor]:
    """Take the encoder's weights; what is no tensor, or claims more than there is, is refused."""
    weights: dict[str, Tensor] = {}
    for full, value in named.items():
        name = full.removeprefix(prefix)
        if name.startswith(_NOT_ENCODER):
            continue
        if not isinstance(value, Tensor):
            raise InputError(f"{path}: '{full}' is not a weight of an encoder")
        if value.layout != torch.strided or _claimed(value) > value.untyped_storage().nbytes():
            raise InputError(
                f"{path}: '{full}' claims the shape {tuple(value.shape)}, and the file holds less: "
                "get it again from a source you trust"
            )
        weights[name] = value
    return weights


def _claimed(weight: Tensor) -> int:
    """Bytes of a tensor with every number of its own."""
    return weight.numel() * weight.element_size()
