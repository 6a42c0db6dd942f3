"""Where the fields of a run are kept as they are done: in memory, or in a folder."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from napari_c3r.core.atomic import replacing, require_folder
from napari_c3r.core.embed.provenance import ADDED_SETTINGS
from napari_c3r.core.errors import InputError
from napari_c3r.core.table import KEY, join_results, read, write

if TYPE_CHECKING:
    from anndata import AnnData


class Store(Protocol):
    """Keeps the table of every field as soon as it is done."""

    def open(self, settings: Mapping[str, Any]) -> None:
        """Get ready for a run.

        Parameters
        ----------
        settings
            Everything that decides its vectors.

        Raises
        ------
        InputError
            Nothing can be kept here, or what is kept was made with other settings.
        """
        ...

    def has(self, name: str) -> bool:
        """Whether a field is kept."""
        ...

    def keep(self, name: str, table: AnnData) -> None:
        """Keep the table of a field."""
        ...

    def table(self, name: str) -> AnnData:
        """The table of a field that is kept."""
        ...

    def finish(self, names: Sequence[str], failed: Mapping[str, str]) -> None:
        """Take note that every field is through.

        Parameters
        ----------
        names
            The fields, in the order of the table.
        failed
            Why some of them could not be embedded.

        Raises
        ------
        InputError
            None could, and a table of none cannot be kept.
        """
        ...


class MemoryStore:
    """Keeps tables in memory."""

    def __init__(self) -> None:
        self._tables: dict[str, AnnData] = {}

    def open(self, settings: Mapping[str, Any]) -> None:
        """Nothing to get ready."""

    def has(self, name: str) -> bool:
        """Whether a field is kept."""
        return name in self._tables

    def keep(self, name: str, table: AnnData) -> None:
        """Keep the table of a field."""
        self._tables[name] = table

    def table(self, name: str) -> AnnData:
        """The table of a field that is kept."""
        return self._tables[name]

    def finish(self, names: Sequence[str], failed: Mapping[str, str]) -> None:
        """Nothing to write."""


class FolderStore:
    """Keeps tables in a folder, from which another run with the same settings goes on.

    Each field becomes ``fields/<name>.parquet``; ``settings.json`` says how they were made,
    ``failed.json`` why others were not, and in the end all are joined in ``cells.parquet``.

    Parameters
    ----------
    folder
        To write to; made if it is missing.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def open(self, settings: Mapping[str, Any]) -> None:
        """Make the folder; refuse one of other settings, so that no table mixes two."""
        require_folder(require_folder(self.folder) / "fields")
        wanted = json.loads(json.dumps(dict(settings)))
        path = self.folder / "settings.json"
        if path.exists():
            _require_same(path, wanted)
        else:
            _write_json(path, wanted)

    def has(self, name: str) -> bool:
        """Whether a field is kept."""
        return self._path(name).exists()

    def keep(self, name: str, table: AnnData) -> None:
        """Keep the table of a field."""
        write(table, self._path(name))

    def table(self, name: str) -> AnnData:
        """The table of a field that is kept."""
        return read(self._path(name))

    def finish(self, names: Sequence[str], failed: Mapping[str, str]) -> None:
        """Say which fields failed and join the others."""
        _write_json(self.folder / "failed.json", failed)
        kept = [name for name in names if self.has(name)]
        if not kept:
            raise nothing_embedded(len(names), failed)
        joined = join_fields((self.table(name) for name in kept), failed)
        write(joined, self.folder / "cells.parquet")

    def _path(self, name: str) -> Path:
        return self.folder / "fields" / f"{_file_name(name)}.parquet"


def join_fields(tables: Iterable[AnnData], failed: Mapping[str, str]) -> AnnData:
    """Put fields into one table whose notes name those that could not be embedded."""
    joined = join_results(list(tables))
    left_out = [f"'{name}' is left out: {reason}" for name, reason in failed.items()]
    if left_out:
        # A single field's own table stays as it is.
        joined = joined.copy()
        joined.uns[KEY] = {**joined.uns[KEY], "notes": [*joined.uns[KEY]["notes"], *left_out]}
    return joined


def nothing_embedded(total: int, failed: Mapping[str, str]) -> InputError:
    """The error of a run of which no field is left."""
    name, reason = next(iter(failed.items()))
    return InputError(f"None of the {total} fields could be embedded; '{name}': {reason}")


def _file_name(name: str) -> str:
    """A field's name as a file name, still different for different fields."""
    safe = re.sub(r"[^\w.-]+", "_", name)
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _require_same(path: Path, wanted: Mapping[str, Any]) -> None:
    before = {**ADDED_SETTINGS, **_read_settings(path)}
    for name in wanted:
        if name in before and before[name] != wanted[name]:
            raise InputError(
                f"'{path.parent}' holds fields made with another {name}, "
                f"{before[name]!r} and not {wanted[name]!r}; choose another folder"
            )
    strange = sorted(before.keys() ^ wanted.keys())
    if strange:
        raise InputError(
            f"'{path.parent}' holds fields made by another version of napari-c3r, which differs "
            f"in the setting {strange[0]}; choose another folder"
        )


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        before = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"'{path}' cannot be read ({error}), so with which settings its folder was made is "
            "not known; choose another folder"
        ) from error
    return before if isinstance(before, dict) else {}


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    with replacing(path) as temporary:
        text = json.dumps(dict(content), indent=1, ensure_ascii=False)
        temporary.write_text(f"{text}\n", "utf-8")
