"""A setting as a parameter of a command: typed as text, checked and parsed in one place."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import Parameter
from typing import Annotated, Any

import typer

from napari_c3r.core.options import OptionInfo, described, is_number, parse_value, value_type
from napari_c3r.core.segment import method_names


@dataclass(frozen=True)
class Setting:
    """What the value of a parameter may be, which is parsed here and not by typer.

    Parameters
    ----------
    annotation
        Its type, such as ``"int | None"``.
    info
        What is said of it, and its bounds.
    """

    annotation: str
    info: OptionInfo

    @classmethod
    def of(cls, kind: type, name: str) -> Setting:
        """A field of an option type."""
        info = dict(described(kind))[name]
        if name == "method":
            info = dataclasses.replace(info, choices=method_names())
        return cls(value_type(kind, name), info)

    def parameter(self, name: str, default: Any) -> Parameter:
        """As a parameter that typer takes as text; an empty one stands for a default of None."""
        metavar = None
        if is_number(self.annotation):
            number = "FLOAT" if "float" in self.annotation else "INTEGER"
            metavar = "|".join([number, *self.info.words_for])
        return Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default="" if default is None or isinstance(default, Mapping) else str(default),
            annotation=Annotated[str, typer.Option(help=self.info.words, metavar=metavar)],
        )

    def parse(self, name: str, text: str) -> Any:
        """The value of what was typed for the parameter of this name."""
        if not text and "None" in self.annotation:
            return None
        return parse_value(self.annotation, self.info, text, f"--{name.replace('_', '-')}")
