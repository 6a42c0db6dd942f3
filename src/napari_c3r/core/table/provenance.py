"""What a result came from: enough to make it again, and to notice when something changed."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from napari_c3r.core.errors import InputError
from napari_c3r.core.text import readable

FORMAT: Final = 1
"""Version of what a result and its provenance hold; ``"format"`` in the provenance."""

PACKAGES = ("napari-c3r", "torch", "numpy", "scikit-image", "umap-learn", "anndata")
_READ_BYTES = 1 << 20


def require_readable(provenance: Mapping[str, Any], name: str) -> None:
    """Refuse a result of a later format; an older one, or one that does not say, is read.

    Parameters
    ----------
    provenance
        Of the result.
    name
        Of its file, for the message.

    Raises
    ------
    InputError
        The result was written by a later version of this package.
    """
    written = provenance.get("format", FORMAT)
    if isinstance(written, int) and written > FORMAT:
        raise InputError(
            f"'{name}' was written by a newer napari-c3r (format {written}; this one reads up to "
            f"{FORMAT}): update napari-c3r"
        )


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide the numbers."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def describe_sources(paths: Iterable[Path]) -> dict[str, list[Any]]:
    """Path, size and SHA-256 of every source file, as columns of equal length.

    A folder (OME-Zarr) is described by the names and sizes of the files in it, since hashing
    a whole plate would take longer than embedding it.

    Raises
    ------
    InputError
        A file cannot be read.
    """
    columns: dict[str, list[Any]] = {"path": [], "size_bytes": [], "sha256": []}
    for path in paths:
        with told_by_name(Path(path)):
            size, digest = _fingerprint(Path(path))
        columns["path"].append(readable(str(path)))
        columns["size_bytes"].append(size)
        columns["sha256"].append(digest)
    return columns


@contextmanager
def told_by_name(path: Path) -> Iterator[None]:
    """Let an error of the system while a file is read say which file, in one line."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"'{readable(str(path))}' cannot be read any more ({error.strerror or error}); check "
            "that the file is there and complete"
        ) from error


def _fingerprint(path: Path) -> tuple[int, str]:
    digest = hashlib.sha256()
    if path.is_dir():
        size = 0
        for file in files_in(path):
            size += file.stat().st_size
            name = file.relative_to(path).as_posix()
            digest.update(f"{readable(name)}\0{file.stat().st_size}\0".encode())
        return size, digest.hexdigest()
    return path.stat().st_size, sha256_of(path)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    add_content(digest, path)
    return digest.hexdigest()


def files_in(folder: Path) -> list[Path]:
    """Every file in a folder and the folders in it, sorted."""
    return sorted(each for each in folder.rglob("*") if each.is_file())


def add_content(digest: hashlib._Hash, path: Path) -> None:
    """Take all bytes of a file into a digest."""
    with path.open("rb") as stream:
        while block := stream.read(_READ_BYTES):
            digest.update(block)
