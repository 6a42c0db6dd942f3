"""Parquet files of results into one, and one into another format, a stretch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_c3r.core.atomic import replacing
from napari_c3r.core.errors import InputError
from napari_c3r.core.table.flat import encodable
from napari_c3r.core.table.formats.parquet import description_in, digest_in, sealed_metadata
from napari_c3r.core.table.joining import JoinedProvenance
from napari_c3r.core.table.result import KEY, vector_names

if TYPE_CHECKING:
    import pyarrow as pa

# Rows that are held at once, in bytes of the table.
_GROUP_BYTES: Final = 32 * 2**20
_TEXT_BYTES: Final = 32
_SMALL: Final = 16


@dataclass
class Parts:
    """What files of results say of themselves, before a row of them is read.

    Attributes
    ----------
    paths
        The files, in the order of the rows.
    digests
        What tells each from another that takes its place.
    """

    paths: list[Path] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    _joined: JoinedProvenance = field(default_factory=JoinedProvenance)
    _vectors: dict[str, list[Any]] = field(default_factory=dict)
    _types: dict[str, str] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, paths: Iterable[Path], left_out: Sequence[str] = ()) -> Parts:
        """Look into files, in the order of the rows.

        Parameters
        ----------
        paths
            That :func:`napari_c3r.core.table.write` wrote.
        left_out
            Names of what their own tables say, such as what each was made from, which says
            nothing of all.

        Raises
        ------
        InputError
            One cannot be read, or cannot be joined with those before.
        """
        import pyarrow.parquet as pq

        parts = cls()
        for path in paths:
            try:
                schema = pq.read_schema(path)
                described = description_in(schema)
            except (OSError, ValueError) as error:
                raise _unreadable(path, error) from error
            if described is None:
                raise _unreadable(path, "it does not say how it was made")
            provenance = {n: v for n, v in described[KEY].items() if n not in left_out}
            parts._add(path, schema, described, provenance)
        return parts

    def _add(
        self, path: Path, schema: pa.Schema, described: dict[str, Any], provenance: dict[str, Any]
    ) -> None:
        self._vectors = described["vector_columns"]
        told = zip(self._vectors["concept_channel"], self._vectors["readout"], strict=True)
        self._joined.add(provenance, list(told))
        self.paths.append(path)
        self.digests.append(digest_in(schema))
        for name, kind in described["obs_types"].items():
            kind = "text" if kind == "category" else kind
            self._types[name] = _common(self._types.get(name, kind), kind)
            self._seen[name] = self._seen.get(name, 0) + 1

    def description(self, notes: Sequence[str] = ()) -> dict[str, Any]:
        """What the joined table says of itself, with further notes."""
        provenance = self._joined.described()
        if notes:
            provenance = {**provenance, "notes": [*provenance["notes"], *notes]}
        return {
            KEY: encodable(provenance),
            "obs_types": self.types,
            "categories": {},
            "ordered": [],
            "vector_columns": self._vectors,
            "umap_type": "",
        }

    @property
    def types(self) -> dict[str, str]:
        """Types of the cells' columns: numbers that some files lack may be missing."""
        return {
            name: kind if self._seen[name] == len(self.paths) else _with_gaps(kind)
            for name, kind in self._types.items()
        }

    def schema(self, description: Mapping[str, Any]) -> pa.Schema:
        """Columns of the joined table, with what it says of itself."""
        import pyarrow as pa

        fields = [pa.field(name, _arrow(kind)) for name, kind in self.types.items()]
        vectors = vector_names(len(self._joined.columns))
        fields += [pa.field(name, pa.float32()) for name in vectors]
        return pa.schema(fields, sealed_metadata(description, [each.name for each in fields]))


def merge(parts: Parts, out: Path, notes: Sequence[str] = ()) -> None:
    """Write the rows of all files into one, holding few of them at a time.

    The same rows make the same file, byte by byte, however they came into their files.

    Parameters
    ----------
    parts
        The files.
    out
        To write, ``.parquet``.
    notes
        Added to the table's own.

    Raises
    ------
    InputError
        A file is damaged.
    OutputError
        The table cannot be written.
    """
    import pyarrow.parquet as pq

    schema = parts.schema(parts.description(notes))
    # Numbers of vectors do not repeat.
    texts = [name for name, kind in parts.types.items() if kind == "text"]
    options = {"use_dictionary": texts, "write_page_checksum": True}
    with replacing(out) as temporary, pq.ParquetWriter(temporary, schema, **options) as writer:
        for group in _groups(_batches(parts.paths, schema), schema):
            writer.write_table(group, row_group_size=len(group))


def _batches(paths: Sequence[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Rows of files, one after the other, as columns of the joined table."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    checked = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
    form = ds.ParquetFileFormat(default_fragment_scan_options=checked)
    for path in paths:
        # A dataset of its own: one of all files keeps what each says of its columns, which with
        # hundreds of these is more than its rows.
        file = ds.dataset(str(path), format=form, schema=schema)
        try:
            yield from file.to_batches(use_threads=False, batch_readahead=1, fragment_readahead=1)
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(path, error) from error


def _groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The same rows in tables of one length, but for the last."""
    import pyarrow as pa

    length = max(1, _GROUP_BYTES // _row_bytes(schema))
    held, rows = [], 0
    for batch in batches:
        held.append(batch)
        rows += len(batch)
        if len(held) >= _SMALL:
            # Hundreds of columns of few rows take more than the rows do.
            held = pa.Table.from_batches(held, schema).combine_chunks().to_batches()
        while rows >= length:
            table = pa.Table.from_batches(held, schema)
            yield table.slice(0, length).combine_chunks()
            held = table.slice(length).to_batches()
            rows -= length
    if rows:
        yield pa.Table.from_batches(held, schema).combine_chunks()


def _row_bytes(schema: pa.Schema) -> int:
    import pyarrow as pa

    return sum(
        _TEXT_BYTES if pa.types.is_string(each.type) else max(1, each.type.bit_width // 8)
        for each in schema
    )


def _common(one: str, other: str) -> str:
    """The type that holds the values of two."""
    if one == other:
        return one
    if "text" in (one, other):
        return "text"
    return str(np.result_type(one, other))


def _with_gaps(kind: str) -> str:
    return kind if kind == "text" or np.dtype(kind).kind == "f" else "float64"


def _arrow(kind: str) -> Any:
    import pyarrow as pa

    return pa.string() if kind == "text" else pa.from_numpy_dtype(np.dtype(kind))


def _unreadable(path: Path, problem: object) -> InputError:
    said = " ".join(str(problem).split())
    return InputError(f"'{path}' cannot be read ({said}); run again, which makes it anew")
