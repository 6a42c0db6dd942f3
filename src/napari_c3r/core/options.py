"""What an option type says of its fields, from which docks make forms and the shell its help.

A setting is one field of one frozen dataclass: `ReadOptions`, `SegmentOptions`, `CropSpec` or
`RunOptions`. The field carries its label, its help, its unit and what may be chosen, so that no
form, command or script spells them out again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_KEY = "option"
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
        Bounds of a number, None where it has none.
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
            value = ",".join(f"{old}={new}" for old, new in value.items())
        words += [f"--{(infos[name].shell or name).replace('_', '-')}", str(value)]
    return words
