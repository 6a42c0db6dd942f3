"""The transformer block."""

from __future__ import annotations

import torch

from napari_c3r.core.encoder.networks.block import Attention, Block, DropPath


def test_attention_is_softmax_of_scaled_products() -> None:
    torch.manual_seed(0)
    attention = Attention(12, 3).double()
    tokens = torch.randn(2, 5, 12, dtype=torch.float64)
    query, key, value = attention.qkv(tokens).reshape(2, 5, 3, 3, 4).permute(2, 0, 3, 1, 4)
    weights = (query @ key.mT / 4**0.5).softmax(dim=-1)
    expected = attention.proj((weights @ value).transpose(1, 2).reshape(2, 5, 12))
    torch.testing.assert_close(attention(tokens), expected)


def test_sequences_do_not_meet() -> None:
    block = Block(8, 2)
    tokens = torch.randn(3, 4, 8)
    torch.testing.assert_close(block(tokens)[1:2], block(tokens[1:2]))


def test_low_precision_weights_keep_a_float32_residual_stream() -> None:
    block = Block(8, 2)
    for part in (block.attn, block.mlp):
        part.bfloat16()
    assert block(torch.randn(1, 4, 8)).dtype == torch.float32


def test_drop_path_drops_whole_sequences_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    drop = DropPath(0.25).train()
    residual = drop(torch.ones(4000, 2, 3))
    per_row = residual.flatten(1)
    assert (per_row == per_row[:, :1]).all()
    assert set(per_row[:, 0].tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    assert abs(residual.mean() - 1) < 0.05
    assert torch.equal(drop.eval()(residual), residual)
