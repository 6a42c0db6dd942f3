"""Crop sets: folders of single-cell crops and what is known of each, fast to read in any order.

``crop_set.json`` names the channels and their roles, ``table.parquet`` has a row for each crop, and
``crops-0000.h5`` and so on hold the pixels, one compressed chunk for each cell.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, overload
from uuid import uuid4

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment, check_channel_names
from napari_c3r.core.errors import InputError
from training.data.cropset_files import (
    ABOUT,
    COLUMNS,
    DATASET,
    PREPARE_AGAIN,
    TABLE,
    About,
    damaged,
    read_table,
    shard_name,
)

# Measured on 112 px crops of five stains: one cell a chunk is read in random order twice as fast as
# eight; LZF is read as fast as deflate and written twice as fast, for a tenth more space.
_COMPRESSION: Final = "lzf"
_BYTES_PER_SHARD: Final = 1 << 30  # before compression
_SHARDS_HELD_OPEN: Final = 64

Crops = NDArray[np.uint8] | NDArray[np.uint16]
Rows = NDArray[np.integer[Any]] | Sequence[int] | slice | None

__all__ = ["COLUMNS", "CropSet", "CropSetWriter", "stretch"]


class CropSet:
    """Crops of single cells on disk. Make one with `open`.

    Attributes
    ----------
    path
        The folder.
    channel_names
        In the order of the crops' channels.
    assignment
        Role of every channel.
    field_um
        Side of the field that a crop covers in micrometres, None where it is not known.
    licence
        Of the whole.
    table
        A row for each crop, in order. All sets have the columns of `COLUMNS`: what the cell was
        exposed to or stained for (``id``, empty for nothing known), ``cell_line``, ``plate``,
        ``well``, ``source``, ``licence`` and ``split``.
    dtype
        Of the crops: uint8 or uint16.
    shape
        Of a crop: channels, height and width, the last two the same.
    """

    def __init__(self, path: Path, about: About, table: pd.DataFrame) -> None:
        self.path, self.table = path, table
        self.assignment = ChannelAssignment(about.roles)
        self.channel_names = self.assignment.names
        self.field_um, self.licence = about.field_um, about.licence
        self.dtype = np.dtype(about.dtype)
        self.shape = (len(about.roles), about.size_px, about.size_px)
        self._files = tuple(path / name for name in about.shards)
        self._starts = np.cumsum([0, *about.shards.values()])
        self._shard = lru_cache(_SHARDS_HELD_OPEN)(self._open_shard)

    @classmethod
    def open(cls, path: str | Path) -> CropSet:
        """Open a crop set, and see that its files are complete and fit each other.

        Raises
        ------
        InputError
            A file is missing or damaged, or it is no crop set.
        """
        path = Path(path)
        if not (path / ABOUT).is_file():
            raise InputError(
                f"'{path}' is no crop set: there is no {ABOUT} in it; "
                "make one with python -m training.data.prepare"
            )
        about = About.read(path / ABOUT)
        found = cls(path, about, read_table(path / TABLE))
        if len(found.table) != len(found):
            raise InputError(
                f"'{path / TABLE}' has {len(found.table)} rows for {len(found)} crops; "
                f"{PREPARE_AGAIN}"
            )
        for shard in range(len(found._files)):
            found._shard(shard)
        return found

    def __len__(self) -> int:
        return int(self._starts[-1])

    @overload
    def read(self, rows: Rows = None) -> Crops: ...

    @overload
    def read(self, rows: Rows = None, *, dtype: Literal["uint8"]) -> NDArray[np.uint8]: ...

    def read(self, rows: Rows = None, *, dtype: Literal["uint8"] | None = None) -> Crops:
        """Read crops.

        Parameters
        ----------
        rows
            Positions in the table, in any order, also more than once; all crops by default.
        dtype
            ``"uint8"`` stretches every channel of every crop over its range where the set holds
            16 bits; by default crops come as they are.

        Returns
        -------
        ndarray
            (n, C, H, W), uint8 or uint16.

        Raises
        ------
        InputError
            There is no such row, or a file can no longer be read.
        """
        wanted = self._positions(rows)
        order = np.argsort(wanted, kind="stable")
        ordered = np.empty((len(wanted), *self.shape), self.dtype)
        for shard, source, target in self._runs(wanted[order]):
            try:
                # Several times faster than a list of rows between brackets.
                self._shard(shard).read_direct(ordered, source, target)
            except OSError as error:
                raise damaged(self._files[shard], error) from error
        if (np.diff(order) == 1).all():
            crops = ordered
        else:
            crops = np.empty_like(ordered)
            crops[order] = ordered
        return stretch(crops) if dtype == "uint8" and crops.dtype != np.uint8 else crops

    def _positions(self, rows: Rows) -> NDArray[np.int64]:
        if rows is None or isinstance(rows, slice):
            return np.arange(len(self))[rows or slice(None)]
        wanted = np.asarray(rows, np.int64).reshape(-1)
        if len(wanted) and (wanted.min() < 0 or wanted.max() >= len(self)):
            raise InputError(
                f"Row {wanted.min() if wanted.min() < 0 else wanted.max()} of '{self.path}' was "
                f"requested; it has rows 0 to {len(self) - 1}"
            )
        return wanted

    def _runs(self, rows: NDArray[np.int64]) -> Iterator[tuple[int, slice, slice]]:
        """Neighbouring rows of one shard: the shard, where they are in it, where they go."""
        shards = np.searchsorted(self._starts, rows, side="right") - 1
        breaks = np.flatnonzero((np.diff(rows) != 1) | (np.diff(shards) != 0)) + 1
        for start, stop in zip([0, *breaks], [*breaks, len(rows)], strict=True):
            if start < stop:
                shard = int(shards[start])
                first = int(rows[start] - self._starts[shard])
                yield shard, slice(first, first + stop - start), slice(start, stop)

    def _open_shard(self, shard: int) -> h5py.Dataset:
        file = self._files[shard]
        try:
            crops = h5py.File(file, "r")[DATASET]
        except (OSError, KeyError) as error:
            raise damaged(file, error) from error
        count = int(self._starts[shard + 1] - self._starts[shard])
        expected = (count, *self.shape)
        if crops.shape != expected or crops.dtype != self.dtype:
            raise InputError(
                f"'{file}' holds crops {crops.shape} of {crops.dtype} where {ABOUT} says {expected}"
                f" of {self.dtype}; {PREPARE_AGAIN}"
            )
        return crops


class CropSetWriter:
    """Writes a crop set as a context manager; the folder appears when all went well.

    Parameters
    ----------
    path
        The folder to make.
    channel_names
        In the order of the crops' channels.
    assignment
        Their roles; channels without one are ignored in training.
    field_um
        Side of the field that a crop covers in micrometres, None where it is not known.
    licence
        Of the whole; also that of rows which do not name their own.

    Raises
    ------
    InputError
        The folder exists or cannot be made, a name is wrong or a role is of a channel that is not
        there; and on leaving, when no crop was added.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        channel_names: Sequence[str],
        assignment: ChannelAssignment,
        field_um: float | None,
        licence: str,
    ) -> None:
        check_channel_names(channel_names)
        self.path = Path(path)
        self._folder = self.path.with_name(f".{self.path.name}-{uuid4().hex}")
        self._roles = assignment.for_channels(channel_names).to_dict()
        self._field_um, self._licence = field_um, licence
        self._tables: list[pd.DataFrame] = []
        self._counts: list[int] = []
        self._shape: tuple[int, ...] = ()
        self._dtype: np.dtype[Any] | None = None
        self._shard: h5py.File | None = None

    def __enter__(self) -> Self:
        if self.path.exists():
            raise InputError(f"'{self.path}' exists; remove it, or give another folder")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._folder.mkdir()
        except OSError as error:
            raise InputError(
                f"Could not make the folder '{self.path}': {error.strerror}; give another one"
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._shard is not None:
                self._shard.close()
            if kind is None:
                self._finish()
        except OSError as problem:
            raise self._full(problem) from problem
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, crops: Crops, table: pd.DataFrame) -> None:
        """Add crops.

        Parameters
        ----------
        crops
            (n, C, size, size) of uint8 or uint16, the same size and type in all calls.
        table
            Their n rows, in order. Columns of `COLUMNS` that are lacking become the set's licence,
            the split ``"train"`` and else empty.

        Raises
        ------
        InputError
            Crops and rows do not fit each other or what was added before, or the disk is full.
        """
        self._check(crops, table)
        if len(crops) == 0:
            return
        self._tables.append(self._completed(table))
        per_shard = max(1, _BYTES_PER_SHARD // crops[0].nbytes)
        try:
            while len(crops):
                if self._shard is None or self._counts[-1] == per_shard:
                    self._next_shard()
                here = crops[: per_shard - self._counts[-1]]
                self._append(here)
                crops = crops[len(here) :]
        except OSError as error:
            raise self._full(error) from error

    def _check(self, crops: Crops, table: pd.DataFrame) -> None:
        fits = crops.ndim == 4 and crops.shape[1] == len(self._roles)
        if not fits or crops.shape[2] != crops.shape[3]:
            raise InputError(
                f"Crops of shape {crops.shape} were given for {len(self._roles)} channels; "
                "their axes are cell, channel, y and x, and they are square"
            )
        if crops.dtype not in (np.uint8, np.uint16):
            raise InputError(f"Crops are {crops.dtype}; make them uint8 or uint16")
        if len(table) != len(crops):
            raise InputError(f"{len(table)} rows were given for {len(crops)} crops; give one each")
        self._shape, self._dtype = self._shape or crops.shape[1:], self._dtype or crops.dtype
        if crops.shape[1:] != self._shape or crops.dtype != self._dtype:
            raise InputError(
                f"Crops {crops.shape[1:]} of {crops.dtype} were added to a set of {self._shape} of "
                f"{self._dtype}; a crop set holds one size and type"
            )

    def _completed(self, table: pd.DataFrame) -> pd.DataFrame:
        table = table.reset_index(drop=True)
        usual = {"licence": self._licence, "split": "train"}
        known = {
            name: table[name].fillna("").astype(str) if name in table else usual.get(name, "")
            for name in COLUMNS
        }
        others = [name for name in table.columns if name not in COLUMNS]
        return pd.DataFrame(known, index=table.index).join(table[others])

    def _next_shard(self) -> None:
        if self._shard is not None:
            self._shard.close()
        self._shard = h5py.File(self._folder / shard_name(len(self._counts)), "w")
        self._shard.create_dataset(
            DATASET,
            (0, *self._shape),
            self._dtype,
            maxshape=(None, *self._shape),
            chunks=(1, *self._shape),
            compression=_COMPRESSION,
            shuffle=self._dtype == np.uint16,
        )
        self._counts.append(0)

    def _append(self, crops: Crops) -> None:
        assert self._shard is not None
        dataset = self._shard[DATASET]
        dataset.resize(self._counts[-1] + len(crops), axis=0)
        dataset[self._counts[-1] :] = crops
        self._counts[-1] += len(crops)

    def _finish(self) -> None:
        if self._dtype is None or not self._counts:
            raise InputError(f"No crop was found for '{self.path}', so it was not written")
        table = pd.concat(self._tables, ignore_index=True)
        table.to_parquet(self._folder / TABLE, index=False)
        shards = {shard_name(number): count for number, count in enumerate(self._counts)}
        about = About(
            self._roles, self._field_um, self._licence, self._shape[-1], str(self._dtype), shards
        )
        (self._folder / ABOUT).write_text(about.to_json(), "utf-8")
        os.rename(self._folder, self.path)

    def _full(self, error: OSError) -> InputError:
        return InputError(
            f"Could not write '{self.path}': {error.strerror or error}; "
            "free some space or choose another folder. Nothing was written"
        )


def stretch(crops: NDArray[Any]) -> NDArray[np.uint8]:
    """Stretch every channel of every crop from its least to its greatest value over 8 bits.

    Parameters
    ----------
    crops
        (n, C, H, W), any real type. A channel without contrast becomes 0.
    """
    low = crops.min(axis=(2, 3), keepdims=True).astype(np.float32)
    reach = crops.max(axis=(2, 3), keepdims=True).astype(np.float32) - low
    scale = np.divide(np.float32(255), reach, out=np.zeros_like(reach), where=reach > 0)
    return np.rint((crops - low) * scale).astype(np.uint8)
