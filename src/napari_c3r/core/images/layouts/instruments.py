"""Instruments that say everything in the names of their files."""

from __future__ import annotations

from napari_c3r.core.images.layouts.layout import WELL, Layout

OPERA_PHENIX = Layout(
    "Opera Phenix",
    r"r(?P<row>\d{2})c(?P<column>\d{2})f(?P<site>\d+)"
    r"(?P<vary>p(?P<z>\d+)-(?P<channel>ch\d+)sk(?P<t>\d+)fk\d+fl\d+)",
)
CYTATION = Layout(
    "Cytation", rf"{WELL}_\d+_(?P<vary>\d+)_(?P<site>\d+)_(?P<channel>.+)_(?P<t>\d{{3}})"
)
CELLOMICS = Layout("Cellomics", rf"(?:(?P<plate>.+)_)?{WELL}f(?P<site>\d+)(?P<channel>d\d+)")
