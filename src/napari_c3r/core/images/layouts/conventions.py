"""Conventions of data sets and laboratories, of no one instrument."""

from __future__ import annotations

from napari_c3r.core.images.layouts.layout import WELL, Layout

CONVENTIONS = (
    Layout("position", r"(?:\d+_)?POS(?P<site>\d+)_(?P<channel>[A-Z])"),
    Layout("channel first", r"(?P<channel>Channel\d+)-\d+-(?P<row>[A-P])-(?P<column>\d{1,2})"),
    Layout("stage", r"(?P<row>[A-P])_(?P<column>\d{1,2})--(?P<site>[^_]+)__(?P<channel>.+)"),
    Layout(
        "well and site",
        rf"(?:(?P<plate>.+)_)?{WELL}_(?:site|field|s|f)(?P<site>\d+)"
        r"(?P<vary>(?:_z(?P<z>\d+))?(?:_t(?P<t>\d+))?(?:_(?P<channel>[^_]+))?)",
    ),
    Layout("channel number", r".+[_-](?P<channel>(?-i:ch|Ch|CH|channel|Channel|c|w|d)\d+)"),
    Layout("ImageJ split", r"(?P<channel>(?-i:C)\d+)-.+"),
)
