"""The columns of a result for the eye: what they are called, and what colours they make."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from napari_c3r.core.figures.colouring import CLUSTER, PLACES
from napari_c3r.core.gates import ALL_GATES
from napari_c3r.core.table.annotate import COLUMN as ANNOTATION
from napari_c3r.core.table.numbers import has_different_values, has_value
from napari_c3r.core.table.titles import GATE, INTENSITY, in_pixels_too

if TYPE_CHECKING:
    import pandas as pd

# Columns that name a cell or repeat another say nothing as a colour.
_KEYS = frozenset({"label", "index"})
_BOX = re.compile(r"(bbox_[yx][01]|crop_[yx])_px")


def colour_columns(
    obs: pd.DataFrame, plate_map: Collection[str] = ()
) -> list[tuple[str, list[str]]]:
    """The columns to colour by, in groups with their headings.

    Given names, gates, what was done, where it comes from, stains, the rest. Left out are columns
    without any value, and the image where there is only one.

    Parameters
    ----------
    obs
        One row per cell.
    plate_map
        The columns that say what was done.
    """
    said_twice = in_pixels_too(obs.columns)
    offered = [
        str(name)
        for name, column in obs.items()
        if str(name) not in _KEYS | said_twice
        and not _BOX.fullmatch(str(name))
        and has_value(column)
    ]
    if "image" in offered and not has_different_values(obs["image"]):
        offered.remove("image")
    gates = [name for name in offered if name.startswith(GATE)]
    groups = [
        ("Groups", [name for name in (CLUSTER, ANNOTATION) if name in offered]),
        ("Gates", [ALL_GATES, *gates] if gates and ALL_GATES not in offered else gates),
        ("Plate map", [name for name in plate_map if name in offered]),
        ("Places", [name for name in PLACES if name in offered and name not in plate_map]),
        ("Stains", [name for name in offered if name.startswith(INTENSITY)]),
    ]
    known = {name for _, group in groups for name in group}
    groups.append(("Measured", [name for name in offered if name not in known]))
    return [group for group in groups if group[1]]


def table_columns(obs: pd.DataFrame, plate_map: Collection[str] = ()) -> list[str]:
    """The columns of a table, what tells most first; repeats and boxes left out.

    Parameters
    ----------
    obs
        One row per cell.
    plate_map
        The columns that say what was done.
    """
    first = ["image", "label"] if has_different_values(obs["image"]) else ["label"]
    wanted = (CLUSTER, ANNOTATION, *plate_map, "plate", "well", "site", "area_um2", "area_px")
    first += [name for name in dict.fromkeys(wanted) if name in obs]
    first += [str(name) for name in obs.columns if str(name).startswith(INTENSITY)]
    first = [name for name in first if name not in in_pixels_too(obs.columns)]
    hidden = {*first, "image", "index", *in_pixels_too(obs.columns)}
    others = [str(name) for name in obs.columns if str(name) not in hidden]
    return [*first, *(name for name in others if not _BOX.fullmatch(name))]
