"""The best device at work: the network alone, the same from crops in memory, and many channels.

On a graphics card with the network and batches that are for it, on a processor with those that are
for that. What the device can do at best is the rate of one large product of matrices.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from benchmarks._row import Row, seconds
from benchmarks.encoder_channels import half_context, make_encoder, operations
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import LocalEncoder
from napari_c3r.core.encoder.families import family_of
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.encoder.runtime import (
    PRECISIONS,
    cast_matrix_products,
    choose_device,
    choose_precision,
)

_MIN_OF_PRODUCT, _MIN_FED, _MAX_CHANNELS = 0.45, 0.6, 1.6
_REPEATS = 5
# Side of the matrices of the product, and the crops embedded.
_CUDA, _CPU, _TOY = (8192, 4096), (2048, 64), (64, 4)


def rows(*, toy: bool = False) -> list[Row]:
    """Cells a second in the default precision, four channels unless said."""
    device = choose_device("auto")
    on_cuda = device.type == "cuda"
    size, side = ("S", 224) if on_cuda else ("T", 112)
    matrix, n_crops = _TOY if toy else _CUDA if on_cuda else _CPU
    repeats = 0 if toy else _REPEATS
    encoder = make_encoder(size, side)
    precision = choose_precision("auto", device)
    what = f"ViT-{size} {side} px, {precision}, {device.type}"

    few, many = half_context(4), half_context(16)
    batch = _batch(encoder, few, n_crops)
    alone = [_forward(encoder, roles, device, precision, batch) for roles in (few, many)]
    crops = np.random.default_rng(0).integers(0, 4000, (n_crops, 4, side, side), np.uint16)

    def fed() -> object:
        return encoder.embed(crops, few, few.names, concept_mode="joint", readout="cls")

    product_s = seconds(repeats, _product(matrix, device, precision))[0]
    few_s, many_s, fed_s = seconds(repeats, *alone, fed)
    rate = batch / few_s
    fed_rate = n_crops / fed_s
    flops = 2 * operations(encoder.config, side, 4) * rate
    share = flops / (2 * matrix**3 / product_s)
    return [
        Row(
            f"the network alone, {what}",
            f"{rate:,.0f} cells/s, {flops / 1e12:.3g} TFLOP/s, {share:.0%} of a product's rate",
            f"at least {_MIN_OF_PRODUCT:.0%} on a graphics card",
            share >= _MIN_OF_PRODUCT or not on_cuda,
        ),
        Row(
            "the same from 16-bit crops in memory to vectors in memory",
            f"{fed_rate:,.0f} cells/s, {fed_rate / rate:.0%} of the network alone",
            f"at least {_MIN_FED:.0%}",
            fed_rate >= _MIN_FED * rate,
        ),
        Row(
            f"16 channels against 4, the network alone, {what}",
            f"{many_s / few_s:.2f}x",
            f"at most {_MAX_CHANNELS}x",
            many_s <= _MAX_CHANNELS * few_s,
        ),
    ]


def _batch(encoder: LocalEncoder, roles: ChannelAssignment, most: int) -> int:
    with encoder.start(roles, roles.names, RunOptions(concept_mode="joint")) as run:
        return min(run.batch_size, most)


def _forward(
    encoder: LocalEncoder,
    roles: ChannelAssignment,
    device: torch.device,
    precision: str,
    batch: int,
) -> Callable[[], object]:
    """One batch whose images are on the device already."""
    side = encoder.config.input_size
    family = family_of(encoder.config)
    plan = family.make_plan(roles, roles.names, "joint", "cls")
    network = family.make_network(encoder.config).eval()
    network.load_state_dict(encoder.network.state_dict())
    cast_matrix_products(network, precision)
    network = network.to(device)
    images = torch.rand(batch, len(roles.names), side, side, device=device)

    def run() -> Tensor:
        with torch.inference_mode():
            # Read, so that the device is through with it.
            return family.vectors(network, images, plan).cpu()

    return run


def _product(side: int, device: torch.device, precision: str) -> Callable[[], object]:
    first, second = torch.rand(2, side, side, device=device).to(PRECISIONS[precision])

    def run() -> Tensor:
        return (first @ second)[0, 0].cpu()

    return run
