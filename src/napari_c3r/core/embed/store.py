"""Where the fields of a run are kept as they are done: in memory, or in a folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from napari_c3r.core.atomic import replacing, require_folder, require_space
from napari_c3r.core.embed.provenance import default_settings
from napari_c3r.core.embed.shards import MADE_FROM, Shards, shard_names
from napari_c3r.core.errors import InputError
from napari_c3r.core.leftovers import remove_leftovers
from napari_c3r.core.lock import FolderLock
from napari_c3r.core.table import KEY, join_results

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.embed.inputs import FieldInputs
    from napari_c3r.core.table.merging import Parts


class Store(Protocol):
    """Keeps the table of every field as soon as it is done."""

    def open(self, settings: Mapping[str, Any], names: Sequence[str], field_bytes: int) -> None:
        """Get ready for a stretch of work, until :meth:`close`.

        Parameters
        ----------
        settings
            Everything that decides its vectors.
        names
            The fields.
        field_bytes
            About how much a field will take.

        Raises
        ------
        InputError
            Another run is under way here, or what is kept was made with other settings.
        OutputError
            Nothing can be kept here.
        """
        ...

    def lacks(self, inputs: FieldInputs) -> str | None:
        """Why a field has to be embedded: None if it is kept, empty if it never was."""
        ...

    def look(self, inputs: FieldInputs, others: Sequence[Path] = ()) -> None:
        """Note how the files of a field are, before their pixels are read.

        Parameters
        ----------
        inputs
            Of the field.
        others
            Files that its image turned out to have.

        Raises
        ------
        InputError
            One cannot be read.
        """
        ...

    def keep(self, inputs: FieldInputs, table: AnnData) -> None:
        """Keep the table of a field.

        Raises
        ------
        InputError
            Its files changed in the meantime.
        OutputError
            It cannot be kept, so that none can.
        """
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

    def close(self) -> None:
        """Let others work here; what is kept can still be read."""
        ...


class MemoryStore:
    """Keeps tables in memory."""

    def __init__(self) -> None:
        self._tables: dict[str, AnnData] = {}

    def open(self, settings: Mapping[str, Any], names: Sequence[str], field_bytes: int) -> None:
        """Nothing to get ready."""

    def lacks(self, inputs: FieldInputs) -> str | None:
        """Why a field has to be embedded; nothing of an earlier run is here."""
        return None if inputs.name in self._tables else ""

    def look(self, inputs: FieldInputs, others: Sequence[Path] = ()) -> None:
        """Nothing to note: what is kept ends with this run."""

    def keep(self, inputs: FieldInputs, table: AnnData) -> None:
        """Keep the table of a field."""
        self._tables[inputs.name] = table

    def table(self, name: str) -> AnnData:
        """The table of a field that is kept."""
        return self._tables[name]

    def finish(self, names: Sequence[str], failed: Mapping[str, str]) -> None:
        """Nothing to write."""

    def close(self) -> None:
        """Nothing to close."""


class FolderStore(Shards):
    """Keeps tables in a folder, from which another run with the same settings goes on.

    Each field becomes ``fields/<name>.parquet``, which says what it was made from: of the same
    files, labels and settings it is kept. ``settings.json`` says how all were made,
    ``failed.json`` why others were not, and in the end all are joined in ``cells.parquet``. One
    run at a time works in the folder.

    Parameters
    ----------
    folder
        To write to; made if it is missing.
    """

    def __init__(self, folder: str | Path) -> None:
        super().__init__({})
        self.folder = Path(folder)
        self._lock = FolderLock(self.folder)

    @property
    def joined(self) -> Path:
        """The table of all fields."""
        return self.folder / "cells.parquet"

    @property
    def _fields(self) -> Path:
        return self.folder / "fields"

    def open(self, settings: Mapping[str, Any], names: Sequence[str], field_bytes: int) -> None:
        """Make the folder; refuse one of other settings, so that no table mixes two."""
        require_folder(require_folder(self.folder) / "fields")
        self._lock.acquire()
        try:
            self._remove_leftovers()
            self.paths = {name: self._fields / file for name, file in shard_names(names).items()}
            wanted = json.loads(json.dumps(dict(settings)))
            path = self.folder / "settings.json"
            if path.exists():
                _require_same(path, wanted)
            self._require_space(field_bytes)
            if not path.exists():
                _write_json(path, wanted)
        except BaseException:
            self.close()
            raise

    def _remove_leftovers(self) -> None:
        for each in (self.folder, self._fields):
            remove_leftovers(each)

    def _require_space(self, field_bytes: int) -> None:
        there = [path.stat().st_size for path in self.paths.values() if path.exists()]
        each = sum(there) / len(there) if there else field_bytes
        # The fields that are missing, and all once more in the table.
        require_space(self.folder, round((2 * len(self.paths) - len(there)) * each))

    def finish(self, names: Sequence[str], failed: Mapping[str, str]) -> None:
        """Say which fields failed and join the others."""
        self.join(self.parts(names, failed), failed)

    def parts(self, names: Sequence[str], failed: Mapping[str, str]) -> Parts:
        """What is to be joined, as the files stand.

        Parameters
        ----------
        names
            The fields, in the order of the table.
        failed
            Why some of them could not be embedded. Of these, tables of other inputs may be there.

        Raises
        ------
        InputError
            There is none.
        """
        from napari_c3r.core.table.merging import Parts

        kept = [name for name in names if name not in failed]
        if not kept:
            _write_json(self.folder / "failed.json", failed)
            raise nothing_embedded(len(names), failed)
        return Parts.of((self.paths[name] for name in kept), left_out=(MADE_FROM,))

    def join(
        self,
        parts: Parts,
        failed: Mapping[str, str],
        describe: Callable[[AnnData], object] | None = None,
    ) -> None:
        """Write the table of all fields, and why others are not in it.

        Parameters
        ----------
        parts
            The fields' tables.
        failed
            Why some fields could not be embedded.
        describe
            Adds columns to all cells, which come without their vectors.
        """
        from napari_c3r.core.table.adding import add_columns
        from napari_c3r.core.table.merging import merge

        _write_json(self.folder / "failed.json", failed)
        # Whoever finds the table finds it with all its columns.
        with replacing(self.joined) as temporary:
            merge(parts, temporary, left_out_notes(failed))
            if describe is not None:
                add_columns(temporary, describe)
        # Of workers that ended while they wrote.
        self._remove_leftovers()

    def close(self) -> None:
        """Let another run work in the folder."""
        self._lock.release()


def join_fields(tables: Iterable[AnnData], failed: Mapping[str, str]) -> AnnData:
    """Put fields into one table whose notes name those that could not be embedded."""
    joined = join_results(list(tables))
    left_out = left_out_notes(failed)
    if left_out:
        # A single field's own table stays as it is.
        joined = joined.copy()
        joined.uns[KEY] = {**joined.uns[KEY], "notes": [*joined.uns[KEY]["notes"], *left_out]}
    return joined


def left_out_notes(failed: Mapping[str, str]) -> list[str]:
    """Sentences that name the fields that could not be embedded."""
    return [f"'{name}' is left out: {reason}" for name, reason in failed.items()]


def nothing_embedded(total: int, failed: Mapping[str, str]) -> InputError:
    """The error of a run of which no field is left."""
    name, reason = next(iter(failed.items()))
    return InputError(f"None of the {total} fields could be embedded; '{name}': {reason}")


def _require_same(path: Path, wanted: Mapping[str, Any]) -> None:
    defaults = default_settings()
    before = {**defaults, **_read_settings(path)}
    # Anything else is not the wanted one, and is told as it stands there.
    if isinstance(before["crop"], dict | None):
        before["crop"] = {**defaults["crop"], **(before["crop"] or {})}
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
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"'{path}' cannot be read ({error}), so with which settings its folder was made is "
            "not known; choose another folder"
        ) from error
    return before if isinstance(before, dict) else {}


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    with replacing(path) as temporary:
        text = json.dumps(dict(content), indent=1, ensure_ascii=False)
        # What is no text in the name of a file is written out, as JSON can read it.
        temporary.write_bytes(f"{text}\n".encode("utf-8", "backslashreplace"))
