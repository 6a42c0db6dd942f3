"""Tables of fields into one, a stretch of rows at a time: the same as joined in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.table import KEY, join_results, make_result, read, write
from napari_c3r.core.table.merging import Parts, merge

FACTS = {
    "roles": {"DNA": "context", "RNA": "concept"},
    "encoder": {"name": "e"},
    "concept_mode": "each",
    "readout": "cls",
}


def field(name, rows, seed=0, facts=FACTS, **columns):
    obs = pd.DataFrame(
        {"image": name, "label": range(1, rows + 1), "y_px": 1.5, "x_px": 2.0, **columns}
    )
    vectors = np.random.default_rng(seed).random((rows, 6), np.float32)
    told = {**facts, "images": {"name": [name]}, "sources": {}, "notes": [f"of {name}"]}
    return make_result(obs, vectors, [("RNA", "cls")] * 6, told)


@pytest.fixture
def fields():
    return [
        field("a", 5, 1, flat=True, count=[1, 2, 3, 4, 5]),
        field("b", 3, 2, well="A01", flat=False, count=1),
        field("c", 40, 3, well=None, flat=True, area_um2=0.5),
    ]


@pytest.fixture
def paths(fields, tmp_path):
    return [write(each, tmp_path / f"{each.obs['image'].iloc[0]}.parquet") for each in fields]


@pytest.mark.parametrize("group_bytes", [1, 400, 1 << 25])
def test_what_is_merged_is_what_is_joined_in_memory(
    fields, paths, tmp_path, group_bytes, monkeypatch
):
    monkeypatch.setattr("napari_c3r.core.table.merging._GROUP_BYTES", group_bytes)
    monkeypatch.setattr("napari_c3r.core.table.merging._SMALL", 2)
    merge(Parts.of(paths), tmp_path / "all.parquet", ["one more"])
    merged, joined = read(tmp_path / "all.parquet"), join_results(fields)
    np.testing.assert_array_equal(merged.X, joined.X)
    assert merged.obs_names.tolist() == joined.obs_names.tolist()
    assert merged.obs.columns.tolist() == joined.obs.columns.tolist()
    for name in joined.obs:
        known = joined.obs[name].notna()
        assert (merged.obs[name].notna() == known).all(), name
        assert merged.obs[name][known].tolist() == joined.obs[name][known].tolist(), name
    assert merged.uns[KEY] == {
        **joined.uns[KEY],
        "notes": ["of a", "of b", "of c", "one more"],
    }
    groups = pq.ParquetFile(tmp_path / "all.parquet").num_row_groups
    assert (groups == 1) == (group_bytes == 1 << 25)


def test_fields_made_otherwise_are_not_merged(paths, tmp_path):
    other = field("d", 2, facts={**FACTS, "roles": {"DNA": "concept", "RNA": "context"}})
    with pytest.raises(InputError, match="The results differ in roles"):
        Parts.of([*paths, write(other, tmp_path / "d.parquet")])


def test_a_damaged_file_is_named_and_nothing_is_written(paths, fields, tmp_path):
    parts = Parts.of(paths)
    whole = paths[2].read_bytes()
    place = whole.index(np.asarray(fields[2].X[:3, 0]).tobytes())
    paths[2].write_bytes(whole[:place] + bytes([whole[place] ^ 64]) + whole[place + 1 :])
    with pytest.raises(InputError, match=r"c\.parquet' cannot be read .*run again"):
        merge(parts, tmp_path / "all.parquet")
    assert not (tmp_path / "all.parquet").exists()
    paths[2].write_bytes(whole[:-9])
    with pytest.raises(InputError, match=r"c\.parquet' cannot be read"):
        Parts.of(paths)
