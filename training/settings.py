"""Dataclasses of settings from TOML files and command lines, with errors of one line."""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from napari_c3r.core.errors import InputError

T = TypeVar("T")


def build(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """Make a dataclass of settings from plain values.

    Parameters
    ----------
    kind
        The dataclass. Its fields are numbers, texts, truth values, tuples of one of these, choices
        (`Literal`), any of these or None, and such dataclasses.
    values
        By field; a list, or a text with commas, where the field is a tuple.
    where
        What the values are called in an error.

    Raises
    ------
    InputError
        If a name is unknown, a value has the wrong type, or a needed one is missing.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{where} must be a table of settings, not {values!r}")
    hints = get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in values:
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f": did you mean '{near[0]}'?" if near else f"; there are: {', '.join(fields)}"
            raise InputError(f"{where}: unknown setting '{name}'{hint}")
    checked = {
        name: _convert(value, hints[name], f"{where}: {name}") for name, value in values.items()
    }
    needed = [
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    if missing := [name for name in needed if name not in checked]:
        raise InputError(f"{where}: needs '{missing[0]}'")
    return kind(**checked)


def _convert(value: Any, hint: Any, where: str) -> Any:
    """Check a value against a field's type; whole numbers become floats, lists tuples."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if value is None or value == "none":
            return None
        return _convert(value, next(a for a in arguments if a is not type(None)), where)
    if dataclasses.is_dataclass(hint):
        return build(hint, value, where)  # type: ignore[arg-type]
    if origin is Literal:
        if value not in arguments:
            raise InputError(f"{where} must be one of {', '.join(arguments)}, not {value!r}")
        return value
    if origin is tuple:
        if isinstance(value, str):
            value = [_plain(part) for part in value.split(",") if part]
        elif not isinstance(value, (list, tuple)):
            value = [value]
        return tuple(_convert(item, arguments[0], where) for item in value)
    if hint is float and type(value) is int:
        return float(value)
    if hint is str and type(value) in (int, float):
        return str(value)
    if type(value) is not hint:
        raise InputError(f"{where} must be of type {hint.__name__}, not {value!r}")
    return value


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    InputError
        If it is missing or not TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"cannot read '{path}': {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"'{path}' is not valid TOML: {error}") from error


def parse_overrides(arguments: Sequence[str]) -> dict[str, Any]:
    """Read ``--key value`` and ``--table.key value`` pairs.

    Values are read as TOML where they are TOML, else as text.

    Raises
    ------
    InputError
        If the arguments are not pairs of that kind.
    """
    values: dict[str, Any] = {}
    if len(arguments) % 2:
        raise InputError(f"'{arguments[-1]}' has no value: write --key value for every setting")
    for key, text in zip(arguments[::2], arguments[1::2], strict=True):
        if not key.startswith("--"):
            raise InputError(f"'{key}' is not a setting: write --key value")
        *tables, name = key[2:].replace("-", "_").split(".")
        home = values
        for table in tables:
            home = home.setdefault(table, {})
        home[name] = _plain(text)
    return values


def _plain(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Put values over others, table by table."""
    merged = dict(base)
    for name, value in over.items():
        inside = merged.get(name)
        both = isinstance(value, dict) and isinstance(inside, dict)
        merged[name] = merge(inside, value) if both else value  # type: ignore[arg-type]
    return merged
