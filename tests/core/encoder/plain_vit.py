"""A plain vision transformer written out once more, to compare with, and weights of every naming.

Weights are made under the names of timm; `as_transformers` gives them those of that library.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

Weights = dict[str, Tensor]


def make_weights(
    inputs: int,
    *,
    width: int = 12,
    depth: int = 2,
    patch: int = 4,
    grid: int = 3,
    registers: int = 0,
    layer_scale: bool = False,
    class_position: bool = True,
) -> Weights:
    """Draw weights with the names and shapes that timm gives them."""
    random = torch.Generator().manual_seed(inputs + 10 * registers)

    def draw(*shape: int) -> Tensor:
        return 0.2 * torch.randn(*shape, generator=random)

    weights = {
        "cls_token": draw(1, 1, width),
        "pos_embed": draw(1, grid**2 + class_position, width),
        "patch_embed.proj.weight": draw(width, inputs, patch, patch),
        "patch_embed.proj.bias": draw(width),
        "norm.weight": 1 + draw(width),
        "norm.bias": draw(width),
    }
    if registers:
        weights["reg_token"] = draw(1, registers, width)
    for block in (f"blocks.{number}" for number in range(depth)):
        for name in ("norm1", "norm2"):
            weights |= {
                f"{block}.{name}.weight": 1 + draw(width),
                f"{block}.{name}.bias": draw(width),
            }
        for name, out, into in (
            ("attn.qkv", 3 * width, width),
            ("attn.proj", width, width),
            ("mlp.fc1", 4 * width, width),
            ("mlp.fc2", width, 4 * width),
        ):
            weights |= {
                f"{block}.{name}.weight": draw(out, into),
                f"{block}.{name}.bias": draw(out),
            }
        if layer_scale:
            weights |= {f"{block}.ls1.gamma": draw(width), f"{block}.ls2.gamma": draw(width)}
    return weights


def as_transformers(weights: Weights, prefix: str = "") -> Weights:
    """The same weights under the names of the transformers library."""
    layers = {
        "attn.proj": "attention.output.dense",
        "mlp.fc1": "intermediate.dense",
        "mlp.fc2": "output.dense",
        "norm1": "layernorm_before",
        "norm2": "layernorm_after",
    }
    outside = {
        "cls_token": "embeddings.cls_token",
        "pos_embed": "embeddings.position_embeddings",
        "patch_embed.proj": "embeddings.patch_embeddings.projection",
        "norm": "layernorm",
    }
    found: Weights = {}
    for name, value in weights.items():
        stem, _, kind = name.rpartition(".")
        if not stem:
            found[prefix + outside[name]] = value
        elif not name.startswith("blocks."):
            found[f"{prefix}{outside[stem]}.{kind}"] = value
        else:
            _, number, part = stem.split(".", 2)
            layer = f"{prefix}encoder.layer.{number}"
            if part == "attn.qkv":
                for third, each in zip(("query", "key", "value"), value.chunk(3), strict=True):
                    found[f"{layer}.attention.attention.{third}.{kind}"] = each
            else:
                found[f"{layer}.{layers[part]}.{kind}"] = value
    return found


def tokens_of(
    weights: Weights, images: Tensor, *, heads: int, eps: float = 1e-6, positions: str = "scale"
) -> Tensor:
    """Class token and patches ``(B, 1 + N, D)`` of normalised images, by the formulas alone."""
    kernel = weights["patch_embed.proj.weight"]
    width, patch = kernel.shape[0], kernel.shape[-1]
    patches = F.conv2d(images, kernel, weights["patch_embed.proj.bias"], stride=patch)
    rows, columns = patches.shape[2:]
    table = weights["pos_embed"]
    grid = math.isqrt(table.shape[1])
    of_class = table[:, :1] if grid**2 + 1 == table.shape[1] else 0.0
    square = table[:, -(grid**2) :].mT.reshape(1, width, grid, grid)
    if (rows, columns) != (grid, grid):
        factors = ((rows + 0.1) / grid, (columns + 0.1) / grid)
        how = {
            "scale": {"scale_factor": factors},
            "size": {"size": (rows, columns)},
            "antialiased": {"size": (rows, columns), "antialias": True},
        }[positions]
        square = F.interpolate(square, mode="bicubic", **how)  # type: ignore[arg-type]
    placed = (patches + square).flatten(2).mT
    first = (weights["cls_token"] + of_class).expand(len(images), -1, -1)
    between = weights.get("reg_token", torch.zeros(1, 0, width)).expand(len(images), -1, -1)
    tokens = torch.cat([first, between, placed], dim=1)

    def linear(name: str, x: Tensor) -> Tensor:
        return x @ weights[f"{name}.weight"].mT + weights[f"{name}.bias"]

    def norm(name: str, x: Tensor) -> Tensor:
        return F.layer_norm(x, (width,), weights[f"{name}.weight"], weights[f"{name}.bias"], eps)

    depth = len({name.split(".")[1] for name in weights if name.startswith("blocks.")})
    for block in (f"blocks.{number}" for number in range(depth)):
        qkv = linear(f"{block}.attn.qkv", norm(f"{block}.norm1", tokens))
        query, key, value = qkv.unflatten(2, (3, heads, -1)).permute(2, 0, 3, 1, 4)
        attended = (query @ key.mT * (width // heads) ** -0.5).softmax(-1) @ value
        after = linear(f"{block}.attn.proj", attended.transpose(1, 2).flatten(2))
        tokens = tokens + weights.get(f"{block}.ls1.gamma", 1) * after
        hidden = F.gelu(linear(f"{block}.mlp.fc1", norm(f"{block}.norm2", tokens)))
        tokens = tokens + weights.get(f"{block}.ls2.gamma", 1) * linear(f"{block}.mlp.fc2", hidden)
    tokens = norm("norm", tokens)
    return torch.cat([tokens[:, :1], tokens[:, 1 + between.shape[1] :]], dim=1)
