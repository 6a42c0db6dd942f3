"""Results of several images as one: what must be the same, and what becomes of their provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.errors import InputError
from napari_c3r.core.table.result import GATES, KEY, make_result

if TYPE_CHECKING:
    from anndata import AnnData

Columns = Sequence[tuple[str, str]]
"""For each column of the vectors its concept channel and readout part."""


def join_results(results: Sequence[AnnData]) -> AnnData:
    """Put the results of several images into one table, in the order given.

    Raises
    ------
    InputError
        No result, one that does not say how it was made, results of different encoders, roles,
        readouts, crops or channels, or an image twice.
    """
    import pandas as pd

    if not results:
        raise InputError("No results to join; embed at least one image")
    if len(results) == 1:
        return results[0]
    joined = JoinedProvenance()
    for result in results:
        joined.add(result.uns.get(KEY, {}), columns_of(result))
    obs = pd.concat([result.obs for result in results], ignore_index=True)
    vectors = np.concatenate([r.X for r in results])
    return make_result(obs, vectors, joined.columns, joined.described())


def columns_of(result: AnnData) -> list[tuple[str, str]]:
    """What the columns of a result's vectors are of."""
    told = result.var[["concept_channel", "readout"]]
    return list(told.itertuples(index=False, name=None))


class JoinedProvenance:
    """The provenance of results that come one after the other.

    Attributes
    ----------
    columns
        What the columns of the vectors are of, in all results.
    """

    def __init__(self) -> None:
        self.columns: Columns = ()
        self._first: dict[str, Any] | None = None
        self._count = 0
        self._images, self._sources = _Rows(), _Rows()
        self._gates: list[Mapping[str, Any]] = []
        self._notes: list[str] = []
        self._ran: dict[str, dict[str, None]] = {"device": {}, "precision": {}}

    def add(self, provenance: Mapping[str, Any], columns: Columns) -> None:
        """Take in a result.

        Raises
        ------
        InputError
            It cannot be joined with those before.
        """
        if self._first is None:
            self._first, self.columns = dict(provenance), list(columns)
        else:
            _require_joinable((self._first, self.columns), (provenance, list(columns)))
        self._count += 1
        self._images.add(provenance.get("images", {}))
        self._sources.add(provenance.get("sources", {}))
        self._gates.append(provenance.get(GATES, {}))
        self._notes += provenance.get("notes", ())
        for what, values in self._ran.items():
            if what in provenance:
                values[str(provenance[what])] = None

    def described(self) -> dict[str, Any]:
        """That of all together; of a single one its own."""
        assert self._first is not None
        if self._count == 1:
            return self._first
        return {
            **{name: part for name, part in self._first.items() if name != GATES},
            **self._described_gates(),
            "images": self._images.columns,
            "sources": self._sources.columns,
            "notes": [*self._notes, *self._differences()],
        }

    def _described_gates(self) -> dict[str, Any]:
        """The gates of all results, where these were made alike; else the joined one has none."""
        first, *others = self._gates
        if not first or any(each.get("made") != first["made"] for each in others):
            return {}
        counts = zip(*(each["cells"] for each in self._gates), strict=True)
        return {GATES: {**first, "cells": [sum(each) for each in counts]}}

    def _differences(self) -> list[str]:
        """What differs between results that can be joined all the same, as notes."""
        return [
            f"The images were embedded with different {what}: {', '.join(values)}"
            for what, values in self._ran.items()
            if len(values) > 1
        ]


class _Rows:
    """Columns of equal length that grow by rows."""

    def __init__(self) -> None:
        self.columns: dict[str, list[Any]] = {}
        self._count = 0

    def add(self, part: Mapping[str, Sequence[Any]]) -> None:
        rows = len(next(iter(part.values()), ()))
        for name in part:
            # An earlier version may have recorded less of its images.
            self.columns.setdefault(name, [""] * self._count)
        for name, values in self.columns.items():
            values.extend(part.get(name, [""] * rows))
        self._count += rows


def _require_joinable(
    first: tuple[Mapping[str, Any], Columns], other: tuple[Mapping[str, Any], Columns]
) -> None:
    (one, its_columns), (two, other_columns) = first, other
    for what in ("roles", "encoder", "concept_mode", "readout"):
        if what not in one or what not in two:
            raise InputError(
                f"A result does not say its {what}, so that it cannot be joined; read it together "
                "with its provenance, or embed its images again"
            )
        _require_equal(what, one[what], two[what])
    crops = one.get("crop", {}), two.get("crop", {})
    # An earlier version told less of them.
    known = crops[0].keys() & crops[1].keys()
    _require_equal("crop", *({n: crop[n] for n in sorted(known)} for crop in crops))
    if its_columns != other_columns:
        raise InputError(
            "The results differ in the order of their concept channels, so that the same column "
            "is of different channels; embed all images with their channels in one order"
        )


def _require_equal(what: str, one: Any, two: Any) -> None:
    if one != two:
        raise InputError(
            f"The results differ in {what}: {one} and {two}; "
            "embed all images with the same settings"
        )
