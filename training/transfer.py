"""Bringing numbers to a device without waiting for what is computed there.

A step that waits for the device leaves it idle until the next kernels are launched. A tensor made
of numbers, an index by a list or by booleans, and a number that is read all wait; what is here,
and what is drawn on the CPU, does not.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=64)
def constant(values: tuple[float, ...], device: torch.device) -> Tensor:
    """Numbers as float32 on a device, brought there once."""
    return torch.tensor(values, dtype=torch.float32, device=device)


@lru_cache(maxsize=256)
def indices(channels: tuple[int, ...], device: torch.device) -> Tensor:
    """Indices on a device, brought there once."""
    return torch.tensor(channels, dtype=torch.int64, device=device)


def to_device(values: Tensor, device: torch.device) -> Tensor:
    """Bring a tensor from the CPU to a device, behind what is computed there."""
    if device.type != "cuda":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def true_places(mask: Tensor, device: torch.device) -> Tensor:
    """Where a mask on the CPU is True, as flat indices on a device."""
    return to_device(mask.flatten().nonzero()[:, 0], device)
