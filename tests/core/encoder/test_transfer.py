"""Crops on their way to the device and vectors on their way back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import load_encoder
from napari_c3r.core.encoder.crops import to_unit_range
from napari_c3r.core.encoder.local import LocalEncoder
from napari_c3r.core.encoder.transfer import Transfer

CPU = torch.device("cpu")
ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept"})
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.parametrize(
    "dtype", ["u1", "<u2", ">u2", "i2", "u4", "i8", "f2", "f4", ">f8", "g", "?"]
)
def test_pixels_arrive_as_they_are_in_the_order_asked_for(dtype: str) -> None:
    crops = np.random.default_rng(0).integers(0, 100, (3, 4, 5, 6)).astype(dtype)
    crops.flags.writeable = False
    there = Transfer(CPU).up(crops[::-1], [2, 0])
    np.testing.assert_array_equal(there.numpy(), crops[::-1][:, [2, 0]])


def test_results_come_back_as_float32() -> None:
    rows = torch.tensor([[1.5, -2.0]], dtype=torch.bfloat16)
    back = Transfer(CPU).down(rows)()
    assert back.dtype == torch.float32
    assert back.tolist() == [[1.5, -2.0]]


def test_what_was_rescaled_once_stays_as_it_is() -> None:
    """As pixels that need float64 are before they go to a device."""
    once = to_unit_range(torch.rand(3, 2, 8, 8, dtype=torch.float64) * 1e9 + 1e12)
    assert torch.equal(to_unit_range(once), once)


@needs_cuda
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4", "f8", "i8"])
def test_a_graphics_card_gives_what_the_processor_does(small_folder: Path, dtype: str) -> None:
    encoder = load_encoder(small_folder)
    crops = np.random.default_rng(0).integers(0, 250, (70, 2, 32, 32)).astype(dtype)
    here, there = (
        encoder.embed(crops, ROLES, ROLES.names, device=device, precision="float32", batch_size=16)
        for device in ("cpu", "cuda")
    )
    alike = torch.cosine_similarity(torch.from_numpy(here), torch.from_numpy(there))
    assert alike.min() > 0.9999


@needs_cuda
def test_a_graphics_card_is_waited_for_only_where_results_are_read(small_folder: Path) -> None:
    device = torch.device("cuda:0")
    network = LocalEncoder.load(small_folder).network.to(device)
    transfer = Transfer(device)
    crops = np.random.default_rng(0).integers(0, 250, (64, 2, 32, 32)).astype(np.uint16)
    with torch.inference_mode():
        # Memory is taken, and waited for, at first.
        for mode in ("default", "error"):
            torch.cuda.set_sync_debug_mode(mode)
            wait = transfer.down(network(to_unit_range(transfer.up(crops, [0, 1])), (0,), (1,)))
            torch.cuda.set_sync_debug_mode("default")
            assert wait().shape[0] == len(crops)
