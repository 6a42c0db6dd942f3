"""The table of a field as a file of its own, which says what it was made from."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_c3r.core.errors import InputError
from napari_c3r.core.table import KEY, read, write

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.embed.inputs import FieldInputs

MADE_FROM: Final = "made_from"
"""Where in its provenance the table of a field says what it was made from."""
_SUFFIX: Final = ".parquet"
# File systems take 255 bytes.
_NAME_BYTES: Final = 200
# Windows opens devices under these, whatever the suffix.
_RESERVED: Final = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{kind}{n}" for kind in ("COM", "LPT") for n in range(10))}
)


class Shards:
    """Tables of fields as files, each of which is kept for the same inputs only.

    A :class:`napari_c3r.core.embed.store.Store` for whoever does one field of many: what belongs
    to all of them is for others to see to.

    Parameters
    ----------
    paths
        The file of each field.
    """

    def __init__(self, paths: dict[str, Path]) -> None:
        self.paths = paths

    def open(self, settings: Mapping[str, Any], names: Sequence[str], field_bytes: int) -> None:
        """Nothing to get ready."""

    def lacks(self, inputs: FieldInputs) -> str | None:
        """Why a field has to be embedded: None if it is kept for the same inputs."""
        path = self.paths[inputs.name]
        if not path.exists():
            return ""
        try:
            before = read(path).uns[KEY].get(MADE_FROM)
            if not isinstance(before, dict):
                return "an earlier version of napari-c3r made it"
            return inputs.difference(before) or None
        except InputError:
            return "its file is damaged"
        except (KeyError, TypeError):
            return "its file does not say what it was made from"

    def look(self, inputs: FieldInputs, others: Sequence[Path] = ()) -> None:
        """Note how the files of a field are, before their pixels are read."""
        inputs.see(others)

    def keep(self, inputs: FieldInputs, table: AnnData) -> None:
        """Keep the table of a field."""
        kept = table.copy()
        kept.uns[KEY] = {**table.uns[KEY], MADE_FROM: inputs.describe(table)}
        write(kept, self.paths[inputs.name])

    def table(self, name: str) -> AnnData:
        """The table of a field that is kept."""
        table = read(self.paths[name])
        table.uns[KEY].pop(MADE_FROM, None)
        return table

    def finish(self, names: Sequence[str], failed: Mapping[str, str]) -> None:
        """Nothing to join."""

    def close(self) -> None:
        """Nothing to close."""


def shard_names(names: Sequence[str]) -> dict[str, str]:
    """Fields' names as file names, different on file systems that know no capitals too."""
    plain = {name: re.sub(r"[^\w.-]+", "_", name) for name in dict.fromkeys(names)}
    alike = Counter(unicodedata.normalize("NFC", each).casefold() for each in plain.values())
    return {
        name: _with_hash(name, safe)
        if safe != name
        or alike[unicodedata.normalize("NFC", safe).casefold()] > 1
        or len(safe.encode()) > _NAME_BYTES
        or safe.split(".")[0].upper() in _RESERVED
        else f"{safe}{_SUFFIX}"
        for name, safe in plain.items()
    }


def _with_hash(name: str, safe: str) -> str:
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    cut = safe.encode()[: _NAME_BYTES - len(digest) - 1].decode("utf-8", "ignore")
    return f"{cut}-{digest}{_SUFFIX}"
