"""Device, precision, batches and exhausted memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import available_devices
from napari_c3r.core.encoder.families.cce import CceConfig, CceFamily
from napari_c3r.core.encoder.runtime import (
    Batches,
    cast_matrix_products,
    choose_batch_size,
    choose_device,
    choose_precision,
    is_out_of_memory,
)
from napari_c3r.core.errors import InputError

CPU = torch.device("cpu")
ViT_S = CceConfig.of_size("S")
MIB = 2**20


def test_the_best_device_comes_first() -> None:
    devices = available_devices()
    assert devices[-1] == "cpu"
    assert str(choose_device("auto")) == devices[0]
    assert choose_device("cpu") == CPU


@pytest.mark.parametrize("device", ["cuda:99", "mps:3", "tpu", ""])
def test_an_absent_device_is_refused_with_those_there_are(device: str) -> None:
    with pytest.raises(InputError, match=r"choose 'auto' or one of: .*cpu"):
        choose_device(device)


def test_precision_is_checked() -> None:
    assert choose_precision("auto", CPU) in ("float32", "bfloat16")
    assert choose_precision("bfloat16", CPU) == "bfloat16"
    with pytest.raises(InputError, match="needs a GPU"):
        choose_precision("float16", CPU)
    with pytest.raises(InputError, match="unknown precision 'half'"):
        choose_precision("half", CPU)


def test_only_matrix_products_are_cast() -> None:
    network = torch.nn.ModuleDict({"norm1": torch.nn.LayerNorm(4), "qkv": torch.nn.Linear(4, 4)})
    cast_matrix_products(network, "bfloat16")
    assert network["norm1"].weight.dtype == torch.float32
    assert network["qkv"].weight.dtype == torch.bfloat16


def test_batches_shrink_with_channels_and_pixels() -> None:
    def size(n_channels: int, side: int) -> int:
        names = [f"ch{index}" for index in range(n_channels)]
        roles = ChannelAssignment(dict.fromkeys(names, "both"))
        plan = CceFamily().make_plan(roles, names, "joint", "cls")
        return choose_batch_size("auto", CPU, CceFamily().activation_bytes(ViT_S, plan, side, side))

    assert size(2, 224) == size(2, 224)
    assert size(1, 112) > size(1, 224) == size(8, 224) > size(32, 224) >= 1
    assert size(100, 1024) == 1


def test_a_wanted_batch_size_is_taken_or_refused() -> None:
    assert choose_batch_size(7, CPU, MIB) == 7
    for wrong in (0, -1, 2.5, "many"):
        with pytest.raises(InputError, match="batch size must be"):
            choose_batch_size(wrong, CPU, MIB)  # type: ignore[arg-type]


def test_batches_are_halved_until_they_fit_and_stay_so() -> None:
    batches = Batches(8, CPU)
    sizes = []

    def work(batch: np.ndarray) -> Callable[[], torch.Tensor]:
        sizes.append(len(batch))
        if len(batch) > 3:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return lambda: torch.from_numpy(batch)

    crops = np.arange(7.0)
    assert torch.cat(batches.map(work, crops)).tolist() == crops.tolist()
    assert sizes == [7, 2, 2, 2, 1] or sizes == [7, 3, 3, 1]
    assert batches.size <= 3
    assert len(batches.notes) == 1
    assert "with 7 crops at once" in batches.notes[0]
    batches.map(work, crops)
    assert len(batches.notes) == 1


def test_batches_are_begun_before_the_first_is_waited_for_and_none_is_lost() -> None:
    seen: list[str] = []

    def work(batch: np.ndarray) -> Callable[[], torch.Tensor]:
        first = int(batch[0])
        seen.append(f"begin {first}")
        if first == 4 and len(batch) > 1:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

        def wait() -> torch.Tensor:
            seen.append(f"wait {first}")
            return torch.from_numpy(batch)

        return wait

    crops = np.arange(6.0)
    found = Batches(2, CPU, in_flight=2).map(work, crops)
    assert torch.cat(found).tolist() == crops.tolist()
    # What was under way when memory ran out is had before anything is tried again.
    assert seen == [
        *("begin 0", "begin 2", "wait 0", "begin 4", "wait 2"),
        *("begin 4", "begin 5", "wait 4", "wait 5"),
    ]


def test_real_exhausted_memory_is_recognised() -> None:
    def work(batch: np.ndarray) -> Callable[[], torch.Tensor]:
        found = torch.empty(len(batch), 2**57)
        return lambda: found

    with pytest.raises(InputError, match="out of memory on cpu with a single crop"):
        Batches(2, CPU).map(work, np.zeros(2))


def test_other_errors_pass_through() -> None:
    def work(batch: np.ndarray) -> Callable[[], torch.Tensor]:
        found = torch.zeros(2, 3) @ torch.zeros(2, 3)
        return lambda: found

    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        Batches(2, CPU).map(work, np.zeros(2))
    assert not is_out_of_memory(ValueError("out of memory"))
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"))
