"""Crop sets become batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_c3r.core.errors import InputError
from training.batches import Batches, TrainingSet, open_sets
from training.config import Config, load_config
from training.distributed import Processes


def configure(arguments: list[str], *more: str) -> Config:
    return load_config([*arguments, "--out", "nowhere", *more]).run


def alone(rank: int = 0, count: int = 1) -> Processes:
    return Processes(rank, count, torch.device("cpu"))


def test_rows_are_cell_major_with_the_ids_of_their_antibodies(
    tiny_run: list[str], crop_sets: dict[str, Path], pixels: dict[str, np.ndarray]
) -> None:
    config = configure(tiny_run, "--data", str(crop_sets["proteins"]))
    batch = Batches(open_sets(config, alone()), config, alone(), 4).get(0)
    assert batch.images.shape == (6, 4, 48, 48)
    assert (batch.context, batch.concept) == ((0, 2, 3), (1,))
    # 2 cells of 3 antibodies: the ids repeat after every 3 rows.
    ids = batch.ids.tolist()
    assert ids[:3] == ids[3:]
    assert len(set(ids)) == 3
    for image, index in zip(batch.images, ids, strict=True):
        row = int(np.flatnonzero((pixels["proteins"] == image.numpy()).all((1, 2, 3)))[0])
        assert row // 6 == index


def test_unused_channels_are_left_out_and_16_bits_become_8(
    tiny_run: list[str], crop_sets: dict[str, Path], pixels: dict[str, np.ndarray]
) -> None:
    config = configure(tiny_run, "--data", str(crop_sets["reporter"]))
    (source,) = open_sets(config, alone())
    assert (source.context, source.concept) == ((1,), (0,))
    images = source.images(np.array([3, 0]))
    crops = pixels["reporter"][[3, 0], 1:].astype(np.float64)
    low, high = crops.min((2, 3), keepdims=True), crops.max((2, 3), keepdims=True)
    expected = np.rint(255 * (crops - low) / (high - low))
    np.testing.assert_allclose(images.numpy(), expected, atol=1)
    assert images.dtype == torch.uint8


def test_sets_that_do_not_fit_are_read_batch_by_batch_to_the_same_end(
    tiny_run: list[str],
) -> None:
    kept, read = configure(tiny_run), configure(tiny_run, "--resident_gb", "0")
    batches = [Batches(open_sets(c, alone()), c, alone(), 8) for c in (kept, read)]
    seen = set()
    for number in (0, 1, 2, 3, 6):
        one, other = (each.get(number) for each in batches)
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.ids, other.ids)
        seen.add(one.images.shape[1])
    assert seen == {2, 4}
    for each in batches:
        each.close()


def test_ids_of_different_sets_differ(tiny_run: list[str]) -> None:
    config = configure(tiny_run)
    batches = Batches(open_sets(config, alone()), config, alone(), 12)
    ids: dict[int, set[int]] = {2: set(), 4: set()}
    for number in range(12):
        batch = batches.get(number)
        ids[batch.images.shape[1]] |= set(batch.ids.tolist())
    assert not ids[2] & ids[4]


def test_processes_share_out_the_antibodies_of_a_batch(tiny_run: list[str]) -> None:
    config = configure(tiny_run, "--weights", "1,1000000")
    two = configure(tiny_run, "--weights", "1,1000000", "--classes_per_batch", "6")
    whole = Batches(open_sets(two, alone()), two, alone(), 1).get(0)
    parts = [
        Batches(open_sets(config, alone(rank, 2)), config, alone(rank, 2), 1).get(0)
        for rank in (0, 1)
    ]
    joined = torch.cat([part.ids.unflatten(0, (2, 3)) for part in parts], dim=1)
    assert torch.equal(joined.flatten(), whole.ids)
    images = torch.cat([part.images.unflatten(0, (2, 3)) for part in parts], dim=1)
    assert torch.equal(images.flatten(0, 1), whole.images)


def test_only_rows_of_the_split_are_drawn(tiny_run: list[str]) -> None:
    train, everything = (
        open_sets(configure(tiny_run), alone()),
        open_sets(configure(tiny_run, "--split", ""), alone()),
    )
    assert [len(each.sampler.ids) for each in train] == [7, 7]
    assert [len(each.sampler.ids) for each in everything] == [8, 8]
    with pytest.raises(InputError, match="no crops of the split 'none': it has 'test', 'train'"):
        open_sets(configure(tiny_run, "--split", "none"), alone())


def test_a_set_tells_its_size_on_the_device(crop_sets: dict[str, Path]) -> None:
    config = configure(["--data", "x"])
    assert TrainingSet(crop_sets["reporter"], config, alone()).nbytes() == 48 * 2 * 48 * 48
