"""Conventions of data sets and laboratories, of no one instrument."""

from __future__ import annotations

from napari_c3r.core.images.layouts.layout import Layout
from napari_c3r.core.images.wells import WELL

_GAP = r"[_\-. ]+"

CONVENTIONS = (
    Layout("position", r"(?:[0-9]+_)?POS(?P<site>[0-9]+)_(?P<channel>[A-Z])"),
    Layout(
        "channel first", r"(?P<channel>Channel[0-9]+)-[0-9]+-(?P<row>[A-P])-(?P<column>[0-9]{1,2})"
    ),
    Layout("stage", r"(?P<row>[A-P])_(?P<column>[0-9]{1,2})--(?P<site>[^_]+)__(?P<channel>.+)"),
    Layout(
        "well and site",
        rf"(?:(?P<plate>.+){_GAP})?{WELL}{_GAP}(?:site|field|fld|pos|s|f)_?(?P<site>[0-9]+)"
        r"(?P<vary>(?:_z(?P<z>[0-9]+))?(?:_t(?P<t>[0-9]+))?(?:_(?P<channel>[^_]+))?)",
    ),
)
IMAGEJ_SPLIT = Layout("ImageJ split", r"(?P<channel>(?-i:C)[0-9]+)-.+")
WELL_ALONE = Layout(
    "well",
    rf"(?:(?P<plate>.+){_GAP})?"
    r"(?P<well>(?-i:A[A-F]|[A-P])(?: ?- ?)?[0-9]{2}|r[0-9]{2}c[0-9]{2})"
    rf"(?:{_GAP}(?P<site>[0-9]+))?",
)
