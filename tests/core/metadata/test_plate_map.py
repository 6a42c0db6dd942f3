"""Plate maps fitted to fields of view, and found beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import ImageFiles
from napari_c3r.core.images.image_files import PlaneFile
from napari_c3r.core.metadata import Design, PlateMap, design_of, find_plate_maps


def fields(*wells, plate="p", folder=Path(".")):
    return [
        ImageFiles(f"{plate}_{well}", (PlaneFile(folder / f"{well}.tif"),), plate, well, "1")
        for well in wells
    ]


def frame(**columns):
    return pd.DataFrame(columns, dtype=object)


def test_it_says_what_it_holds_and_what_it_lacks():
    doses = frame(well=["A1", "A2", "C5"], drug=["DMSO", "x", "y"], dose_uM=["0", "1.5", "3"])
    found = PlateMap.fitted(doses, fields("A01", "A02", "B01"))
    assert found.words == "2 wells · drug, dose_uM, 1 control (DMSO)"
    assert found.lacking == "1 well is not in the table: B01"
    assert found.unused == "1 well of the table is not among the images: C05"
    assert found.design == Design("drug", "dose_uM", "µM", ("drug", "DMSO"))
    assert found.fields["dose_uM"].tolist()[:2] == [0.0, 1.5]


def test_images_without_wells_are_counted_as_images():
    found = PlateMap.fitted(
        frame(file=["a.png", "b.png"], moa=["m", "n"], plate=["1", "2"], well=["A1", "A1"]),
        [ImageFiles("a", ()), ImageFiles("b", ())],
    )
    assert found.words == "2 images · moa, plate, well"
    assert found.fields.columns.tolist() == ["image", "moa", "plate", "well"]


def test_a_table_gets_the_columns_and_what_they_mean():
    found = PlateMap.fitted(frame(well=["A1", "A2"], drug=["DMSO", "x"]), fields("A01", "A02"))
    chosen = Design(treatment="drug", positive=("drug", "x"))
    cells = AnnData(
        np.zeros((3, 1)), obs=pd.DataFrame({"well": ["A02", "A01", "A02"]}, list("abc"))
    )
    table = found.meaning(chosen).add_to(cells)
    assert table.obs["drug"].tolist() == ["x", "DMSO", "x"]
    assert design_of(table) == chosen


def test_other_fields_get_the_same_map_and_meaning():
    found = PlateMap.fitted(frame(well=["A1", "B1"], drug=["DMSO", "x"]), fields("A01"))
    again = found.meaning(Design(treatment="drug")).refitted(fields("B01", plate="q"))
    assert again.fields["drug"].tolist() == ["x"]
    assert again.design == Design(treatment="drug")
    with pytest.raises(InputError, match="Nothing of the plate map matches"):
        found.refitted(fields("H12"))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    return tmp_path


def test_tables_beside_the_images_are_found_best_first(folder):
    images = fields("A01", "A02", folder=folder / "images")
    (folder / "images" / "some.csv").write_text("well,a\nA01,1\n")
    (folder / "all.tsv").write_text("well\tb\nA01\t1\nA02\t2\n")
    (folder / "all.csv").write_text("well,c_note\nH01,1\n")
    (folder / "notes.csv").write_text("todo\nbuy milk\n")
    (folder / "images" / "cells.csv").write_text("well,c3r_0000\nA01,1\nA02,2\n")
    (folder / "images" / "~$some.csv").write_text("well,a\nA01,1\n")
    found = find_plate_maps(images, [folder])
    assert [each.path.name for each in found] == ["all.tsv", "some.csv"]


def test_the_folder_above_several_is_looked_through(folder):
    for name in ("one", "two"):
        (folder / name).mkdir()
    images = [*fields("A01", folder=folder / "one"), *fields("A02", folder=folder / "two")]
    (folder / "map.csv").write_text("well,a\nA01,1\n")
    assert [each.path.name for each in find_plate_maps(images)] == ["map.csv"]


def test_no_table_is_no_plate_map(folder):
    assert find_plate_maps(fields("A01", folder=folder / "nowhere")) == ()
