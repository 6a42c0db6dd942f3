"""What an option type says of its fields, from which docks make forms and the shell its help.

A setting is one field of one frozen dataclass: `ReadOptions`, `SegmentOptions`, `CropSpec` or
`RunOptions`. The field carries its label, its help, its unit and what may be chosen, so that no
form, command or script spells them out again. What a value may be stands there too, and is checked
where an object is made (`Checked`), so that dock, shell and scripts get the same answer.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from napari_c3r.core.errors import InputError
from napari_c3r.core.spelling import spell_pairs, split_values
from napari_c3r.core.text import shortened

_KEY = "option"
# Digits 0 to 9 alone: Python also reads those of other scripts, and "1_000".
_WHOLE, _REAL = (
    re.compile(r"[+-]?[0-9]{1,18}"),
    re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?"),
)
# A shell may not have the signs.
_UNIT_WORDS = {"µm": "micrometres", "px": "pixels"}


@dataclass(frozen=True)
class OptionInfo:
    """How a setting is shown to people.

    Attributes
    ----------
    label
        Two or three words, sentence case.
    help
        One sentence without a full stop.
    unit
        Such as ``"µm"``; empty where there is none.
    choices
        What may be chosen, in the order shown; empty where the value is free.
    unset
        What stands for None, such as ``"as the encoder recommends"``; empty where None is no
        value of this setting.
    minimum, maximum
        The least and the largest value of a number, None where there is none.
    words_for
        Texts that a number's setting takes as well, such as ``"auto"``.
    by_name
        Whether it may be another one for single channels: ``"max,ER=focus"``.
    shell
        How the shell spells its name, where that is not the field's own.
    """

    label: str
    help: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    unset: str = ""
    minimum: float | None = None
    maximum: float | None = None
    words_for: tuple[str, ...] = ()
    by_name: bool = False
    shell: str = ""

    @property
    def words(self) -> str:
        """The help, what may be chosen and what stands for None, as one sentence."""
        listed = " or ".join(self.choices[-2:])
        listed = ", ".join([*self.choices[:-2], listed]) if listed else ""
        unit = _UNIT_WORDS.get(self.unit, self.unit)
        words = self.help if unit in self.help else f"{self.help}, in {unit}"
        words += f": {listed}" if listed else ""
        words += f"; by default {self.unset}" if self.unset else ""
        return words if words.endswith("…") else f"{words}."


def option(default: Any, label: str, help: str, **info: Any) -> Any:  # noqa: A002
    """Declare a field of an option type.

    Parameters
    ----------
    default
        The field's default; of a dictionary, every object gets its own copy.
    label, help, **info
        As for `OptionInfo`.
    """
    metadata = {_KEY: OptionInfo(label, help, **info)}
    if isinstance(default, dict):
        return dataclasses.field(default_factory=default.copy, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


class Checked:
    """Base of the option types: no object of them holds a value that its field cannot have.

    Raises
    ------
    InputError
        When an object is made.
    """

    def __post_init__(self) -> None:
        for name, _ in described(self):
            check_setting(type(self), name, getattr(self, name))


def check_setting(kind: type, name: str, value: Any) -> None:
    """Refuse a value that a setting cannot have.

    Parameters
    ----------
    kind, name
        The option type, and its field.
    value
        Of any type.

    Raises
    ------
    InputError
        With what it may be.
    """
    check_value(value_type(kind, name), dict(described(kind))[name], value, name)


def check_value(annotation: str, info: OptionInfo, value: Any, called: str) -> None:
    """Refuse a value that a described setting cannot have.

    Parameters
    ----------
    annotation
        Its type, such as ``"int | None"``.
    info
        What it may be.
    value
        Of any type.
    called
        What the setting is called, for the message.

    Raises
    ------
    InputError
        With what it may be.
    """
    if value is None and "None" in annotation:
        return
    if isinstance(value, str) and value in info.words_for:
        return
    if info.by_name and isinstance(value, str) and "=" in value:
        alone = dataclasses.replace(info, by_name=False)
        every, others = split_values(value, called)
        for text in (*filter(None, [every]), *others.values()):
            parse_value(annotation, alone, text, called)
        return
    if is_number(annotation):
        fits = _is_within(value, info, whole="float" not in annotation)
    elif "Mapping" in annotation:
        fits = isinstance(value, Mapping) and all(
            isinstance(n, str) for n in sum(value.items(), ())
        )
    elif info.choices:
        fits = isinstance(value, str) and value in info.choices
    else:
        fits = isinstance(value, str) or not re.search(r"\bstr\b", annotation)
    if not fits:
        raise InputError(f"{called} is {shortened(value)}; give {_wanted(annotation, info)}")


def parse_value(annotation: str, info: OptionInfo, text: str, called: str) -> Any:
    """The value of a described setting from what was typed.

    Parameters
    ----------
    annotation, info, called
        As for `check_value`.
    text
        What was typed. Numbers are in the digits 0 to 9, with a point.

    Raises
    ------
    InputError
        As for `check_value`.
    """
    value: Any = text
    if "float" in annotation and _REAL.fullmatch(text.strip().lower()):
        value = float(text)
    elif is_number(annotation) and _WHOLE.fullmatch(text.strip()):
        value = int(text)
    check_value(annotation, info, value, called)
    return value


def is_number(annotation: str) -> bool:
    """Whether a setting of this type takes numbers."""
    return bool(re.search(r"\b(int|float)\b", annotation))


def value_type(kind: Any, name: str) -> str:
    """The type of a setting as it is written, such as ``"int | None"``."""
    return next(str(each.type) for each in dataclasses.fields(kind) if each.name == name)


def _is_within(value: Any, info: OptionInfo, *, whole: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, Integral if whole else Real):
        return False
    number: Any = value
    low = -math.inf if info.minimum is None else info.minimum
    high = math.inf if info.maximum is None else info.maximum
    # No float holds a whole number of any size.
    return (isinstance(value, Integral) or math.isfinite(number)) and low <= number <= high


def _wanted(annotation: str, info: OptionInfo) -> str:
    """What a setting may be, in words."""
    if is_number(annotation):
        kind = "a number" if "float" in annotation else "a whole number"
        if info.minimum is not None and info.maximum is not None:
            kind += f" from {info.minimum:.10g} to {info.maximum:.10g}"
        elif info.minimum is not None:
            kind += f" of {info.minimum:.10g} or more"
        options = [kind, *info.words_for]
        options += ["one by channel such as DNA=max"] if info.by_name else []
    elif "Mapping" in annotation:
        options = ["texts by texts"]
    else:
        options = list(info.choices) or ["a text"]
    options += ["None"] if "None" in annotation else []
    return f"{', '.join(options[:-1])} or {options[-1]}" if len(options) > 1 else options[0]


def described(options: Any) -> Iterator[tuple[str, OptionInfo]]:
    """Names and descriptions of the settings of an option type, in the order of its fields.

    Parameters
    ----------
    options
        The type, or one of its objects. Fields that were not declared by `option` are passed over.
    """
    for field in dataclasses.fields(options):
        if _KEY in field.metadata:
            yield field.name, field.metadata[_KEY]


def changed(options: Any) -> dict[str, Any]:
    """Settings that differ from their defaults, by name.

    Parameters
    ----------
    options
        An object of an option type.
    """
    usual = type(options)()
    return {
        field.name: getattr(options, field.name)
        for field in dataclasses.fields(options)
        if getattr(options, field.name) != getattr(usual, field.name)
    }


def shell_words(options: Any) -> list[str]:
    """The words of a command that set what differs from its default.

    Parameters
    ----------
    options
        An object of an option type.
    """
    infos, words = dict(described(options)), []
    for name, value in changed(options).items():
        if isinstance(value, dict):
            value = spell_pairs(value)
        words += [f"--{(infos[name].shell or name).replace('_', '-')}", str(value)]
    return words
