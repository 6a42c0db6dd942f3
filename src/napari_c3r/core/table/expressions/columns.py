"""The values of a column as expressions compare them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.metadata.keys import key_of, plain_name
from napari_c3r.core.table.expressions.tree import Comparison, ExpressionError, Op, Value
from napari_c3r.core.table.expressions.words import as_number, near_names, spell_column
from napari_c3r.core.text import shortened

if TYPE_CHECKING:
    import pandas as pd

Mask = NDArray[np.bool_]

_TRUTH: Final = {
    "yes": True,
    "true": True,
    "1": True,
    "no": False,
    "false": False,
    "0": False,
}
COMPARED: Final[dict[Op, Callable[[Any, Any], Any]]] = {
    Op.EQUAL: np.equal,
    Op.UNEQUAL: np.not_equal,
    Op.LESS: np.less,
    Op.AT_MOST: np.less_equal,
    Op.MORE: np.greater,
    Op.AT_LEAST: np.greater_equal,
}
OPPOSITE: Final = {
    Op.EQUAL: Op.UNEQUAL,
    Op.UNEQUAL: Op.EQUAL,
    Op.LESS: Op.AT_LEAST,
    Op.AT_LEAST: Op.LESS,
    Op.MORE: Op.AT_MOST,
    Op.AT_MOST: Op.MORE,
}
_PARTS: Final[dict[Op, Callable[[str, str], bool]]] = {
    Op.CONTAINS: lambda text, part: part in text,
    Op.STARTS: str.startswith,
    Op.ENDS: str.endswith,
}


class Column:
    """The values of a column as they are compared: numbers, or different texts and their rows.

    Parameters
    ----------
    name
        What it is called, which says whether it holds wells.
    series
        Its values.
    """

    def __init__(self, name: str, series: pd.Series) -> None:
        import pandas as pd

        self.name = name
        self.numbers: NDArray[Any] | None = None
        self.is_truth = False
        kind = series.dtype
        if isinstance(kind, pd.CategoricalDtype):
            self._take_codes(np.asarray(series.cat.codes), np.asarray(kind.categories))
        elif pd.api.types.is_numeric_dtype(kind):
            self.is_truth = pd.api.types.is_bool_dtype(kind)
            self._take_numbers(series)
        else:
            codes, different = pd.factorize(series)
            self._take_codes(codes, np.asarray(different, object))

    @property
    def values(self) -> list[str]:
        """Different values, as text; none for numbers."""
        if self.is_truth:
            return ["yes", "no"]
        if self.numbers is not None:
            return []
        return [text for text in dict.fromkeys(self._texts) if text]

    def test(self, test: Comparison, wanted: bool, notes: list[str]) -> Mask:
        """Rows that a comparison fits; those without a value may be among them."""
        if test.op is Op.TRUE:
            return self._truth(test) == wanted
        if self.numbers is not None and test.op not in _PARTS:
            return self._compare(self.numbers, test, wanted)
        if test.op in (Op.EQUAL, Op.UNEQUAL, Op.IN):
            return self._is_one_of(test, notes) == ((test.op is not Op.UNEQUAL) is wanted)
        if test.op in _PARTS:
            return self._has_part(test) == wanted
        return self._compare(self._text_numbers(test), test, wanted)

    def _take_numbers(self, series: pd.Series) -> None:
        self.missing = np.asarray(series.isna(), bool)
        if isinstance(series.dtype, np.dtype) or not self.missing.any():
            self.numbers = series.to_numpy()
        else:
            self.numbers = series.to_numpy(np.float64, na_value=np.nan)

    def _take_codes(self, codes: NDArray[Any], different: NDArray[Any]) -> None:
        """Take different values and which of them each row has, −1 for none."""
        import pandas as pd

        kind = pd.api.types.infer_dtype(different, skipna=True) if len(different) else "string"
        if kind in ("integer", "floating", "mixed-integer-float", "boolean"):
            known = np.asarray(different, bool if kind == "boolean" else np.float64)
            self.is_truth = kind == "boolean"
            self.missing = codes < 0
            self.numbers = known[np.maximum(codes, 0)] if len(known) else np.zeros(len(codes))
            return
        self._codes = codes
        self._texts = [" ".join(str(value).split()) for value in different]
        self._keys = [self._key(text) for text in self._texts]
        self.missing = (codes < 0) | self._spread([not text for text in self._texts])

    def _key(self, text: str) -> str:
        return key_of(plain_name(self.name), text)

    def _meant(self, value: Value) -> list[bool]:
        """Which of the different values are meant by one: it itself, else however it is spelt."""
        text, key = " ".join(value.text.split()), self._key(value.text)
        alike = [key == each for each in self._keys]
        # The ways to spell a well are one well.
        if text in self._texts and plain_name(self.name) != "well":
            return [text == each for each in self._texts]
        return alike

    def _spread(self, of_values: Sequence[bool] | Mask) -> Mask:
        """What is so of the different values, row by row."""
        # The last one is for code −1.
        mask: Mask = np.array([*of_values, False], bool)[self._codes]
        return mask

    def _truth(self, test: Comparison) -> Mask:
        if self.is_truth:
            return np.asarray(self.numbers, bool)
        if self.numbers is not None and np.isin(self.numbers[~self.missing], (0, 1)).all():
            return self.numbers == 1
        raise ExpressionError(
            f"{shortened(self.name)} does not hold yes and no; compare it, as in "
            f"{spell_column(self.name)} = …",
            test.start,
            test.end,
        )

    def _compare(self, numbers: NDArray[Any], test: Comparison, wanted: bool) -> Mask:
        given = [self._number(value) for value in test.values]
        if test.op is Op.IN:
            found = np.isin(numbers, given)
            return found if wanted else ~found
        if test.op is Op.BETWEEN:
            low, high = given
            found = (numbers >= low) & (numbers <= high)
            return found if wanted else ~found
        mask: Mask = COMPARED[test.op if wanted else OPPOSITE[test.op]](numbers, given[0])
        return mask

    def _number(self, value: Value) -> float:
        if self.is_truth and value.text.casefold() in _TRUTH:
            return _TRUTH[value.text.casefold()]
        number = as_number(value.text)
        if number is None:
            held = "yes and no" if self.is_truth else "numbers"
            raise ExpressionError(
                f"{shortened(self.name)} holds {held}, and {shortened(value.text)} is none of them",
                value.start,
                value.end,
            )
        return number

    def _text_numbers(self, test: Comparison) -> NDArray[np.float64]:
        """Numbers that are kept as text."""
        known = [as_number(text) for text in dict.fromkeys(self._texts) if text]
        if not known or any(number is None for number in known):
            raise ExpressionError(
                f"{shortened(self.name)} holds text, which has no order; use =, in, contains or "
                "starts with",
                test.start,
                test.end,
            )
        numbers = [as_number(text) for text in self._texts]
        told = [np.nan if number is None else float(number) for number in numbers]
        return np.array([*told, np.nan])[self._codes]

    def _is_one_of(self, test: Comparison, notes: list[str]) -> Mask:
        wanted = np.zeros(len(self._texts), bool)
        for value in test.values:
            meant = self._meant(value)
            if not any(meant):
                near = near_names(value.text, self.values)
                told = f"; did you mean {' or '.join(map(shortened, near))}?" if near else ""
                notes.append(f"No {self.name} is {shortened(value.text)}{told}")
            wanted |= meant
        return self._spread(wanted)

    def _has_part(self, test: Comparison) -> Mask:
        if self.numbers is not None:
            raise ExpressionError(
                f"{shortened(self.name)} holds numbers; compare it by =, <, > or between",
                test.start,
                test.end,
            )
        is_part, part = _PARTS[test.op], test.values[0].text.casefold()
        # A well is looked at as it is spelt, and as it is shown everywhere: B02.
        return self._spread(
            [
                is_part(text.casefold(), part) or is_part(key.casefold(), part)
                for text, key in zip(self._texts, self._keys, strict=True)
            ]
        )
