"""Plate maps as people save them."""

from __future__ import annotations

import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.metadata import read_metadata

ROWS = [["Well", "Compound", "Batch"], ["A1", "Taxol, µ", "0041"], ["B9", "None", ""]]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_separator_and_encoding(tmp_path, separator, encoding):
    quoted = [[f'"{cell}"' if separator in cell else cell for cell in row] for row in ROWS]
    text = "\r\n".join(separator.join(row) for row in quoted) + "\r\n\r\n"
    (tmp_path / "map.csv").write_bytes(text.encode(encoding))
    found = read_metadata(tmp_path / "map.csv")
    assert list(found.columns) == ROWS[0]
    assert found.to_numpy().tolist() == [ROWS[1], ["B9", "None", None]]


def test_a_grid(tmp_path):
    (tmp_path / "dose.csv").write_text(",1,2,3\nA,0,0.1,\nB,,1,10\n")
    found = read_metadata(tmp_path / "dose.csv")
    wells = [["A01", "0"], ["A02", "0.1"], ["B02", "1"], ["B03", "10"]]
    assert found.to_numpy().tolist() == wells


def test_excel_with_a_grid_a_sheet_and_as_a_list(tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "compound"
    for row in ([None, 1, 2], ["A", "DMSO", "Taxol"], ["AA", None, "X"]):
        book.active.append(row)
    dose = book.create_sheet("dose (µM)")
    for row in ([None, 1, 2], ["A", 0, 0.5]):
        dose.append(row)
    book.create_sheet("notes").append(["made on a Monday"])
    book.save(tmp_path / "wrong.xlsx")
    # Rows A and AA are no plate, so this sheet is none; the other is.
    assert list(read_metadata(tmp_path / "wrong.xlsx").columns) == ["well", "dose (µM)"]
    book.worksheets[0]["A3"] = "B"
    book.save(tmp_path / "map.xlsx")
    found = read_metadata(tmp_path / "map.xlsx")
    assert list(found.columns) == ["well", "compound", "dose (µM)"]
    assert found.to_numpy().tolist() == [
        ["A01", "DMSO", "0"],
        ["A02", "Taxol", "0.5"],
        ["B02", "X", None],
    ]
    listed = Workbook()
    for row in (["Well", "Compound", "Dose"], ["A1", "DMSO", 1.0]):
        listed.active.append(row)
    listed.save(tmp_path / "list.xlsx")
    assert read_metadata(tmp_path / "list.xlsx").to_numpy().tolist() == [["A1", "DMSO", "1"]]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "no rows"),
        ("a.csv", b"well,drug\n", "no rows"),
        ("a.csv", b"well,drug,drug\nA1,x,y\n", "the column 'drug'"),
        ("a.xlsx", b"no workbook", "cannot be read"),
        ("a.doc", b"x", "no plate map that is read"),
        ("a.csv", b",1,2\nA,x,y\nB,x,y,note\n", "keep notes out"),
    ],
)
def test_mistakes_are_one_line(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    if said == "keep notes out":
        content = b"," + b",".join(str(n).encode() for n in range(1, 50)) + b"\nA" + b",x" * 49
        (tmp_path / name).write_bytes(content + b"\n")
    with pytest.raises(InputError, match=said):
        read_metadata(tmp_path / name)
    with pytest.raises(InputError, match="There is no file"):
        read_metadata(tmp_path / "none.csv")
