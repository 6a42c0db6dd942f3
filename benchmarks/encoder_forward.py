"""Encoder forward against a plain eager ViT with the same weights, and bfloat16 against float32."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks._row import Row, seconds
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.families.cce import CceConfig, CceFamily, ContextConceptEncoder
from napari_c3r.core.encoder.networks.block import Block
from napari_c3r.core.encoder.networks.positions import interpolate_positions
from napari_c3r.core.encoder.runtime import (
    cast_matrix_products,
    choose_batch_size,
    choose_device,
    choose_precision,
)

CONTEXT, CONCEPT = [0, 1], [2, 3]
REPEATS = 7
# The bundled encoder's, and the largest that a processor is for.
_SIZES, _TOY_SIZES = (("T", 112), ("S", 224)), (("T", 32),)


def plain_block(block: Block, tokens: Tensor) -> Tensor:
    """Run a block the obvious way, with explicit softmax attention."""
    n_rows, n_tokens, width = tokens.shape
    heads = block.attn.heads
    qkv = block.attn.qkv(block.norm1(tokens))
    query, key, value = qkv.reshape(n_rows, n_tokens, 3, heads, -1).permute(2, 0, 3, 1, 4)
    weights = (query @ key.transpose(-2, -1) * (width // heads) ** -0.5).softmax(dim=-1)
    attended = (weights @ value).transpose(1, 2).reshape(n_rows, n_tokens, width)
    tokens = tokens + block.attn.proj(attended)
    return tokens + block.mlp.fc2(F.gelu(block.mlp.fc1(block.norm2(tokens))))


def plain_forward(network: ContextConceptEncoder, images: Tensor) -> Tensor:
    """Run a network the obvious way, one channel after the other."""
    group_means = []
    for group, channels, blocks in (
        (0, CONTEXT, network.cnt_blocks),
        (1, CONCEPT, network.stn_blocks),
    ):
        cls_token = network.cls_token.chunk(2, dim=-1)[group].expand(len(images), -1, -1)
        positions = network.pos_embed.chunk(2, dim=-1)[group]
        outputs = []
        for channel in channels:
            image = F.instance_norm(images[:, channel : channel + 1])
            patches = network.patch_embed.proj[group](image).flatten(2).transpose(1, 2)
            tokens = torch.cat([cls_token, patches], dim=1)
            tokens = tokens + interpolate_positions(positions, *images.shape[2:], 16)
            for block in blocks:
                tokens = plain_block(block, tokens)
            outputs.append(tokens)
        group_means.append(torch.stack(outputs).mean(dim=0))
    tokens = network.combiner.norm(torch.cat(group_means, dim=2))
    for block in network.cmb_blocks:
        tokens = plain_block(block, tokens)
    return network.norm(tokens)


def rows(*, toy: bool = False) -> list[Row]:
    """Measure 2 context and 2 concept channels on the best device, in batches as chosen for it."""
    sizes, repeats, largest = (_TOY_SIZES, 0, 4) if toy else (_SIZES, REPEATS, None)
    return [row for size, side in sizes for row in _rows(size, side, repeats, largest)]


def _rows(size: str, side: int, repeats: int, largest: int | None) -> list[Row]:
    device = choose_device("auto")
    torch.manual_seed(0)
    config = CceConfig.of_size(size)
    network = ContextConceptEncoder(config).eval().to(device)
    roles = ChannelAssignment(dict.fromkeys("01", "context") | dict.fromkeys("23", "concept"))
    family = CceFamily()
    plan = family.make_plan(roles, "0123", "joint", "cls")
    needed = family.activation_bytes(config, plan, side, side)
    batch = choose_batch_size(largest or "auto", device, needed)
    images = torch.rand(batch, 4, side, side, device=device)
    fast = copy.deepcopy(network)
    cast_matrix_products(fast, "bfloat16")

    def finish(tokens: Tensor) -> Tensor:
        return tokens[:, 0].cpu()

    with torch.inference_mode():
        exact = finish(network(images, CONTEXT, CONCEPT))
        difference = (exact - finish(plain_forward(network, images))).abs().max().item()
        rough = finish(fast(images, CONTEXT, CONCEPT))
        cosine = torch.cosine_similarity(exact, rough).min().item()
        plain_s, exact_s, fast_s = seconds(
            repeats,
            lambda: finish(plain_forward(network, images)),
            lambda: finish(network(images, CONTEXT, CONCEPT)),
            lambda: finish(fast(images, CONTEXT, CONCEPT)),
        )

    what = f"ViT-{size} {side} px, {device.type}"
    native = choose_precision("auto", device) == "bfloat16"
    per_crop = f"{exact_s / batch * 1e3:.1f} -> {fast_s / batch * 1e3:.1f} ms a crop"
    return [
        Row(
            f"float32 against plain eager, {what}",
            f"{plain_s / exact_s:.2f}x, differs {difference:.0e}",
            "at least 1x, within 2e-5",
            plain_s >= exact_s and difference <= 2e-5,
        ),
        Row(
            f"bfloat16 against float32, {what}",
            f"{exact_s / fast_s:.2f}x, {per_crop}",
            "about 2x where native" if native else "not native here, so not the default",
            exact_s / fast_s >= 1.8 or not native,
        ),
        Row(
            f"bfloat16 cosine to float32, least of {batch} crops",
            f"{cosine:.6f}",
            "at least 0.999",
            cosine >= 0.999,
        ),
    ]
