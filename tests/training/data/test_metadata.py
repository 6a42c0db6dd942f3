"""A table of wells is joined by the keys it has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from training.data.metadata import Metadata, normalised


def image(**place):
    return replace(Image.from_array(np.zeros((1, 4, 4)), ("DNA",)), **place)


@pytest.mark.parametrize(
    ("key", "written", "meant"),
    [
        *(("well", written, "C03") for written in ("c3", "C03", "C003")),
        ("well", "AA1", "AA01"),
        ("site", "01", "1"),
        ("site", 7, "7"),
        ("plate", "P1", "P1"),
        ("plate", "007", "007"),
    ],
)
def test_wells_and_sites_are_written_in_many_ways(key, written, meant):
    assert normalised(key, written) == meant


def test_rows_are_found_by_plate_and_well(tmp_path):
    path = tmp_path / "wells.csv"
    path.write_text(
        "Metadata_Plate,Metadata_Well,broad_sample,cell_line\nP1,a1,BRD1,U2OS\nP1,A2,,A549"
    )
    metadata = Metadata(path, "broad_sample")
    found = metadata.of(image(plate="P1", well="A01", site="4"))
    assert (found["id"], found["cell_line"]) == ("BRD1", "U2OS")
    assert metadata.of(image(plate="P1", well="A02"))["id"] == ""
    with pytest.raises(InputError, match=r"no row for image 'image' \(plate/well P2/A01\)"):
        metadata.of(image(plate="P2", well="A01"))


def test_mistakes_in_the_table_are_named(tmp_path):
    path = tmp_path / "wells.csv"
    path.write_text("well,drug\nA1,x\nA01,y\n")
    with pytest.raises(InputError, match="two rows for A01"):
        Metadata(path)
    with pytest.raises(InputError, match="no column 'dose'; it has well, drug"):
        Metadata(path, "dose")
    path.write_text("drug\nx\n")
    with pytest.raises(InputError, match="none of the columns plate, well and site"):
        Metadata(path)
    with pytest.raises(InputError, match="no CSV file"):
        Metadata(tmp_path / "none.csv")
