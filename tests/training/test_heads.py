"""The head, against the official one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from training.heads import Head


def test_it_computes_what_the_official_head_does(golden_dir: Path) -> None:
    with np.load(golden_dir / "ibot_head.npz") as file:
        given = {name: torch.from_numpy(file[name]).double() for name in file}
    head = Head(20, hidden=40, bottleneck=16, logits=24).double()
    weights = {
        name.removeprefix("param:").replace("last_layer2", "last_layer"): value
        for name, value in given.items()
        if name.startswith("param:")
    }
    head.load_state_dict(weights)
    logits = head(given["x"]).detach()
    exact = {"rtol": 0, "atol": 1e-9}
    torch.testing.assert_close(logits[:, 0], given["cls_out"], **exact)
    torch.testing.assert_close(logits[:, 1:], given["patch_out"], **exact)
    torch.testing.assert_close(head(given["x"][:, 0]).detach(), given["cls_only_out"], **exact)
    assert all(parameter.requires_grad for parameter in head.parameters())


@pytest.mark.parametrize("width", [384, 768])
def test_it_has_as_many_parameters(golden_dir: Path, width: int) -> None:
    about = json.loads((golden_dir / "losses.json").read_text())
    with torch.device("meta"):
        head = Head(width)
    count = sum(parameter.numel() for parameter in head.parameters())
    assert count == about[f"real_head_params_D{width}_out8192"]


def test_prototypes_begin_with_length_1() -> None:
    head = Head(8, hidden=8, bottleneck=4, logits=5)
    # Features of unit length and prototypes of unit length have cosines for logits.
    logits = head.last_layer(torch.nn.functional.normalize(head.last_layer.weight_v, dim=1))
    torch.testing.assert_close(logits.diagonal(), torch.ones(5))
