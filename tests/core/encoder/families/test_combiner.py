"""The combiner."""

from __future__ import annotations

import torch

from napari_c3r.core.encoder.families.cce.combiner import Combiner


def test_it_averages_channels_joins_groups_and_normalises_with_its_own_eps() -> None:
    torch.manual_seed(0)
    context, concept = 1e-3 * torch.randn(2, 3, 5, 4), 1e-3 * torch.randn(2, 1, 5, 4)
    joined = torch.cat([context.mean(1), concept[:, 0]], dim=-1)
    centred = joined - joined.mean(-1, keepdim=True)
    expected = centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(Combiner(8)(context, concept), expected)
