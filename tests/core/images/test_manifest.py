"""Fields that a table names: every way to write it, and what is wrong with it by the row."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import find_images
from napari_c3r.core.images.manifest import read_manifest


def written(path, table):
    frame = pd.DataFrame(table)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


def facts(image):
    files = [(each.channel, each.path) for each in image.files]
    return image.name, image.plate, image.well, image.site, image.scene, files


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_a_row_is_a_field_in_every_kind_of_table(tmp_path, suffix):
    table = {
        "Path": ["a.tif", "/data/b.ome.zarr"],
        "name": ["first", ""],
        "Metadata_Plate": ["0041", "0042"],
        "WELL": ["b3", "r01c02"],
        "site": [1, 2],
        "scene": ["", "3"],
        "compound": ["x", "y"],
    }
    found = read_manifest(written(tmp_path / f"fields{suffix}", table))
    assert [facts(each) for each in found] == [
        ("first", "0041", "B03", "1", None, [(None, tmp_path / "a.tif")]),
        ("0042_A02_2", "0042", "A02", "2", 3, [(None, Path("/data/b.ome.zarr"))]),
    ]


FORMS = {
    "a column each": {"path_DNA": ["d.tif"], "path_RNA": ["sub/r.tif"]},
    "as CellProfiler": {
        "FileName_OrigDNA": ["d.tif"],
        "PathName_OrigDNA": ["."],
        "FileName_OrigRNA": ["r.tif"],
        "PathName_OrigRNA": ["sub"],
        "FileName_IllumDNA": ["illumination.npy"],
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_channels_have_columns_of_their_own(tmp_path, form):
    (image,) = read_manifest(written(tmp_path / "m.csv", FORMS[form]))
    assert [(each.channel, each.path) for each in image.files] == [
        ("DNA", tmp_path / "d.tif"),
        ("RNA", tmp_path / "sub" / "r.tif"),
    ]
    assert image.name == "d"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_several_files_in_a_cell_are_channels_by_their_names(tmp_path, suffix):
    files = ["P_A01_s1_w1.tif", "P_A01_s1_w2.tif"]
    cell = ["; ".join(files)] if suffix == ".csv" else [files]
    (image,) = read_manifest(written(tmp_path / f"m{suffix}", {"path": cell, "well": ["A1"]}))
    assert image.channel_names == ("w1", "w2")
    assert (image.name, image.well) == ("A01", "A01")


def test_a_manifest_is_listed_in_place_of_a_folder_and_opens_no_file(tmp_path):
    table = {"path": ["gone10.tif", "gone2.tif"], "well": ["B1", "B1"], "site": ["10", "2"]}
    found = find_images(written(tmp_path / "m.csv", table))
    assert [each.name for each in found] == ["B01_2", "B01_10"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"file": ["a.tif"]}, r"no column 'path', nor 'path_DNA'.*; its columns are 'file'"),
        ({"path": ["a.tif", ""], "name": ["a", "b"]}, r"Row 3 of '.*m\.csv' names no file"),
        ({"path": ["a.tif"], "scene": ["two"]}, r"Row 2 of .* has the scene 'two'"),
        ({"path": ["a.tif", "b.tif"], "name": ["x", "X"]}, r"Rows 2 and 3 .* the name 'X'"),
        ({"path": ["A01_s1_w1.tif;B01_s2_w1.tif"]}, r"Row 2 .*do not read as the channels"),
        ({"path": []}, "has no rows"),
    ],
)
def test_what_is_wrong_is_told_by_its_row(tmp_path, table, said):
    with pytest.raises(InputError, match=said):
        read_manifest(written(tmp_path / "m.csv", table))


def test_a_damaged_table_is_one_line(tmp_path):
    (tmp_path / "m.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"m\.parquet' cannot be read"):
        read_manifest(tmp_path / "m.parquet")
