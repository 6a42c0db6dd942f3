from __future__ import annotations

import numpy as np
import torch

from napari_c3r.core.channels import ChannelAssignment
from training.evaluate.representations import (
    INTENSITY,
    TEXTURE,
    EncoderReadings,
    ReadoutSpec,
    Vectors,
    join_standardised,
    untrained_like,
)

ROLES = ChannelAssignment({"DNA": "context", "x": "ignore", "A": "concept", "B": "concept"})
CROPS = np.random.default_rng(0).integers(0, 4000, (5, 4, 32, 32)).astype(np.uint16)


def test_every_reading_is_what_the_encoder_itself_gives(tiny_encoder):
    readings = EncoderReadings("m", tiny_encoder, ("cls", "cls+std"), ("each", "joint"))(
        CROPS, ROLES
    )
    assert list(readings) == [
        ReadoutSpec("m", readout, mode)
        for mode in ("each", "joint")
        for readout in ("cls", "cls+std")
    ]
    for reading, vectors in readings.items():
        wanted = tiny_encoder.embed(
            CROPS, ROLES, ROLES.names, concept_mode=reading.concept_mode, readout=reading.readout
        )
        np.testing.assert_array_equal(vectors.values, wanted)
        alone = readings[ReadoutSpec("m", "cls", reading.concept_mode)].values
        np.testing.assert_array_equal(vectors.values[:, vectors.cls], alone)


def test_by_default_as_the_model_recommends(tiny_encoder):
    config = tiny_encoder.config
    readings = EncoderReadings("m", tiny_encoder)(CROPS, ROLES)
    assert list(readings) == [ReadoutSpec("m", config.readout, config.concept_mode)]


def test_crops_of_whole_patches_are_brought_to_the_input_size_too(tiny_encoder):
    # 16 px is one patch: left alone, the network would see a single one.
    (vectors,) = EncoderReadings("m", tiny_encoder)(CROPS[:, :, ::2, ::2], ROLES).values()
    enlarged = torch.nn.functional.interpolate(
        torch.from_numpy(CROPS[:, :, ::2, ::2].astype(np.float32)),
        (32, 32),
        mode="bilinear",
        antialias=True,
    )
    wanted = tiny_encoder.embed(enlarged.numpy(), ROLES, ROLES.names)
    np.testing.assert_array_equal(vectors.values, wanted)


def test_hand_made_features_see_the_channels_with_a_role_only():
    other = CROPS.copy()
    other[:, 1] = 0
    for representation in (TEXTURE, INTENSITY):
        (before,) = representation(CROPS, ROLES).values()
        (after,) = representation(other, ROLES).values()
        np.testing.assert_array_equal(before.values, after.values)
        assert not before.cls.any()


def test_untrained_weights_are_those_of_the_seed_and_leave_the_generator_alone(tiny_encoder):
    state = torch.random.get_rng_state()
    again, other = (untrained_like(tiny_encoder.config, seed) for seed in (0, 1))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not again.trained
    for name, tensor in tiny_encoder.network.state_dict().items():
        assert torch.equal(tensor, again.network.state_dict()[name])
    assert not torch.equal(tiny_encoder.network.cls_token, other.network.cls_token)


def test_joining_standardises_every_feature():
    rng = np.random.default_rng(0)
    first = Vectors(rng.normal(50, 9, (20, 3)).astype(np.float32), np.ones(3, bool))
    second = Vectors(rng.normal(0, 0.1, (20, 2)).astype(np.float32), np.zeros(2, bool))
    joined = join_standardised(first, second)
    np.testing.assert_allclose(joined.values.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(joined.values.std(axis=0), 1, rtol=1e-5)
    assert joined.values.shape == (20, 5)
    assert not joined.cls.any()
