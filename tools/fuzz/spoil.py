"""Spoil files: bits, lengths, headers, tags, and values in what is JSON, XML or a table."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

_INTEGERS = (0, 1, 2, 3, 127, 255, 256, 32767, 65535, 65536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
_LONG = (2**53, 2**63 - 1, 2**63, 2**64 - 1)
_TEXTS = ("", " ", "NaN", "-1", "²", "0x10", "\x00", "\x1b[2J", "a\nb", "[/b]", "é" * 300, "../..")
_VALUES: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 1.5, 1e308, -0.0, 10**30, [], {}, [[]], [None], {"": 0}),
    *_TEXTS,
)


def spoil(path: Path, rng: random.Random) -> str:
    """Spoil a file, or one of the files of a folder.

    Parameters
    ----------
    path
        The file, or a folder with files. It may be linked elsewhere: it is written anew.
    rng
        Decides all.

    Returns
    -------
    str
        What was done, in words.
    """
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file())
        # What describes a folder decides more than any of its many pixels.
        telling = [p for p in inside if p.suffix in (".json", "") or p.name.startswith(".z")]
        chosen = rng.choice(telling if telling and rng.random() < 0.6 else inside)
        said = _spoil_file(chosen, rng)
        if (path / "SHA256SUMS").is_file() and rng.random() < 0.8:
            _sum_again(path)
        return f"{chosen.relative_to(path.parent)}: {said}"
    return f"{path.name}: {_spoil_file(path, rng)}"


def _spoil_file(path: Path, rng: random.Random) -> str:
    if rng.random() < 0.04:
        return _put_something_else(path, rng)
    data, kind = path.read_bytes(), _kind(path)
    ways: list[Callable[[bytes, random.Random], tuple[bytes, str]]] = [_bits, _cut, _run, _header]
    own = {
        "json": [_json_value] * 8,
        "tiff": [_tiff_tag] * 5 + [_xml_value] * 3,
        "text": [_text_value] * 5 + [_encoding],
        "safetensors": [_safetensors_header] * 6,
    }
    way = rng.choice([*ways, *own.get(kind, [])])
    changed, said = way(data, rng)
    path.unlink()
    path.write_bytes(changed)
    return said


def _kind(path: Path) -> str:
    if path.suffix == ".json" or path.name in (".zarray", ".zattrs", ".zgroup"):
        return "json"
    if path.suffix == ".tif":
        return "tiff"
    if path.suffix in (".csv", ".tsv", ".md") or path.name == "SHA256SUMS":
        return "text"
    return path.suffix.lstrip(".")


def _sum_again(folder: Path) -> None:
    """Write the sums of a model folder anew, so that it looks whole."""
    sums = folder / "SHA256SUMS"
    names = [p.name for p in sorted(folder.iterdir()) if p.is_file() and p != sums]
    lines = [f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names]
    sums.unlink()
    sums.write_text("".join(lines))


def _put_something_else(path: Path, rng: random.Random) -> str:
    what = rng.choice(("nothing", "an empty file", "a folder", "a link to itself", "text"))
    path.unlink()
    if what == "an empty file":
        path.write_bytes(b"")
    elif what == "a folder":
        path.mkdir()
    elif what == "a link to itself":
        path.symlink_to(path.name)
    elif what == "text":
        path.write_text("This is no such file.\n")
    return f"{what} in its place"


def _bits(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    changed, n = bytearray(data), rng.choice((1, 1, 2, 5, 20))
    for _ in range(n if changed else 0):
        # Headers are short, and what stands there counts most.
        reach = len(changed) if rng.random() < 0.5 else min(len(changed), 400)
        changed[rng.randrange(reach)] ^= 1 << rng.randrange(8)
    return bytes(changed), f"{n} bits turned"


def _cut(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    at = rng.choice((rng.randrange(len(data) + 1), max(0, len(data) - rng.randrange(1, 40))))
    return data[:at], f"cut at {at} of {len(data)} bytes"


def _run(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    at, n = rng.randrange(len(data) + 1), rng.choice((1, 8, 100, 1000))
    new = rng.choice((bytes(n), b"\xff" * n, rng.randbytes(n), data[at : at + n] * 2))
    over = rng.random() < 0.7
    changed = data[:at] + new + data[at + n * over :]
    return changed, f"{n} bytes {'overwritten' if over else 'put in'} at {at}"


def _header(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    width, order = rng.choice((2, 4, 8)), rng.choice("<>")
    if len(data) < width:
        return _run(data, rng)
    at = rng.randrange(min(len(data) - width + 1, 600))
    value = rng.choice(_INTEGERS + _LONG) % 2 ** (8 * width)
    packed = struct.pack(order + {2: "H", 4: "I", 8: "Q"}[width], value)
    return data[:at] + packed + data[at + width :], f"{value} in {width} bytes at {at}"


def _tiff_tag(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Change type, count or value of one tag of the first page."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    try:
        (start,) = struct.unpack_from(f"{order}I", data, 4)
        (n_tags,) = struct.unpack_from(f"{order}H", data, start)
        at = start + 2 + 12 * rng.randrange(n_tags)
        (code,) = struct.unpack_from(f"{order}H", data, at)
        changed, field = bytearray(data), rng.choice(("type", "count", "value", "value", "value"))
        if field == "type":
            struct.pack_into(f"{order}H", changed, at + 2, rng.randrange(20))
        else:
            place = at + (4 if field == "count" else 8)
            struct.pack_into(f"{order}I", changed, place, rng.choice(_INTEGERS))
    except (struct.error, ValueError):
        return _bits(data, rng)
    return bytes(changed), f"{field} of the tag {code} changed"


def _xml_value(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Change one attribute of the metadata, without moving what comes after."""
    found = list(re.finditer(rb'(\w+)="([^"]*)"', data))
    if not found:
        return _tiff_tag(data, rng)
    chosen = rng.choice(found)
    length = len(chosen[2])
    new = rng.choice((*map(str, _INTEGERS), *_TEXTS, "1e308", "-5", "inf")).encode()
    new = new[:length].ljust(length)
    changed = data[: chosen.start(2)] + new + data[chosen.end(2) :]
    return changed, f"{chosen[1].decode()} is {new!r}"


def _text_value(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Change one field of a table, or a whole line of it."""
    lines = data.split(b"\n")
    row = rng.randrange(len(lines))
    if rng.random() < 0.3:
        lines[row : row + 1] = rng.choice(([], [lines[row]] * 2, [lines[row] * 50]))
        return b"\n".join(lines), f"line {row} gone, twice or long"
    parts = re.split(rb"([,\t;])", lines[row])
    column = 2 * rng.randrange((len(parts) + 1) // 2)
    odd = (*_TEXTS, '"', "1e999", "," * 9, *map(str, _LONG))
    parts[column] = rng.choice(odd).encode()
    lines[row] = b"".join(parts)
    return b"\n".join(lines), f"line {row}, field {column // 2} is {parts[column][:20]!r}"


def _encoding(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    chosen = rng.choice(("utf-16", "utf-8-sig", "utf-32", "cp037"))
    return data.decode("utf-8", "replace").encode(chosen, "replace"), f"as {chosen}"


def _json_value(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Change, take away or put in one value."""
    try:
        content = json.loads(data)
    except ValueError:
        return _bits(data, rng)
    path, parent, key = _draw(content, rng)
    what = rng.choice(("another", "another", "another", "gone", "deep", "more"))
    if parent is None:
        return json.dumps(rng.choice(_VALUES)).encode(), "another value as a whole"
    if what == "gone":
        del parent[key]
    elif what == "deep":
        deep = "[" * 3000 + "]" * 3000
        parent[key] = "@deep@"
        return json.dumps(content).replace('"@deep@"', deep).encode(), f"{path} is deep"
    elif what == "more" and isinstance(parent[key], list):
        parent[key] = parent[key] * rng.choice((2, 100))
    else:
        parent[key] = rng.choice((*_VALUES, *_INTEGERS, *_LONG))
    return json.dumps(content).encode(), f"{path} is {what}"


def _draw(content: Any, rng: random.Random) -> tuple[str, Any, Any]:
    """A place in JSON: its path, what holds it and its key there; None for the whole."""
    places: list[tuple[str, Any, Any]] = []

    def walk(value: Any, path: str) -> None:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inside in list(pairs):
            places.append((f"{path}/{key}", value, key))
            if isinstance(inside, dict | list):
                walk(inside, f"{path}/{key}")

    if isinstance(content, dict | list):
        walk(content, "")
    if not places or rng.random() < 0.03:
        return "", None, None
    return rng.choice(places)


def _safetensors_header(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    (length,) = struct.unpack_from("<Q", data)
    header, said = _json_value(data[8 : 8 + length], rng)
    return struct.pack("<Q", len(header)) + header + data[8 + length :], f"header: {said}"


def copy_linked(source: Path, target: Path) -> None:
    """Copy a folder without its bytes: each file is a second name of the first."""
    shutil.copytree(source, target, copy_function=os.link)
