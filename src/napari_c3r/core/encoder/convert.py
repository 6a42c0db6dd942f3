"""Official checkpoints become model folders, without anything in them being executed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from torch import Tensor

from napari_c3r.core.encoder.checkpoint import Checkpoint, find_checkpoint, read_checkpoint
from napari_c3r.core.encoder.config import ConceptMode, EncoderConfig, Neighbours, Readout
from napari_c3r.core.encoder.families import (
    AnyFamily,
    architectures,
    family_of,
    find_family,
    find_recipe,
)
from napari_c3r.core.encoder.folder import check_weights, require_replaceable, write_model_folder
from napari_c3r.core.errors import InputError

_NAMED_WEIGHTS: Final = 4


def convert_checkpoint(
    path: str | Path,
    out: str | Path,
    *,
    which: str = "teacher",
    family: str | None = None,
    channels: Mapping[str, int] | None = None,
    classifiers: Sequence[str | Path] = (),
    name: str | None = None,
    input_size: int | None = None,
    field_um: float | None = None,
    field_diameters: float = 1.6,
    neighbours: Neighbours = "keep",
    readout: Readout | None = None,
    concept_mode: ConceptMode = "each",
    training_data: str = "",
    licence: str = "",
    **sizes: Any,
) -> Path:
    """Turn a file of weights, as an official training left it, into a model folder.

    A file holds one network, or networks under ``student`` and ``teacher``. Heads and mask tokens
    serve training only and are dropped. The family that knows the weights by their names reads the
    sizes of the network from them. Only tensors, plain containers and `argparse.Namespace` are ever
    unpickled: a file that asks for anything else is refused before anything in it has run.

    Parameters
    ----------
    path
        A file of PyTorch, or a ``.safetensors``; or as `find_checkpoint` takes it.
    out
        The model folder to write.
    which
        ``"teacher"``, as is customary for self-distilled networks, or ``"student"``, of a file that
        holds both.
    family
        Architecture, or published encoder, that the weights are of; by default as they are
        recognised.
    channels
        Index of the network's inputs by the name of their channel, for families that were trained
        on certain stains; by default as published.
    classifiers
        Files of classifiers that go with the encoder, as SubCell's do.
    name
        What to call the encoder; by default the name of the file.
    input_size, readout
        As in `EncoderConfig`; by default what the family has as such.
    field_um, field_diameters, neighbours, concept_mode
        As in `EncoderConfig`; no weight tells them.
    training_data, licence
        For the card.
    **sizes
        Other fields of the family's configuration that no weight tells. Of transformers: `heads`,
        by default as said in the file or beside it, else as published for this width.

    Returns
    -------
    Path
        The model folder.

    Raises
    ------
    InputError
        If the file is no such file or no family knows it, or the folder cannot be written.
    """
    file = find_checkpoint(path)
    optional = {"input_size": input_size, "readout": readout, "channels": channels}
    values = {
        "name": file.stem if name is None else name,
        "field_um": field_um,
        "field_diameters": field_diameters,
        "neighbours": neighbours,
        "concept_mode": concept_mode,
        "trained": True,
        "training_data": training_data,
        "licence": licence,
        **{field: value for field, value in optional.items() if value is not None},
        **sizes,
    }
    return _convert(file, out, which, family, [*map(Path, classifiers)], values)


def _convert(
    path: Path,
    out: str | Path,
    which: str,
    family: str | None,
    classifiers: Sequence[Path],
    values: Mapping[str, Any],
) -> Path:
    """As `convert_checkpoint`, which has put the fields of the configuration together."""
    require_replaceable(out)
    chosen = None if family is None else find_recipe(family)
    checkpoint = read_checkpoint(path, which)
    for number, each in enumerate(classifiers):
        layers = read_checkpoint(each, which).weights
        named = {f"classifier.{number}.{name}": layer for name, layer in layers.items()}
        checkpoint = dataclasses.replace(checkpoint, weights={**checkpoint.weights, **named})
    config = _recognise(checkpoint, values, chosen, path)
    if classifiers and not hasattr(config, "classifiers"):
        raise InputError(
            f"{path}: is of the family {config.architecture}, which has no classifiers: leave "
            "them out"
        )
    weights = family_of(config).weights_from_checkpoint(checkpoint.weights)
    checked = check_weights(config, weights, str(path))
    return write_model_folder(out, config, checked, _card(config, path, checkpoint.side))


def _recognise(
    checkpoint: Checkpoint,
    values: Mapping[str, Any],
    chosen: tuple[AnyFamily, str | None] | None,
    path: Path,
) -> EncoderConfig:
    """Ask the family that the user named, or each, whether these are weights of its own."""
    families = [*map(find_family, architectures())] if chosen is None else [chosen[0]]
    found: list[EncoderConfig] = []
    reasons = []
    for family in families:
        fields = {field.name for field in dataclasses.fields(family.config_type)}
        given = dict(values)
        if checkpoint.heads is not None and "heads" in fields:
            given.setdefault("heads", checkpoint.heads)
        if family.recipes:
            given |= {"recipe": chosen and chosen[1], "beside": checkpoint.beside}
        try:
            config = family.config_from_checkpoint(checkpoint.weights, given)
        # Shapes that no network has may fail anywhere in what a family makes of them.
        except Exception as error:
            if unknown := sorted(values.keys() - fields - {"channels"}):
                reasons.append(f"'{unknown[0]}' is no value of {family.label}: leave it out")
            elif isinstance(error, InputError):
                reasons.append(str(error))
            else:
                reasons.append(f"weights of impossible shapes ({error})")
            continue
        if config is not None:
            found.append(config)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(config.architecture for config in found)
        raise InputError(f"{path}: could be weights of {names}: say of which with family")
    if reasons:
        raise InputError(f"{path}: {'; '.join(reasons)}")
    known = ", ".join(family.architecture for family in families)
    raise InputError(
        f"{path}: not weights of {known}: it holds {_seen(checkpoint.weights)}; give a file of one "
        "of these"
    )


def _seen(weights: Mapping[str, Tensor]) -> str:
    """What a file holds, in a few words."""
    names = list(weights)
    shown = ", ".join(f"'{name}' {tuple(weights[name].shape)}" for name in names[:_NAMED_WEIGHTS])
    more = f" and {len(names) - _NAMED_WEIGHTS} more" if len(names) > _NAMED_WEIGHTS else ""
    return f"{shown or 'no weights'}{more}"


def _of_tokens(config: EncoderConfig) -> str:
    """What is done to intensities where tokens are asked for."""
    if family_of(config).scales_intensities(config):
        return "before tokens as well, since it belongs to the network"
    return "tokens are of crops as they are given"


def _card(config: EncoderConfig, path: Path, side: str | None) -> str:
    family = family_of(config)
    source = f"the {side} in the checkpoint" if side else "the checkpoint"
    return f"""# {config.name}

{family.label}, converted from {source} `{path.name}`.

- Network: {family.describe_network(config)}.
- Intensities: {config.normalisation}, before vectors are computed; {_of_tokens(config)}.
- Training data: {config.training_data or "not stated"}.
- Licence of the weights: {config.licence or "not stated"}.
"""
