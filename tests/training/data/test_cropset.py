"""A crop set gives back what was written, in any order, and says what is wrong with its files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError
from training.data import cropset
from training.data.cropset import COLUMNS, CropSet, CropSetWriter, stretch

ROLES = ChannelAssignment({"DNA": "context", "GFP": "concept"})
N, SIZE = 23, 12
PIXELS = np.random.default_rng(0).integers(90, 4000, (N, 3, SIZE, SIZE)).astype(np.uint16)
ROWS = pd.DataFrame({"id": [f"HPA{i // 4:06d}" for i in range(N)], "plate": "P1", "dose": range(N)})


def make(path: Path) -> CropSetWriter:
    names = ("GFP", "trans", "DNA")
    return CropSetWriter(path, channel_names=names, assignment=ROLES, field_um=64.0, licence="CC0")


def write(path: Path, parts: tuple[int, ...] = (5, 18), table: pd.DataFrame = ROWS) -> Path:
    with make(path) as writer:
        for stop, count in zip(np.cumsum(parts), parts, strict=True):
            writer.add(PIXELS[stop - count : stop], table[stop - count : stop])
    return path


@pytest.fixture
def shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards of 4 crops."""
    monkeypatch.setattr(cropset, "_BYTES_PER_SHARD", 4 * PIXELS[0].nbytes + 1)


@pytest.fixture
def folder(tmp_path: Path, shards: None) -> Path:
    return write(tmp_path / "set")


def test_what_is_written_is_read(folder):
    found = CropSet.open(folder)
    assert found.channel_names == ("GFP", "trans", "DNA")
    assert found.assignment.to_dict() == {"GFP": "concept", "trans": "ignore", "DNA": "context"}
    assert (found.field_um, found.licence, found.shape, len(found)) == (
        64.0,
        "CC0",
        (3, SIZE, SIZE),
        N,
    )
    assert np.array_equal(found.read(), PIXELS)
    assert found.read().dtype == np.uint16
    assert len(list(folder.glob("*.h5"))) == 6


def test_the_table_is_complete(folder):
    table = CropSet.open(folder).table
    assert list(table.columns) == [*COLUMNS, "dose"]
    assert table["id"].tolist() == ROWS["id"].tolist()
    assert table["dose"].tolist() == list(range(N))
    assert set(table["licence"]) == {"CC0"}
    assert set(table["split"]) == {"train"}
    assert set(table["cell_line"]) == {""}


@pytest.mark.parametrize(
    "rows",
    [
        np.array([22, 0, 3, 4, 4, 21, 7, 8, 9]),
        [5],
        [],
        slice(3, 19, 2),
        slice(None),
        np.arange(N)[::-1],
        np.arange(2, 14),
    ],
)
def test_rows_come_in_the_order_asked(folder, rows):
    expected = PIXELS[rows if isinstance(rows, slice) else np.asarray(rows, int)]
    assert np.array_equal(CropSet.open(folder).read(rows), expected)


def test_eight_bits_span_the_range_of_every_channel(folder):
    crops = CropSet.open(folder).read([4, 1], dtype="uint8")
    assert crops.dtype == np.uint8
    assert (crops.min(axis=(2, 3)) == 0).all()
    assert (crops.max(axis=(2, 3)) == 255).all()
    one = PIXELS[1, 2].astype(float)
    scaled = (one - one.min()) / (one.max() - one.min()) * 255
    assert np.abs(crops[1, 2] - scaled).max() <= 0.501


def test_eight_bits_on_disk_stay_as_they_are(tmp_path):
    crops = (PIXELS // 20).astype(np.uint8)
    with CropSetWriter(
        tmp_path / "set",
        channel_names="abc",
        assignment=ChannelAssignment({"a": "both"}),
        field_um=None,
        licence="",
    ) as writer:
        writer.add(crops, ROWS)
    found = CropSet.open(tmp_path / "set")
    assert found.field_um is None
    assert np.array_equal(found.read(dtype="uint8"), crops)


def test_a_channel_without_contrast_becomes_0():
    assert not stretch(np.full((1, 1, 4, 4), 77, np.uint16)).any()


@pytest.mark.parametrize("rows", [[N], [-1], np.array([0, 400])])
def test_rows_that_are_not_there_are_named(folder, rows):
    with pytest.raises(InputError, match="has rows 0 to 22"):
        CropSet.open(folder).read(rows)


def test_a_failure_leaves_nothing_behind(tmp_path):
    with pytest.raises(InputError, match="17 rows were given for 18"):
        write(tmp_path / "s", table=ROWS[:-1])
    with pytest.raises(InputError, match="No crop was found"):
        write(tmp_path / "s", parts=())
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_left_alone(folder):
    before = sorted(folder.iterdir())
    with pytest.raises(InputError, match="exists; remove it"):
        write(folder)
    assert sorted(folder.iterdir()) == before
    assert np.array_equal(CropSet.open(folder).read(), PIXELS)


@pytest.mark.parametrize(
    ("crops", "rows", "says"),
    [
        (PIXELS[:, :2], ROWS, "for 3 channels"),
        (PIXELS[..., :5], ROWS, "square"),
        (PIXELS.astype(np.float32), ROWS, "uint8 or uint16"),
        (PIXELS, ROWS[:4], "4 rows were given for 23 crops"),
        (PIXELS[..., :6, :6], ROWS, "one size and type"),
        (PIXELS.astype(np.uint8), ROWS, "one size and type"),
    ],
)
def test_crops_that_do_not_fit_are_refused(tmp_path, crops, rows, says):
    with make(tmp_path / "s") as writer:
        writer.add(PIXELS[:1], ROWS[:1])
        with pytest.raises(InputError, match=says):
            writer.add(crops, rows)


def test_missing_and_damaged_files_are_named(folder):
    with pytest.raises(InputError, match="no crop set"):
        CropSet.open(folder.parent)
    shard = folder / "crops-0001.h5"
    content = shard.read_bytes()
    shard.unlink()
    with pytest.raises(InputError, match=r"crops-0001\.h5' is missing.*prepare the set again"):
        CropSet.open(folder)
    shard.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"crops-0001\.h5' is damaged"):
        CropSet.open(folder)
    shard.write_bytes((folder / "crops-0005.h5").read_bytes())
    with pytest.raises(InputError, match=r"holds crops \(3, 3, 12, 12\)"):
        CropSet.open(folder)


def test_a_table_that_does_not_fit_is_named(folder):
    table = folder / "table.parquet"
    pd.read_parquet(table)[:-1].to_parquet(table)
    with pytest.raises(InputError, match="22 rows for 23 crops"):
        CropSet.open(folder)
    pd.read_parquet(table).drop(columns="plate").to_parquet(table)
    with pytest.raises(InputError, match="lacks the column 'plate'"):
        CropSet.open(folder)
    table.write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"table\.parquet' is damaged"):
        CropSet.open(folder)


def test_another_version_is_refused(folder):
    about = folder / "crop_set.json"
    content = json.loads(about.read_text())
    about.write_text(json.dumps({**content, "format": "napari-c3r crop set 2"}))
    with pytest.raises(InputError, match="not what this version writes"):
        CropSet.open(folder)
