"""Tables as files of text: packed or not, in any usual encoding, with any usual separator.

Nothing is guessed from values: what a cell of the table says is kept letter by letter, so that the
plate ``0041``, the compound ``1E05`` and the treatments ``None`` and ``NA`` stay what they are.
"""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import lzma
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from napari_c3r.core.errors import InputError, MissingPackageError

Rows = list[list[str]]
"""The cells of a sheet as text, empty where there is nothing."""

EXCEL: Final = (".xlsx", ".xlsm")
# What a table of labels never has, and what a small packed file can unpack to.
MAX_BYTES = 256 * 2**20

_SEPARATORS = ",;\t|"
_LOOKED_AT = 50
_PACKED: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}
_ZIP = b"PK"
_IN_EXCEL = "[Content_Types].xml"


def read_sheets(path: str | Path) -> dict[str, Rows]:
    """Read the rows of a table, as text.

    Parameters
    ----------
    path
        CSV with commas, semicolons, tabs or bars, as UTF-8, UTF-16 or in the code page of western
        Windows; the same packed by gzip, bzip2, xz or zip; or Excel.

    Returns
    -------
    dict
        Rows by the name of the sheet, which of a text file is its stem. Blanks around a value, and
        rows and trailing columns without any, are left out.

    Raises
    ------
    InputError
        No such file, or one that cannot be read, in one line that names it.
    """
    path = Path(path)
    try:
        _require_ordinary(path)
        head = _head(path)
        is_excel = path.suffix.lower() in EXCEL or (head.startswith(_ZIP) and _holds_excel(path))
        sheets = (
            _excel(path) if is_excel else {path.stem: _text_rows(_unpacked(path, head, MAX_BYTES))}
        )
    except InputError:
        raise
    # Libraries that unpack raise a dozen kinds for a damaged file.
    except Exception as error:
        raise _unreadable(path, error) from error
    return {name: _trimmed(rows) for name, rows in sheets.items()}


def _unreadable(path: Path, error: Exception) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"There is no file '{path}'; check the name")
    return InputError(
        f"The table '{path}' cannot be read ({_reason(error)}); check the file, or save it again "
        "as CSV"
    )


def _require_ordinary(path: Path) -> None:
    """Refuse what is no file: reading from a pipe or a device may never end."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise InputError(f"The table '{path}' is a folder; give the name of a file")
    if not stat.S_ISREG(mode):
        raise InputError(f"The table '{path}' is a device or a pipe; give the name of a file")


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(8)


def _reason(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "it ends too early"
    if isinstance(error, zipfile.BadZipFile | gzip.BadGzipFile | zlib.error | lzma.LZMAError):
        return f"its packing is damaged: {error}"
    said = getattr(error, "strerror", None) or str(error)
    return " ".join(said.split())[:120] or type(error).__name__


def _unpacked(path: Path, head: bytes, most: int) -> bytes:
    if head.startswith(_ZIP):
        return _only_member(path, most)
    for magic, opened in _PACKED.items():
        if head.startswith(magic):
            with opened(path) as stream:
                return _all_of(stream, most)
    with path.open("rb") as stream:
        return _all_of(stream, most)


def _all_of(stream: IO[bytes], most: int) -> bytes:
    content = stream.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it holds more than {most // 2**20} MB")
    return content


def _only_member(path: Path, most: int) -> bytes:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        names = [name for name in names if not name.startswith("__MACOSX/")]
        if len(names) != 1:
            raise ValueError(f"it is a zip of {len(names)} files, and one is wanted")
        with archive.open(names[0]) as stream:
            return _all_of(stream, most)


def _holds_excel(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return _IN_EXCEL in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def read_text(path: Path, most: int) -> tuple[str, str]:
    """The text of a table, and what separates its columns.

    Parameters
    ----------
    path
        As for `read_sheets`, but for Excel.
    most
        Bytes that it may hold.

    Raises
    ------
    InputError
        As for `read_sheets`.
    """
    try:
        _require_ordinary(path)
        return _parted(_unpacked(path, _head(path), most))
    except InputError:
        raise
    except Exception as error:
        raise _unreadable(path, error) from error


def _text_rows(content: bytes) -> Rows:
    text, separator = _parted(content)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def _parted(content: bytes) -> tuple[str, str]:
    text = _decoded(content)
    if "\0" in text:
        raise ValueError("it is no text")
    first, _, rest = text.partition("\n")
    # Excel's own way to say the separator.
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return rest, first.strip()[4]
    return text, _separator(text)


def _decoded(content: bytes) -> str:
    # The mark of UTF-32 begins with that of UTF-16.
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding)
    zeros = content[:2000].count(0)
    if zeros > len(content[:2000]) // 4:
        # UTF-16 without its mark: every other byte of western letters is 0.
        return content.decode("utf-16-le" if content[1:2] == b"\0" else "utf-16-be")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _separator(text: str) -> str:
    """The separator that parts most of the first lines alike; a comma where there is none."""
    lines = [line for line in text.splitlines()[:_LOOKED_AT] if line.strip()]

    def agreement(separator: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=separator)]
        width, alike = Counter(widths).most_common(1)[0] if widths else (1, 0)
        return (alike if width > 1 else 0, width)

    return max(_SEPARATORS, key=agreement)


def _excel(path: Path) -> dict[str, Rows]:
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise MissingPackageError("openpyxl", f"Reading the table '{path}'") from error

    with zipfile.ZipFile(path) as archive:
        if sum(each.file_size for each in archive.infolist()) > MAX_BYTES:
            raise ValueError(f"it holds more than {MAX_BYTES // 2**20} MB")
    book = load_workbook(path, read_only=True, data_only=True)
    try:
        return {
            sheet.title: [[_written(c) for c in row] for row in sheet.iter_rows(values_only=True)]
            for sheet in book.worksheets
        }
    finally:
        book.close()


def _written(value: object) -> str:
    """What stands in a cell of Excel; a whole number without a point."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _trimmed(rows: Rows) -> Rows:
    stripped = [[cell.strip() for cell in row] for row in rows]
    kept = [row for row in stripped if any(row)]
    width = max((n + 1 for row in kept for n, cell in enumerate(row) if cell), default=0)
    return [[*row, *[""] * (width - len(row))][:width] for row in kept]
