"""Published files of SubCell: an encoder with its pooling, and classifiers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from napari_c3r.core.encoder.families.fixed_stain.checkpoint import PROTEIN, named_inputs
from napari_c3r.core.encoder.families.fixed_stain.config import ALL_CHANNELS
from napari_c3r.core.encoder.families.subcell.config import LOCATIONS, SubcellConfig
from napari_c3r.core.encoder.networks.vit_weights import (
    is_of_transformers,
    n_inputs,
    plain_sizes,
    plain_weights,
)
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

CHANNELS: Final = {
    "subcell-rybg": ("microtubules", "ER", "nucleus", PROTEIN),
    "subcell-rbg": ("microtubules", "nucleus", PROTEIN),
    "subcell-ybg": ("ER", "nucleus", PROTEIN),
    "subcell-bg": ("nucleus", PROTEIN),
}
"""Inputs of the published encoders by name; the letters are the colours of the Atlas' files."""

_POOL: Final = "pool_model."
# A leading dropout, gone at inference, moves the index of the layer behind it.
_POOL_LAYERS: Final = (
    (re.compile(r"attention_v\.\d+\."), "value."),
    (re.compile(r"attention_u\.\d+\."), "gate."),
    (re.compile(r"attention\."), "score."),
)
_LAYERS: Final = ("first", "second", "last")


def config_of(weights: Mapping[str, Tensor], values: Mapping[str, Any]) -> SubcellConfig | None:
    """Describe the network of a published file.

    Parameters
    ----------
    weights, values
        As `EncoderFamily.config_from_checkpoint` takes them; classifiers are among the weights as
        ``classifier.0.`` and so on.

    Returns
    -------
    SubcellConfig or None
        None if it is no file of SubCell.

    Raises
    ------
    InputError
        If a value is missing or wrong, or the file could be of several published encoders.
    """
    if not any(name.startswith(_POOL) for name in weights) or not is_of_transformers(weights):
        return None
    given = {name: value for name, value in values.items() if name not in ("recipe", "beside")}
    named = given.pop("channels", None)
    count, found = n_inputs(weights), weights_of(weights)
    inputs: dict[str, Any] = (
        named_inputs(named, count) if named else _published(values["recipe"], count)
    )
    sizes = plain_sizes(found, given)
    hidden, score = found.get("pool.value.weight"), found.get("pool.score.weight")
    if hidden is None or score is None or hidden.ndim != 2 or score.ndim != 2:
        raise InputError(f"has a pooling that SubCell has not: '{_POOL}' lacks a layer")
    fields = {
        "inputs": count,
        "normalisation": ALL_CHANNELS,
        "positions": "size",
        "norm_eps": 1e-12,
        "input_size": sizes["position_grid"] * sizes["patch_size"],
        "readout": "pool",
        "pool_width": hidden.shape[0],
        "pool_heads": score.shape[0],
    }
    return SubcellConfig(**{**sizes, **inputs, **fields, **_classifiers(found), **given})


def weights_of(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Bring published weights to the names of `SubcellViT`."""
    encoder = {
        name: value
        for name, value in weights.items()
        if not name.startswith((_POOL, "classifier."))
    }
    found = plain_weights(encoder)
    for name, value in weights.items():
        if name.startswith(_POOL):
            part = name.removeprefix(_POOL)
            for pattern, ours in _POOL_LAYERS:
                part = pattern.sub(ours, part) if pattern.match(part) else part
            found[f"pool.{part}"] = value
    return found | _classifier_weights(weights)


def _classifier_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The layers of each classifier in the order of their indices, which dropout has gaps in."""
    found: dict[str, Tensor] = {}
    numbers: dict[str, set[int]] = {}
    layers = []
    for name, value in weights.items():
        layer = re.fullmatch(r"classifier\.(\d+)\.(?:.*\.)?(\d+)\.(weight|bias)", name)
        if layer is not None:
            numbers.setdefault(layer[1], set()).add(int(layer[2]))
            layers.append((layer[1], int(layer[2]), layer[3], value))
    for number, index, kind, value in layers:
        place = sorted(numbers[number]).index(index)
        if len(numbers[number]) != len(_LAYERS):
            raise InputError(
                f"classifier {number} has {len(numbers[number])} layers, and SubCell's have three"
            )
        found[f"classifiers.{number}.{_LAYERS[place]}.{kind}"] = value
    return found


def _published(recipe: str | None, count: int) -> dict[str, Any]:
    """Inputs of a published encoder."""
    fitting = [name for name, channels in CHANNELS.items() if len(channels) == count]
    if recipe is None and len(fitting) > 1:
        raise InputError(
            f"is a SubCell encoder of {count} channels, and nothing says which: say with family, "
            f"one of {', '.join(fitting)}, or give channels="
        )
    name = recipe or (fitting[0] if fitting else "")
    if name not in fitting:
        raise InputError(f"is a SubCell encoder of {count} channels: give channels=")
    return {"channels": CHANNELS[name], "concept_channel": PROTEIN}


def _classifiers(found: Mapping[str, Tensor]) -> dict[str, Any]:
    """Fields of the configuration that the classifiers decide."""
    firsts = [value for name, value in found.items() if name.endswith(".first.weight")]
    if not firsts:
        return {}
    second, last = (found[f"classifiers.0.{name}.weight"] for name in ("second", "last"))
    count = last.shape[0]
    known = LOCATIONS if count == len(LOCATIONS) else tuple(f"class {k}" for k in range(count))
    return {
        "classifiers": len(firsts),
        "classifier_hidden": (firsts[0].shape[0], second.shape[0]),
        "classes": known,
    }
