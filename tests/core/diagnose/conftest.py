"""Small networks, one of them with a planted truth, and a field of cells."""

from __future__ import annotations

import copy

import pytest
import torch

from napari_c3r.core.simulate import simulate_field

from .small import small_encoder


@pytest.fixture(scope="session")
def encoder(tmp_path_factory):
    return small_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="session")
def deaf(tmp_path_factory):
    """A network to which a channel counts as a concept and in no other role.

    Its weights are such that roles move cells clearly more than turning the crop does.
    """
    changed = copy.deepcopy(small_encoder(tmp_path_factory.mktemp("deaf"), seed=3))
    context, concept = (part.weight for part in changed.network.patch_embed.proj)
    with torch.no_grad():
        context.zero_()
        # Blind to where in the crop something lies, so that turning it is little noise.
        concept.copy_(concept.mean(dim=(2, 3), keepdim=True).expand_as(concept))
        changed.network.pos_embed.zero_()
    return changed


@pytest.fixture(scope="session")
def field():
    return simulate_field("cell-painting", shape=(400, 400), n_cells=30, seed=4)
