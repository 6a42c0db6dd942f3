"""The model folder that a run leaves behind."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_c3r.core.encoder import EncoderConfig, LocalEncoder, write_model_folder
from napari_c3r.core.encoder.families import family_of
from napari_c3r.core.encoder.networks.positions import interpolate_positions
from napari_c3r.core.errors import InputError
from training.batches import TrainingSet
from training.config import RunConfig
from training.log import clock
from training.objectives import Objective, find_objective

_RESAMPLED: Final = ("patch_size", "position_grid")


def describe_encoder(config: RunConfig, sets: Sequence[TrainingSet]) -> EncoderConfig:
    """Describe the trained encoder: its sizes, what it saw, and under which licence.

    Parameters
    ----------
    config
        Of the run.
    sets
        What it is trained on; their common field is the encoder's, unless the run names one.
    """
    fields = {each.crops.field_um for each in sets}
    field = config.run.field_um or (fields.pop() if len(fields) == 1 else None)
    licences = sorted({each.crops.licence for each in sets} - {""})
    names = [each.channel_names for each in sets]
    kind = find_objective(config.run.objective)
    return dataclasses.replace(
        kind.describe_for(config.encoder(), config.options, names),
        field_um=field,
        trained=True,
        training_data=", ".join(dict.fromkeys(each.name for each in sets)),
        licence=config.run.licence or "; ".join(licences),
    )


def read_start(source: str, encoder: EncoderConfig) -> dict[str, Tensor]:
    """Read the weights that a run begins with.

    Parameters
    ----------
    source
        ``"bundled"`` or a model folder.
    encoder
        From `describe_encoder`; the folder's sizes must be these, but for those of the patches.

    Returns
    -------
    dict
        float32 tensors by the names that a model folder has.

    Raises
    ------
    InputError
        If there is no such folder, it is damaged, or its encoder is of another family or size.
    """
    begun = LocalEncoder.load(source)
    if begun.config.architecture != encoder.architecture:
        raise InputError(
            f"config: start is '{source}' of the architecture {begun.config.architecture}, but "
            f"the run trains {encoder.architecture}; start from a folder of the same"
        )
    for name, ours in encoder.network_sizes().items():
        theirs = getattr(begun.config, name)
        if theirs != ours and name not in _RESAMPLED:
            raise InputError(
                f"config: start is '{source}' with {name} {theirs}, but the run has {ours}; "
                "give the run the same sizes"
            )
    weights = begun.network.state_dict()
    sizes = encoder.network_sizes()
    return resample_patches(weights, sizes["patch_size"], sizes.get("position_grid", 1))


def resample_patches(
    weights: Mapping[str, Tensor], patch_size: int, position_grid: int
) -> dict[str, Tensor]:
    """Fit weights to patches of another size (Beyer et al. 2023, section 3.4).

    Parameters
    ----------
    weights
        By the names that a model folder has.
    patch_size, position_grid
        Those wanted.

    Returns
    -------
    dict
        The same weights, but for the projections of patches, which give what they gave of a patch
        enlarged or reduced to their former size, and for the positions.
    """
    found = dict(weights)
    for name, value in weights.items():
        if "proj" in name and value.ndim == 4 and value.shape[-1] != patch_size:
            pixels = torch.eye(patch_size**2).unflatten(1, (1, patch_size, patch_size))
            former = F.interpolate(
                pixels, value.shape[-2:], mode="bilinear", antialias=value.shape[-1] < patch_size
            )
            fitted = value.flatten(2) @ former.flatten(1).T
            found[name] = fitted.unflatten(2, (patch_size, patch_size)).contiguous()
        elif name == "pos_embed":
            found[name] = interpolate_positions(value, position_grid, position_grid, 1)
    return found


def write_model(
    folder: Path,
    objective: Objective,
    encoder: EncoderConfig,
    config: RunConfig,
    steps: str,
    seconds: float,
) -> Path:
    """Write the encoder as a model folder, in float16.

    Parameters
    ----------
    folder
        Where.
    objective
        What was trained.
    encoder
        From `describe_encoder`.
    config
        Of the run.
    steps, seconds
        Steps done, in words, and the time they took, for the card.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    weights, card = objective.encoder_weights(), _card(encoder, config, steps, seconds)
    return write_model_folder(folder, encoder, weights, card, dtype=torch.float16)


def _card(encoder: EncoderConfig, config: RunConfig, steps: str, seconds: float) -> str:
    """A model card: what the weights are and how they came to be."""
    run = config.run
    defaults = {field.name: field.default for field in dataclasses.fields(run)}
    chosen = {
        name: value
        for name, value in dataclasses.asdict(run).items()
        if value != defaults[name] and name not in ("out", "data", "device")
    }
    family, note = family_of(encoder), find_objective(run.objective).note
    return f"""# {encoder.name}

{family.label} trained by `training/pretrain.py`, objective `{run.objective}`.{note and f" {note}"}

- Data: {encoder.training_data}
- Licence: {encoder.licence or "not stated"}
- Steps: {steps}, {run.images_per_batch * run.accumulation_steps} cells each and process,
  {clock(seconds)} hours
- Network: {family.describe_network(encoder)}
- Settings that differ from the defaults: `{json.dumps(chosen)}`
- Settings of the objective: `{json.dumps(dataclasses.asdict(config.options))}`
"""
