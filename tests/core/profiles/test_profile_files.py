"""Profile tables on disk: a damaged result is no table of another tool."""

from __future__ import annotations

import numpy as np
import pytest

import napari_c3r as c3r
from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.files import read_profiles
from tests.core.table.test_result import one


@pytest.mark.parametrize("suffix", ["csv", "parquet", "h5ad"])
def test_a_result_is_read_as_it_is(tmp_path, suffix):
    path = c3r.write(one(), tmp_path / f"cells.{suffix}")
    np.testing.assert_array_equal(read_profiles(path).X, one().X)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "h5ad"])
def test_half_a_result_is_refused(tmp_path, suffix):
    path = c3r.write(one(), tmp_path / f"cells.{suffix}")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="cells"):
        read_profiles(path)
