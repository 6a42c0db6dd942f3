"""Tables as people save them: any encoding, separator and packing; damaged ones in one line."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import zipfile

import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.metadata import text_file
from napari_c3r.core.metadata.reading import read_metadata
from napari_c3r.core.metadata.text_file import read_sheets

ROWS = [
    ["well", "plate", "treatment"],
    ["A08", "0041", "None"],
    ["A09", "1E05", "NA"],
    ["A10", "", "Taxol, 5; µM"],
    ["A11", "nan", "-"],
]


def text(separator: str) -> str:
    quoted = [[f'"{cell}"' if "," in cell else cell for cell in row] for row in ROWS]
    return "".join(separator.join(row) + "\n" for row in quoted)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_any_separator_and_encoding(tmp_path, separator, encoding):
    (tmp_path / "t.csv").write_bytes(text(separator).encode(encoding))
    assert read_sheets(tmp_path / "t.csv") == {"t": ROWS}


def zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inside.csv", content)
        archive.writestr("__MACOSX/._inside.csv", b"\0")
    return packed.getvalue()


PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zip": zipped}


@pytest.mark.parametrize("suffix", PACKERS)
def test_packed_tables(tmp_path, suffix):
    path = tmp_path / f"t.csv{suffix}"
    path.write_bytes(PACKERS[suffix](text(",").encode()))
    frame = read_metadata(path)
    assert list(frame.columns) == ROWS[0]
    assert frame.to_numpy().tolist() == [[cell or None for cell in row] for row in ROWS[1:]]
    # What it is decides, not what it is called.
    (tmp_path / "t.csv").write_bytes(path.read_bytes())
    assert next(iter(read_sheets(tmp_path / "t.csv").values())) == ROWS


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize(
    "spoil",
    [lambda b: b[: len(b) // 2], lambda b: b[:-3], lambda b: b[:12] + b"\xff" * 20 + b[32:]],
)
def test_damaged_packing_is_one_line_that_names_the_file(tmp_path, suffix, spoil):
    path = tmp_path / f"t.csv{suffix}"
    path.write_bytes(spoil(PACKERS[suffix](text(",").encode())))
    with pytest.raises(InputError, match=r"^The table '.*t\.csv\S+' cannot be read \(") as refused:
        read_metadata(path)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("sep=;\nwell;x\nA1;a,b\n", [["well", "x"], ["A1", "a,b"]]),
        ("well\nA1\nA2\n", [["well"], ["A1"], ["A2"]]),
        ("well,x,\n\n ,,\n A1 , b,\n", [["well", "x"], ["A1", "b"]]),
        ('a,b\n"x\ny",2\n', [["a", "b"], ["x\ny", "2"]]),
        ("a;b\n1,5;2,5\n3,5;4,5\n", [["a", "b"], ["1,5", "2,5"], ["3,5", "4,5"]]),
        ("a,b\n1\n1,2,\n", [["a", "b"], ["1", ""], ["1", "2"]]),
        ("\r\na,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
    ],
)
def test_odd_but_sound_tables(tmp_path, content, rows):
    (tmp_path / "t.csv").write_text(content, newline="")
    assert read_sheets(tmp_path / "t.csv") == {"t": rows}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"", "no rows"),
        ("t.csv", b"well,x\n", "no rows"),
        ("t.csv", b"a\0b,c\nd,e\n", "no text"),
        ("t.csv", b"a,b\n" + b"x" * (2**20 + 1), "field larger than"),
        ("t.csv", b"a,a\n1,2\n", "the column 'a'"),
        ("t.csv", b"a,,b\n1,2,3\n", "the column ''"),
        ("t.csv.zip", b"PK\3\4junk", "packing is damaged"),
        ("t.csv.gz", b"\x1f\x8bjunk", "cannot be read"),
        ("t.xlsx", b"no workbook", "cannot be read|needs the package"),
        ("t.doc", b"a,b\n1,2\n", "no plate map"),
    ],
)
def test_what_is_no_table_is_one_line(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said) as refused:
        read_metadata(tmp_path / name)
    assert name in str(refused.value)


def test_paths_that_are_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    for name in ("pipe.csv", "folder.csv", "loop.csv", "none.csv", "x" * 300 + ".csv"):
        with pytest.raises(InputError):
            read_metadata(tmp_path / name)
    with pytest.raises(InputError):
        read_metadata("a\0b.csv")


def test_what_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text_file, "MAX_BYTES", 1000)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n" * 1000))
    with pytest.raises(InputError, match="holds more than"):
        read_metadata(tmp_path / "t.csv.gz")


def test_zips_of_no_or_several_files(tmp_path):
    for names in ((), ("a.csv", "b.csv")):
        with zipfile.ZipFile(tmp_path / "t.csv.zip", "w") as archive:
            for name in names:
                archive.writestr(name, "a,b\n")
        with pytest.raises(InputError, match=f"zip of {len(names)} files"):
            read_metadata(tmp_path / "t.csv.zip")
