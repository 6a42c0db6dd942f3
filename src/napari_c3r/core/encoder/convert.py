"""Official C3R checkpoints become model folders, without anything in them being executed."""

from __future__ import annotations

import argparse
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from napari_c3r.core.encoder.config import ConceptMode, EncoderConfig, Neighbours, Readout
from napari_c3r.core.encoder.families import architectures, family_of, find_family
from napari_c3r.core.encoder.folder import check_weights, require_replaceable, write_model_folder
from napari_c3r.core.errors import InputError
from napari_c3r.core.memory import size
from napari_c3r.core.paths import require_file


def convert_checkpoint(
    path: str | Path,
    out: str | Path,
    *,
    which: str = "teacher",
    name: str | None = None,
    input_size: int = 224,
    field_um: float | None = None,
    field_diameters: float = 1.6,
    neighbours: Neighbours = "keep",
    readout: Readout = "cls",
    concept_mode: ConceptMode = "each",
    training_data: str = "",
    licence: str = "",
    **sizes: Any,
) -> Path:
    """Turn a checkpoint of the official training into a model folder.

    A checkpoint is a dict with the weights under ``student`` and ``teacher`` (names with the
    prefixes ``module.`` and ``backbone.``), among other things. The projection heads and the token
    that stands for masked patches serve training only and are dropped. The family that knows the
    weights reads the sizes of the network from them. Only tensors, plain containers and
    `argparse.Namespace` are ever unpickled: a file that asks for anything else is refused before
    anything in it has run.

    Parameters
    ----------
    path
        The checkpoint.
    out
        The model folder to write.
    which
        ``"teacher"``, as is customary for self-distilled networks, or ``"student"``.
    name
        What to call the encoder; by default the name of the file.
    input_size, field_um, field_diameters, neighbours, readout, concept_mode
        As in `EncoderConfig`; no weight tells them.
    training_data, licence
        For the card.
    **sizes
        Other fields of the family's configuration that no weight tells. Of a context-concept
        encoder: `heads`, by default the number of the published network of the same width, and
        `aggregation`.

    Returns
    -------
    Path
        The model folder.

    Raises
    ------
    InputError
        If the file is not such a checkpoint, or the folder cannot be written.
    """
    path = Path(path)
    require_replaceable(out)
    weights = _backbone(_load(path), which, path)
    values = {
        "name": path.stem if name is None else name,
        "input_size": input_size,
        "field_um": field_um,
        "field_diameters": field_diameters,
        "neighbours": neighbours,
        "readout": readout,
        "concept_mode": concept_mode,
        "trained": True,
        "training_data": training_data,
        "licence": licence,
        **sizes,
    }
    config = _recognise(weights, values, path)
    checked = check_weights(config, weights, str(path))
    return write_model_folder(out, config, checked, _card(config, path, which))


def _load(path: Path) -> Mapping[str, Any]:
    """Read a checkpoint with PyTorch's restricted unpickler."""
    require_file(path)
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


def _backbone(checkpoint: Mapping[str, Any], which: str, path: Path) -> dict[str, Tensor]:
    """Pick the network's weights, under their names in the network."""
    networks = [key for key in ("teacher", "student") if isinstance(checkpoint.get(key), Mapping)]
    if which not in networks:
        raise InputError(
            f"{path}: has no network '{which}', only: {', '.join(networks) or 'none at all'}"
        )
    weights: dict[str, Tensor] = {}
    for key, value in checkpoint[which].items():
        part, _, name = str(key).removeprefix("module.").partition(".")
        if part == "head" or (part == "backbone" and name == "masked_embed"):
            continue
        if part != "backbone" or not isinstance(value, Tensor):
            raise InputError(f"{path}: '{key}' is not a weight of an encoder")
        if value.layout != torch.strided or _claimed(value) > value.untyped_storage().nbytes():
            raise InputError(
                f"{path}: '{key}' claims the shape {tuple(value.shape)}, and the file holds less: "
                "get it again from a source you trust"
            )
        weights[name] = value
    return weights


def _claimed(weight: Tensor) -> int:
    """Bytes of a tensor with every number of its own."""
    return weight.numel() * weight.element_size()


def _recognise(
    weights: Mapping[str, Tensor], values: Mapping[str, Any], path: Path
) -> EncoderConfig:
    """Ask each family whether these are weights of its own."""
    reasons = []
    for family in map(find_family, architectures()):
        try:
            config: EncoderConfig | None = family.config_from_checkpoint(weights, values)
        # Shapes that no network has may fail anywhere in what a family makes of them.
        except Exception as error:
            known = isinstance(error, InputError)
            reasons.append(str(error) if known else f"weights of impossible shapes ({error})")
            continue
        if config is not None:
            return config
    raise InputError(f"{path}: {'; '.join(reasons)}")


def _card(config: EncoderConfig, path: Path, which: str) -> str:
    family = family_of(config)
    return f"""# {config.name}

{family.label}, converted from the {which} in the checkpoint `{path.name}`.

- Network: {family.describe_network(config)}.
- Training data: {config.training_data or "not stated"}.
- Licence of the weights: {config.licence or "not stated"}.
"""
