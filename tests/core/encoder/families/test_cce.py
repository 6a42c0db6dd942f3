"""The network against the official numbers, and what must hold of it."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder
from napari_c3r.core.encoder.families.cce.network import CONCEPT, CONTEXT

from ..golden import CASES, Case

TOLERANCE = {torch.float64: 1e-9, torch.float32: 2e-5}


def close(found: Tensor, expected: np.ndarray, tolerance: float) -> None:
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_output_equals_the_official_network(
    golden_cases: dict[str, Case], name: str, dtype: torch.dtype
) -> None:
    case = golden_cases[name]
    network = copy.deepcopy(case.network).to(dtype)
    tokens = network(case.images(dtype), case.context, case.concept, case.mask)

    close(tokens[:, 0], case.expected["cls_f64"], TOLERANCE[dtype])
    if "tokens_out_f64" in case.expected:
        close(tokens, case.expected["tokens_out_f64"], TOLERANCE[dtype])
    close(tokens[:, 0], case.expected["cls"], 2e-5)
    close(tokens, case.expected["tokens_out"], 2e-5)


def test_the_official_numbers_have_every_part(golden_cases: dict[str, Case]) -> None:
    recorded = set().union(*(case.expected for case in golden_cases.values()))
    assert {"tokens_out_f64", "tok_ctx", "tok_con", "stem_ctx", "stem_con", "joint0"} <= recorded
    assert any(case.mask is not None for case in golden_cases.values())


@pytest.mark.parametrize("name", CASES)
def test_every_part_equals_the_official_network(golden_cases: dict[str, Case], name: str) -> None:
    case = golden_cases[name]
    network, images = case.network, case.images(torch.float32)
    branches = []
    for group, channels, mark in ((CONTEXT, case.context, "ctx"), (CONCEPT, case.concept, "con")):
        branches.append(network.encode_channels(images, channels, group, case.mask))
        close(branches[-1].flatten(0, 1), case.expected[f"branch_{mark}"], 2e-5)
        if f"tok_{mark}" in case.expected:
            tokens = network.embed_channels(images, channels, group)
            close(tokens.flatten(0, 1), case.expected[f"tok_{mark}"], 2e-5)
        if f"stem_{mark}" in case.expected:
            stem = network.patch_embed(images[:, channels], group)
            if network.aggregation == "pre":
                stem = stem.mean(dim=1, keepdim=True)
            expected = case.expected[f"stem_{mark}"].transpose(0, 2, 3, 4, 1).reshape(stem.shape)
            if case.mask is not None:
                # Of a masked image the official stem was recorded before the mask for one group
                # and after it for the other; the branches above tell that both were masked.
                hidden = case.mask.flatten(1)[:, None, :, None]
                stem, expected = stem.masked_fill(hidden, 0), np.where(hidden, 0, expected)
            close(stem, expected, 2e-5)

    joint = [network.combiner(*branches)]
    close(joint[0], case.expected["combined"], 2e-5)
    for block in network.cmb_blocks:
        joint.append(block(joint[-1]))
    if "joint0" in case.expected:
        close(joint[1], case.expected["joint0"], 2e-5)
        close(joint[-1], case.expected["joint_last"], 2e-5)


def test_dropped_context_channels_equal_the_official_training_mode(
    golden_dir: Path, golden_cases: dict[str, Case]
) -> None:
    with np.load(golden_dir / "cce_tiny_mcd.npz") as file:
        images = torch.from_numpy(file["x_u8"]).float() / 255
        kept, expected = file["kept"], file["cls"]
    # Of several draws, some have lost channels.
    assert len(kept) > 1
    assert (kept < 0).any()
    network = copy.deepcopy(golden_cases["A"].network).train()
    for channels, cls_token in zip(kept, expected, strict=True):
        context = [int(channel) for channel in channels if channel >= 0]
        close(network(images, context, [3])[:, 0], cls_token, 2e-5)


@pytest.mark.parametrize("size", ["tiny", "small", "base", "large"])
@pytest.mark.parametrize("branch_depth", [1, 2, 3, 4])
def test_parameter_counts(golden_dir: Path, size: str, branch_depth: int) -> None:
    counts = json.loads((golden_dir / "param_counts.json").read_text())
    expected = counts[f"vit_{size}_pre{branch_depth}"]
    config = CceConfig.of_size(size[0].upper(), branch_depth=branch_depth)
    with torch.device("meta"):
        network = ContextConceptEncoder(config)

    assert config.joint_depth == expected["n_post"]
    found = {
        part: sum(p.numel() for n, p in network.named_parameters() if n.split(".")[0] == part)
        for part in expected["breakdown"]
    }
    assert found == expected["breakdown"]
    assert sum(p.numel() for p in network.parameters()) == expected["params"]


@pytest.fixture
def network(small_config: CceConfig, small_weights: dict[str, Tensor]) -> ContextConceptEncoder:
    network = ContextConceptEncoder(small_config).eval()
    network.load_state_dict(small_weights)
    return network


IMAGES = torch.rand(3, 5, 32, 48, generator=torch.Generator().manual_seed(0))


def test_the_order_of_channels_in_a_group_does_not_matter(network: ContextConceptEncoder) -> None:
    there = network(IMAGES, [0, 2, 4], [1, 3])
    back = network(IMAGES, [4, 0, 2], [3, 1])
    torch.testing.assert_close(there, back, rtol=0, atol=2e-5)


def test_the_groups_are_not_the_same(network: ContextConceptEncoder) -> None:
    assert (network(IMAGES, [0], [1]) - network(IMAGES, [1], [0])).abs().max() > 0.1


def test_images_and_unused_channels_do_not_meet(network: ContextConceptEncoder) -> None:
    tokens = network(IMAGES, [0, 2], [1])
    changed = IMAGES.clone()
    changed[1:] = 0.5
    changed[:, 3:] = torch.nan
    torch.testing.assert_close(network(changed, [0, 2], [1])[0], tokens[0])


def test_the_context_can_be_encoded_once_for_several_concepts(
    network: ContextConceptEncoder,
) -> None:
    context = network.encode_channels(IMAGES, [0, 2], CONTEXT)
    for channel in (1, 3, 4):
        concept = network.encode_channels(IMAGES, [channel], CONCEPT)
        joined = network.encode_joint(context, concept)
        torch.testing.assert_close(joined, network(IMAGES, [0, 2], [channel]))


def test_one_channel_may_be_in_both_groups(network: ContextConceptEncoder) -> None:
    assert network(IMAGES[:, :1], [0], [0]).isfinite().all()


def test_a_constant_channel_is_finite(network: ContextConceptEncoder) -> None:
    assert network(torch.zeros(1, 2, 32, 32), [0], [1]).isfinite().all()


def test_pixels_beyond_the_last_whole_patch_are_cut_in_both_directions(
    network: ContextConceptEncoder,
) -> None:
    high = torch.rand(1, 2, 43, 32)
    tokens = network(high, [0], [1])
    assert tokens.shape == (1, 1 + 2 * 2, 16)
    transposed = network.patch_embed(high.mT, 0)
    upright = network.patch_embed(high, 0)
    assert upright.shape == transposed.shape == (1, 2, 4, 8)


@pytest.mark.parametrize(("branch_depth", "joint_depth"), [(0, 2), (2, 0), (0, 0), (1, 3)])
def test_any_depth_works(branch_depth: int, joint_depth: int) -> None:
    config = CceConfig(
        name="any", width=16, heads=2, branch_depth=branch_depth, joint_depth=joint_depth
    )
    tokens = ContextConceptEncoder(config)(IMAGES, [0], [1, 2])
    assert tokens.shape == (3, 1 + 2 * 3, 16)
    assert tokens.isfinite().all()


def test_bfloat16_network_stays_near(network: ContextConceptEncoder) -> None:
    exact = network(IMAGES, [0, 1], [2])[:, 0]
    rough = copy.deepcopy(network).bfloat16()(IMAGES.bfloat16(), [0, 1], [2])[:, 0]
    assert rough.dtype == torch.bfloat16
    assert torch.cosine_similarity(exact, rough.float()).min() > 0.999


def test_a_mask_hides_the_pixels_under_it(small_config: CceConfig) -> None:
    network = ContextConceptEncoder(small_config, mask_token=True)
    mask = torch.zeros(3, 2, 3, dtype=torch.bool)
    mask[:, 0, 0] = True
    patches = network.embed_channels(IMAGES, [0, 1], CONTEXT, mask)
    plain = network.embed_channels(IMAGES, [0, 1], CONTEXT)
    differs = (patches != plain).any(dim=-1)
    assert differs[:, :, 1].all()
    assert not differs[:, :, [0, *range(2, 7)]].any()


def test_a_mask_without_a_mask_token_is_an_error(network: ContextConceptEncoder) -> None:
    with pytest.raises(ValueError, match="mask_token=True"):
        network(IMAGES, [0], [1], torch.ones(3, 2, 3, dtype=torch.bool))


def test_initial_weights_follow_the_official_rule() -> None:
    torch.manual_seed(0)
    network = ContextConceptEncoder(CceConfig.of_size("T"), mask_token=True)
    state = network.state_dict()
    for name, value in state.items():
        if name.endswith("masked_embed") or (name.endswith("bias") and "proj." not in name):
            assert not value.any(), name
        elif "norm" in name:
            assert (value == 1).all(), name
        elif name.startswith("patch_embed"):
            assert value.abs().max() <= 1 / 16, name
        elif name.endswith(("weight", "token", "pos_embed")):
            assert abs(value.std() - 0.02) < 0.004, name


def test_drop_path_rises_linearly_over_the_depth_and_rests_in_evaluation(
    small_config: CceConfig, small_weights: dict[str, Tensor]
) -> None:
    network = ContextConceptEncoder(small_config, drop_path=0.5)
    network.load_state_dict(small_weights)
    rates = [
        block.drop_path.rate
        for blocks in (network.cnt_blocks, network.stn_blocks, network.cmb_blocks)
        for block in blocks
    ]
    assert rates == [0.0, 0.0, 0.25, 0.5]

    first, second = (network.eval()(IMAGES, [0], [1]) for _ in range(2))
    assert torch.equal(first, second)
    torch.manual_seed(0)
    first, second = (network.train()(IMAGES, [0], [1]) for _ in range(2))
    assert not torch.equal(first, second)


def test_gradients_reach_every_weight(small_config: CceConfig) -> None:
    network = ContextConceptEncoder(small_config, mask_token=True, drop_path=0.1)
    mask = torch.zeros(3, 2, 3, dtype=torch.bool)
    mask[:, 0] = True
    network(IMAGES, [0, 2], [1], mask).square().sum().backward()
    without = [n for n, p in network.named_parameters() if p.grad is None]
    assert without == []


def test_it_compiles_as_one_graph(network: ContextConceptEncoder) -> None:
    compiled = torch.compile(network, backend="aot_eager", fullgraph=True)
    with torch.no_grad():
        found, expected = compiled(IMAGES, [0, 2], [1]), network(IMAGES, [0, 2], [1])
    torch.testing.assert_close(found, expected)
