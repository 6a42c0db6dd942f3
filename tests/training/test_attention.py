"""Attention in training."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_c3r.core.encoder.networks.block import Attention
from training.attention import fast_attention


def gradients(attention: Attention, tokens: Tensor) -> list[Tensor]:
    attention.zero_grad()
    attention(tokens).square().sum().backward()
    return [weights.grad.clone() for weights in attention.parameters() if weights.grad is not None]


def test_it_changes_neither_what_is_computed_nor_what_comes_after() -> None:
    torch.manual_seed(0)
    attention, tokens = Attention(16, 2), torch.rand(3, 5, 16)
    usual = gradients(attention, tokens)
    with fast_attention(tokens.device):
        fast = gradients(attention, tokens)
    torch.testing.assert_close(fast, usual)
    assert len(fast) == 4
    assert torch.backends.cuda.flash_sdp_enabled()


def test_a_processor_spells_it_out() -> None:
    query = torch.rand(2, 2, 4, 8, requires_grad=True)
    with fast_attention(query.device):
        spelt = F.scaled_dot_product_attention(query, query, query)
    assert "Flash" not in str(spelt.grad_fn)
    assert "Flash" in str(F.scaled_dot_product_attention(query, query, query).grad_fn)
