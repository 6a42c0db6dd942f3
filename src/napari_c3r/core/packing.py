"""Frozen results as plain values and arrays, and back, so that a file can hold them.

Nothing in such a file names code: what may be made from it is listed by whoever reads it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.guard import reason


class Packing:
    """Takes results apart.

    Parameters
    ----------
    kinds
        The dataclasses and enumerations that may be in them.

    Attributes
    ----------
    arrays
        The arrays of all that was packed, by the names that they have in it; one that is in it
        several times is kept once.
    """

    def __init__(self, kinds: Iterable[type]) -> None:
        self._kinds = set(kinds)
        self.arrays: dict[str, NDArray[Any]] = {}
        self._names: dict[int, str] = {}

    def pack(self, value: Any) -> Any:
        """Give values as JSON has them.

        Parameters
        ----------
        value
            Dataclasses, enumerations, tables, arrays, mappings, sequences, sets, numbers and text.

        Raises
        ------
        TypeError
            It holds something else.
        """
        if isinstance(value, Enum) or is_dataclass(value):
            return self._pack_kind(value)
        if value is None or isinstance(value, bool | int | str):
            return str(value) if isinstance(value, str) else value
        if isinstance(value, float):
            return value if math.isfinite(value) else {"number": str(value)}
        if isinstance(value, np.generic):
            return self.pack(value.item())
        if isinstance(value, np.ndarray):
            return {"array": self._name(value)}
        if isinstance(value, pd.DataFrame):
            columns = [[self.pack(name), self._column(value[name])] for name in value.columns]
            return {"frame": columns, "index": self._index(value.index)}
        if isinstance(value, pd.Series):
            made = {"series": self._column(value), "index": self._index(value.index)}
            return made | {"name": self.pack(value.name)}
        if isinstance(value, Mapping):
            return {"mapping": [[self.pack(k), self.pack(v)] for k, v in value.items()]}
        if isinstance(value, set | frozenset):
            return {"set": [self.pack(each) for each in value]}
        if isinstance(value, tuple):
            return {"tuple": [self.pack(each) for each in value]}
        if isinstance(value, list):
            return [self.pack(each) for each in value]
        raise TypeError(f"{type(value).__name__} cannot be kept in a file")

    def _pack_kind(self, value: Any) -> Any:
        kind = type(value)
        if kind not in self._kinds:
            raise TypeError(f"{kind.__name__} cannot be kept in a file")
        if isinstance(value, Enum):
            return {"kind": kind.__name__, "value": self.pack(value.value)}
        held = {each.name: self.pack(getattr(value, each.name)) for each in fields(value)}
        return {"kind": kind.__name__, "fields": held}

    def _name(self, array: NDArray[Any]) -> str:
        if array.dtype.hasobject:
            raise TypeError("an array of objects cannot be kept in a file")
        name = self._names.setdefault(id(array), f"a{len(self._names)}")
        # Held as long as the name is, or another array could get its identity.
        self.arrays[name] = array
        return name

    def _index(self, index: pd.Index[Any]) -> Any:
        return {"name": self.pack(index.name), "values": self._column(index.to_series())}

    def _column(self, column: pd.Series[Any]) -> Any:
        dtype = column.dtype
        if isinstance(dtype, pd.CategoricalDtype):
            return {
                "categories": self._index(dtype.categories),
                "codes": self.pack(column.cat.codes.to_numpy()),
                "ordered": bool(dtype.ordered),
            }
        if isinstance(dtype, np.dtype) and not dtype.hasobject:
            return self.pack(column.to_numpy())
        values = [None if missing else self.pack(each) for each, missing in _cells(column)]
        return {"values": values, "dtype": str(dtype)}


def _cells(column: pd.Series[Any]) -> zip[tuple[Any, bool]]:
    return zip(column.tolist(), column.isna().tolist(), strict=True)


class Unpacking:
    """Undoes what `Packing` did.

    Parameters
    ----------
    arrays
        Of `Packing`.
    kinds
        What may be made.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], kinds: Iterable[type]) -> None:
        self._arrays = arrays
        self._kinds = {kind.__name__: kind for kind in kinds}

    def unpack(self, plain: Any) -> Any:
        """Give what was packed.

        Raises
        ------
        InputError
            It was packed by another version, or is damaged.
        """
        try:
            return self._unpack(plain)
        # A damaged file may fail anywhere in what is made of it.
        except Exception as error:
            raise InputError(f"they cannot be read ({reason(error)})") from error

    def _unpack(self, plain: Any) -> Any:
        if isinstance(plain, list):
            return [self._unpack(each) for each in plain]
        if not isinstance(plain, dict):
            return plain
        if "kind" in plain:
            return self._unpack_kind(plain)
        if "array" in plain:
            return self._arrays[plain["array"]]
        if "number" in plain:
            return float(plain["number"])
        if "frame" in plain:
            index = self._index(plain["index"])
            columns = {self._unpack(name): self._column(held) for name, held in plain["frame"]}
            made = {name: column.set_axis(index) for name, column in columns.items()}
            return pd.DataFrame(made, index=index)
        if "series" in plain:
            column = self._column(plain["series"]).set_axis(self._index(plain["index"]))
            return column.rename(self._unpack(plain["name"]))
        if "mapping" in plain:
            return {self._unpack(key): self._unpack(value) for key, value in plain["mapping"]}
        made_of = {"set": frozenset, "tuple": tuple}
        (name, held), *_ = plain.items()
        return made_of[name](self._unpack(each) for each in held)

    def _unpack_kind(self, plain: Mapping[str, Any]) -> Any:
        kind = self._kinds[plain["kind"]]
        if "value" in plain:
            return kind(self._unpack(plain["value"]))
        return kind(**{name: self._unpack(held) for name, held in plain["fields"].items()})

    def _index(self, plain: Mapping[str, Any]) -> pd.Index[Any]:
        values = self._column(plain["values"])
        return pd.Index(values, name=self._unpack(plain["name"]))

    def _column(self, plain: Any) -> pd.Series[Any]:
        if "categories" in plain:
            of = pd.CategoricalDtype(self._index(plain["categories"]), plain["ordered"])
            codes = self._unpack(plain["codes"])
            return pd.Series(pd.Categorical.from_codes(codes, dtype=of))
        if "values" in plain:
            values = [self._unpack(each) for each in plain["values"]]
            return pd.Series(values, dtype=plain["dtype"])
        return pd.Series(self._unpack(plain))
