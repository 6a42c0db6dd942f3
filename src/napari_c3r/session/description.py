"""What the description of a session must be, before anything is made of it."""

from __future__ import annotations

from types import NoneType
from typing import Any

from napari_c3r.core.text import shortened

_TEXT, _MAYBE_TEXT, _MAYBE_NUMBER = (str,), (str, NoneType), (int, NoneType)
_PARTS: dict[str, tuple[type, ...]] = {
    "format": (int,),
    "fields": (list,),
    "index": (int,),
    "roles": (dict,),
    "filter": (dict,),
    "encoder": _TEXT,
    "finished": (bool,),
    "settings": (dict,),
}
_FIELD: dict[str, tuple[type, ...]] = {
    "name": _TEXT,
    "plate": _MAYBE_TEXT,
    "well": _MAYBE_TEXT,
    "site": _MAYBE_TEXT,
    "notes": (list,),
    "reading": (dict,),
    "files": (list,),
}
_FILE: dict[str, tuple[type, ...]] = {
    "path": _TEXT,
    "relative": _MAYBE_TEXT,
    "channel": _MAYBE_TEXT,
    "z": _MAYBE_NUMBER,
    "t": _MAYBE_NUMBER,
}
_CELLS: dict[str, tuple[type, ...]] = {"origin": _TEXT, "found_by": (dict, NoneType)}


def require_description(content: Any) -> None:
    """Refuse a description of which a part is missing or of another kind.

    Parameters
    ----------
    content
        From the file.

    Raises
    ------
    ValueError
        With the part.
    """
    _require(content, _PARTS, "the session")
    for each in content["fields"]:
        _require(each, _FIELD, "a field")
        _all_of(each["notes"], str, "notes")
        for file in each["files"]:
            _require(file, _FILE, "a file")
        if "cells" in each:
            _require(each["cells"], _CELLS, "cells")
    if not 0 <= content["index"] < max(1, len(content["fields"])):
        raise ValueError(
            f"index is {shortened(content['index'])} of {len(content['fields'])} fields"
        )
    _all_of(list(content["filter"].values()), bool, "filter")
    if content.get("plate_map") is not None:
        _require(content["plate_map"], {"file": _MAYBE_TEXT, "design": (dict,)}, "the plate map")
    parts = content.get("parts", {})
    _all_of([parts, *(parts.values() if isinstance(parts, dict) else ())], dict, "parts")
    names = content.get("names", {})
    _all_of([names, *(names.values() if isinstance(names, dict) else ())], dict, "names")


def _require(content: Any, parts: dict[str, tuple[type, ...]], what: str) -> None:
    if not isinstance(content, dict):
        raise ValueError(f"{what} is {shortened(content)}")
    for name, kinds in parts.items():
        if name not in content:
            raise ValueError(f"{what} lacks '{name}'")
        value = content[name]
        # Python counts true and false as numbers.
        number = isinstance(value, bool) and bool not in kinds
        if number or not isinstance(value, kinds):
            raise ValueError(f"'{name}' of {what} is {shortened(value)}")


def _all_of(values: list[Any], kind: type, what: str) -> None:
    for value in values:
        if not isinstance(value, kind):
            raise ValueError(f"'{what}' has {shortened(value)}")
