"""The encoder as users meet it."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import Encoder, load_encoder
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError

NAMES = ["DNA", "RNA", "x", "ER", "AGP"]
ROLES = ChannelAssignment(
    {"DNA": "context", "RNA": "concept", "x": "ignore", "ER": "context", "AGP": "concept"}
)
CROPS = np.random.default_rng(0).integers(0, 4096, (7, 5, 32, 32)).astype(np.uint16)


@pytest.fixture
def encoder(small_folder: Path) -> Encoder:
    return load_encoder(small_folder)


def embed(encoder: Encoder, crops: np.ndarray = CROPS, **options: object) -> np.ndarray:
    return encoder.embed(crops, ROLES, NAMES, **{"precision": "float32", **options})  # type: ignore[arg-type]


def test_it_says_what_it_is(encoder: Encoder) -> None:
    assert encoder.name == "small"
    assert not encoder.trained
    assert encoder.card == "# Small\n"
    assert len(encoder.weights_hash) == 64
    assert "untrained" in repr(encoder)


def test_it_is_the_network_applied_to_rescaled_crops(encoder: Encoder) -> None:
    crops = np.random.default_rng(1).random((2, 5, 32, 32)).astype(np.float32)
    crops[:, :, 0, 0], crops[:, :, 0, 1] = 0, 1
    tokens = encoder.network(torch.from_numpy(crops), [0, 3], [1, 4])
    found = encoder.tokens(crops, ROLES, NAMES, precision="float32")
    np.testing.assert_allclose(found, tokens, rtol=0, atol=2e-6)
    joint = embed(encoder, crops, concept_mode="joint", readout="cls+std")
    np.testing.assert_allclose(joint[:, :16], tokens[:, 0], rtol=0, atol=2e-6)
    deviation = tokens[:, 1:].numpy().std(axis=1)
    np.testing.assert_allclose(joint[:, 16:], deviation, rtol=0, atol=2e-6)


def test_each_concept_alone_is_the_joint_mode_with_one(encoder: Encoder) -> None:
    each = embed(encoder, concept_mode="each", readout="cls+std")
    for part, other in ((slice(0, 32), "AGP"), (slice(32, 64), "RNA")):
        alone = ROLES.with_role(other, "ignore")
        expected = encoder.embed(
            CROPS, alone, NAMES, precision="float32", concept_mode="joint", readout="cls+std"
        )
        np.testing.assert_allclose(each[:, part], expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize(
    ("mode", "readout", "width"),
    [("each", "cls", 32), ("each", "cls+std", 64), ("joint", "cls", 16), ("joint", "cls+std", 32)],
)
def test_shapes_and_columns(encoder: Encoder, mode: str, readout: str, width: int) -> None:
    options = {"concept_mode": mode, "readout": readout}
    assert embed(encoder, **options).shape == (7, width)
    assert embed(encoder, CROPS[:0], **options).shape == (0, width)
    assert embed(encoder).dtype == np.float32
    assert encoder.n_dims(ROLES, **options) == width  # type: ignore[arg-type]
    with encoder.start(ROLES, NAMES, RunOptions(**options)) as run:  # type: ignore[arg-type]
        assert len(run.columns) == width
        assert run.columns[0] == ("RNA" if mode == "each" else "RNA+AGP", "cls")
        assert run.columns[-1][1] == readout.split("+")[-1]


@pytest.mark.parametrize(("n_context", "n_concept"), [(1, 1), (1, 9), (7, 1), (20, 25)])
def test_any_number_of_channels_may_be_in_either_group(
    encoder: Encoder, n_context: int, n_concept: int
) -> None:
    context = [f"marker {number}" for number in range(n_context)]
    concept = [f"stain {number}" for number in range(n_concept)]
    roles = ChannelAssignment(dict.fromkeys(context, "context") | dict.fromkeys(concept, "concept"))
    names = [*context, *concept]
    crops = np.random.default_rng(0).random((2, len(names), 32, 32))
    for mode, width in (("joint", 16), ("each", 16 * n_concept)):
        vectors = encoder.embed(crops, roles, names, concept_mode=mode)  # type: ignore[arg-type]
        assert vectors.shape == (2, width)
        assert np.isfinite(vectors).all()
        assert not np.allclose(vectors[0], vectors[1])


def test_none_means_what_the_model_recommends(encoder: Encoder) -> None:
    np.testing.assert_array_equal(
        embed(encoder), embed(encoder, concept_mode="each", readout="cls")
    )


def test_columns_follow_the_image_not_the_assignment(encoder: Encoder) -> None:
    turned = ChannelAssignment(dict(reversed(ROLES.to_dict().items())))
    found = encoder.embed(CROPS, turned, NAMES, precision="float32")
    np.testing.assert_array_equal(found, embed(encoder))


@pytest.mark.parametrize(
    "same", [CROPS / 65535, CROPS * 2.0**-40 + 7, CROPS.astype(np.int64) + 2**40]
)
def test_the_intensity_scale_does_not_matter(encoder: Encoder, same: np.ndarray) -> None:
    np.testing.assert_allclose(embed(encoder, same), embed(encoder), rtol=0, atol=2e-5)


def test_a_constant_channel_is_finite(encoder: Encoder) -> None:
    crops = CROPS.copy()
    crops[:, 0] = 65535
    assert np.isfinite(embed(encoder, crops)).all()


def test_bad_pixels_are_refused_by_channel_unless_ignored(encoder: Encoder) -> None:
    crops = CROPS.astype(np.float32)
    crops[3, 2, 0, 0] = np.nan
    np.testing.assert_allclose(embed(encoder, crops), embed(encoder), rtol=0, atol=2e-5)
    crops[3, 3, 0, 0] = np.nan
    with pytest.raises(InputError, match="channel 'ER' has NaN"):
        embed(encoder, crops)


def test_crops_of_any_size_are_taken(encoder: Encoder) -> None:
    random = np.random.default_rng(2)
    for size, n_tokens in (((32, 64), 9), ((64, 64), 17), ((20, 33), 5), ((8, 8), 5)):
        crops = random.random((2, 5, *size))
        assert encoder.tokens(crops, ROLES, NAMES).shape == (2, n_tokens, 16)
        assert embed(encoder, crops).shape == (2, 32)
    assert encoder.tokens(CROPS[:0], ROLES, NAMES).shape == (0, 5, 16)


def test_the_batch_size_does_not_matter(encoder: Encoder) -> None:
    together = embed(encoder, batch_size=7)
    np.testing.assert_allclose(embed(encoder, batch_size=2), together, rtol=0, atol=2e-6)
    np.testing.assert_array_equal(embed(encoder, batch_size=7), together)


def test_large_crops_get_a_smaller_automatic_batch(encoder: Encoder) -> None:
    with encoder.start(ROLES, NAMES) as run:
        before = run.batch_size
        run.run(np.zeros((1, 5, 512, 512), np.uint8))
        assert run.batch_size < before
    with encoder.start(ROLES, NAMES, RunOptions(batch_size=5)) as run:
        run.run(np.zeros((1, 5, 512, 512), np.uint8))
        assert run.batch_size == 5


def test_a_run_goes_on_where_it_was(encoder: Encoder) -> None:
    with encoder.start(ROLES, NAMES, RunOptions("cpu", "float32", 3)) as run:
        assert (run.device, run.precision, run.batch_size) == ("cpu", "float32", 3)
        assert (run.concept_mode, run.readout, run.notes) == ("each", "cls", [])
        parts = [run.run(CROPS[:4]), run.run(CROPS[4:])]
    np.testing.assert_allclose(np.concatenate(parts), embed(encoder), rtol=0, atol=2e-6)
    with pytest.raises(RuntimeError, match="closed"):
        run.run(CROPS)


def test_bfloat16_points_the_same_way_and_leaves_the_encoder_alone(encoder: Encoder) -> None:
    exact, rough = embed(encoder), embed(encoder, precision="bfloat16")
    assert not np.array_equal(exact, rough)
    cosine = (exact * rough).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(rough, axis=1)
    assert cosine.min() > 0.999
    np.testing.assert_array_equal(embed(encoder), exact)


def test_two_threads_may_share_an_encoder(encoder: Encoder) -> None:
    expected = embed(encoder)
    found: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: found.append(embed(encoder))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for vectors in found:
        np.testing.assert_array_equal(vectors, expected)


def test_torch_is_left_as_it_was(encoder: Encoder) -> None:
    def state() -> tuple[object, ...]:
        return (
            torch.get_num_threads(),
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
            torch.get_float32_matmul_precision(),
            torch.get_rng_state().tolist(),
        )

    before = state()
    load_encoder("bundled").embed(CROPS, ROLES, NAMES)
    assert state() == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"device": "cuda:99"}, "'cuda:99' is not available"),
        ({"precision": "float8"}, "precision is 'float8'; give auto, float32"),
        ({"batch_size": 0}, "batch_size is 0; give a whole number from 1"),
        ({"concept_mode": "some"}, "concept_mode is 'some'; give each, joint"),
        ({"readout": "sum"}, "readout is 'sum'; give cls"),
    ],
)
def test_what_cannot_be_had_is_refused(
    encoder: Encoder, options: dict[str, object], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        embed(encoder, **options)


def test_unknown_channels_and_empty_groups_are_refused(encoder: Encoder) -> None:
    with pytest.raises(InputError, match="AGP"):
        encoder.embed(CROPS[:, :4], ROLES, NAMES[:4])
    with pytest.raises(InputError, match="concept"):
        encoder.embed(CROPS[:, :1], ChannelAssignment({"DNA": "context"}), ["DNA"])
