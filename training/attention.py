"""The fastest way to attend in training on each kind of device."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel


def fast_attention(device: torch.device) -> AbstractContextManager[None]:
    """Compute attention in the fastest way, as long as the context lasts; not twice at once.

    Parameters
    ----------
    device
        That computes.
    """
    # PyTorch's fused attention is slow in training on a CPU where sequences are short.
    fast = SDPBackend.MATH if device.type == "cpu" else SDPBackend.FLASH_ATTENTION
    order = [fast, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
    return sdpa_kernel(order, set_priority=True)
