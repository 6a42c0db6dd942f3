"""Weights of plain vision transformers under the names that the known codes give them.

Three ways of naming are known: that of timm, DINO, DINOv2 and iBOT, that of the transformers
library, and ours, which is the first but for the projection of the patches.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from napari_c3r.core.encoder.networks.sizes import heads_of
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

_KERNEL: Final = "proj.weight"
_KERNELS: Final = ("patch_embed.proj.weight", _KERNEL)
_TRANSFORMERS_KERNEL: Final = "embeddings.patch_embeddings.projection.weight"
_REGISTERS: Final = ("register_tokens", "reg_token")

# Ours by those of the transformers library, but for the queries, keys and values.
_LAYER: Final = {
    "attention.output.dense": "attn.proj",
    "intermediate.dense": "mlp.fc1",
    "output.dense": "mlp.fc2",
    "layernorm_before": "norm1",
    "layernorm_after": "norm2",
}
_OUTSIDE: Final = {
    "embeddings.cls_token": "cls_token",
    "embeddings.position_embeddings": "pos_embed",
    "embeddings.patch_embeddings.projection.weight": "proj.weight",
    "embeddings.patch_embeddings.projection.bias": "proj.bias",
    "layernorm.weight": "norm.weight",
    "layernorm.bias": "norm.bias",
}
_QKV: Final = ("query", "key", "value")


def is_plain(weights: Mapping[str, Tensor]) -> bool:
    """Whether weights are of a plain vision transformer, under any of the names."""
    kernels = [weights[name] for name in _KERNELS if name in weights]
    named = "cls_token" in weights and any(kernel.ndim == 4 for kernel in kernels)
    others = any(name.startswith("patch_embed.channel_") for name in weights)
    return (named and "pos_embed" in weights and not others) or is_of_transformers(weights)


def is_of_transformers(weights: Mapping[str, Tensor]) -> bool:
    """Whether weights have the names of the transformers library."""
    return any(name.endswith(_TRANSFORMERS_KERNEL) for name in weights)


def n_inputs(weights: Mapping[str, Tensor]) -> int:
    """Channels of the images that a plain vision transformer takes."""
    return next(
        value.shape[1]
        for name, value in weights.items()
        if name in _KERNELS or name.endswith(_TRANSFORMERS_KERNEL)
    )


def plain_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Bring weights to the names of `napari_c3r.core.encoder.networks.vit.VisionTransformer`.

    Scales of the residuals (LayerScale) are multiplied into the layers before them, and positions
    without one for the class token get zeros for it, which is the same network.

    Parameters
    ----------
    weights
        For which `is_plain` is true.
    """
    import torch

    if is_of_transformers(weights):
        return _from_transformers(weights)
    found = {name.removeprefix("patch_embed."): value for name, value in weights.items()}
    for name in _REGISTERS:
        if name in found:
            found["registers"] = found.pop(name)
    positions = found["pos_embed"]
    if positions.ndim == 3 and round(positions.shape[1] ** 0.5) ** 2 == positions.shape[1] > 1:
        found["pos_embed"] = torch.cat([torch.zeros_like(positions[:, :1]), positions], dim=1)
    for name in [name for name in found if name.endswith((".ls1.gamma", ".ls2.gamma"))]:
        block, scale = name.rsplit(".", 2)[0], found.pop(name).float()
        layer = f"{block}.attn.proj" if ".ls1." in name else f"{block}.mlp.fc2"
        found[f"{layer}.weight"] = found[f"{layer}.weight"].float() * scale[:, None]
        found[f"{layer}.bias"] = found[f"{layer}.bias"].float() * scale
    return found


def plain_sizes(weights: Mapping[str, Tensor], values: Mapping[str, Any]) -> dict[str, Any]:
    """Read the sizes of a network from the shapes and names of its weights.

    Parameters
    ----------
    weights
        From `plain_weights`.
    values
        Fields that no weight tells; ``heads`` by default the number of the published network of the
        same width.

    Returns
    -------
    dict
        ``width``, ``heads``, ``depth``, ``patch_size``, ``position_grid`` and ``registers``.

    Raises
    ------
    InputError
        If the shapes are none that a network has, or the heads are not known.
    """
    kernel, positions = weights[_KERNEL], weights["pos_embed"]
    if positions.ndim != 3 or positions.shape[1] < 2 or not kernel.numel():
        raise InputError(
            f"'pos_embed' has shape {tuple(positions.shape)} and the projection of the patches "
            f"{tuple(kernel.shape)}, which no network has"
        )
    width = kernel.shape[0]
    blocks = (re.match(r"blocks\.(\d+)\.", name) for name in weights)
    registers = weights.get("registers")
    return {
        "width": width,
        "heads": heads_of(width, values),
        "depth": len({match[1] for match in blocks if match}),
        "patch_size": kernel.shape[-1],
        "position_grid": round((positions.shape[1] - 1) ** 0.5),
        "registers": 0 if registers is None else registers.shape[1],
    }


def _from_transformers(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename weights of the transformers library, and join queries, keys and values."""
    import torch

    kernel = next(name for name in weights if name.endswith(_TRANSFORMERS_KERNEL))
    prefix = kernel.removesuffix(_TRANSFORMERS_KERNEL)
    found: dict[str, Tensor] = {}
    parts: dict[str, dict[str, Tensor]] = {}
    for full, value in weights.items():
        name = full.removeprefix(prefix)
        layer = re.fullmatch(r"encoder\.layer\.(\d+)\.(.+)\.(weight|bias)", name)
        if layer is None:
            if not name.startswith(("pooler.", "classifier.")):
                found[_OUTSIDE.get(name, name)] = value
            continue
        number, part, kind = layer.groups()
        of_attention = part.removeprefix("attention.attention.")
        if of_attention in _QKV:
            parts.setdefault(f"blocks.{number}.attn.qkv.{kind}", {})[of_attention] = value
        else:
            found[f"blocks.{number}.{_LAYER.get(part, part)}.{kind}"] = value
    for name, three in parts.items():
        if missing := [part for part in _QKV if part not in three]:
            raise InputError(f"lacks the {missing[0]} of '{name}'")
        found[name] = torch.cat([three[part] for part in _QKV])
    return found
