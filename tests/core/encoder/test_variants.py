from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.diagnose.planning import plan_variants
from napari_c3r.core.encoder.options import RunOptions
from tests.core.diagnose.small import ROLES, small_encoder

KINDS = ("one role swapped", "context left out")
CROPS = np.random.default_rng(0).normal(size=(5, 5, 32, 32)).astype(np.float32)


@pytest.mark.parametrize("aggregation", ["post", "pre"])
@pytest.mark.parametrize("mode", ["each", "joint"])
def test_sharing_changes_no_vector(tmp_path, aggregation, mode):
    encoder = small_encoder(tmp_path, aggregation)
    plan = plan_variants(ROLES, concept_mode=mode)
    options = {"precision": "float32", "concept_mode": mode, "device": "cpu"}
    assignments = [variant.embedded for variant in plan.variants]
    assert any(variant.passes for variant in plan.variants) == (mode == "each")
    with encoder.start_variants(assignments, ROLES.names, RunOptions(**options)) as run:
        found = run.run_all(CROPS)
        np.testing.assert_array_equal(run.run(CROPS).shape, found[0].shape)
    for variant, vectors, columns in zip(plan.variants, found, run.all_columns, strict=True):
        passes = variant.passes or (variant.assignment,)
        alone = np.concatenate(
            [
                encoder.embed(
                    CROPS,
                    roles,
                    ROLES.names,
                    **options | ({"concept_mode": "joint"} if variant.passes else {}),
                )
                for roles in passes
            ],
            axis=1,
        )
        assert vectors.shape == (5, len(columns)) == alone.shape
        np.testing.assert_allclose(vectors, alone, atol=2e-5, err_msg=variant.name)


def test_work_that_variants_have_in_common_is_done_once(tmp_path, monkeypatch):
    encoder = small_encoder(tmp_path)
    network = type(encoder.network)
    calls = []
    original = network.encode_joint
    monkeypatch.setattr(
        network, "encode_joint", lambda self, *a: calls.append(1) or original(self, *a)
    )
    variants = plan_variants(ROLES, ("all groups swapped", *KINDS)).variants
    assignments = [variant.assignment for variant in variants]
    options = RunOptions(concept_mode="each")
    with encoder.start_variants(assignments, ROLES.names, options) as run:
        run.run_all(CROPS)
    # Leaving a context channel out is contained in using it as a concept.
    separate = sum(len(roles.concept) for roles in assignments)
    assert len(calls) == separate - 4


def test_flipped_passes_are_called_by_their_context_and_as_long_as_those_assigned(tmp_path):
    encoder = small_encoder(tmp_path)
    passes = tuple(ROLES.flipped(name) for name in ROLES.concept)
    with encoder.start_variants(
        [ROLES, passes], ROLES.names, RunOptions(concept_mode="each")
    ) as run:
        assigned, flipped = run.all_columns
    assert flipped == assigned
    assert dict.fromkeys(label for label, _ in flipped) == dict.fromkeys(ROLES.concept)
