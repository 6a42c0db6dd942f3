"""Instruments that say everything in the names of their files."""

from __future__ import annotations

import re

from napari_c3r.core.images.layouts.layout import Layout, NameParts
from napari_c3r.core.images.wells import WELL, well_at

_PLATE = r"(?:(?P<plate>.+)_)?"

CYTATION = Layout(
    "Cytation",
    rf"{WELL}_[0-9]+_(?P<vary>[0-9]+)_(?P<site>[0-9]+)(?P<vary1>(?:Z(?P<z>[0-9]+))?)"
    r"_(?P<channel>.+)_(?P<t>[0-9]{3})",
)
EVOS = Layout(
    "EVOS",
    rf"{_PLATE}[^_]+_[A-Z]{{1,2}}_p[0-9]+(?P<vary>(?:_z(?P<z>[0-9]+))?)"
    rf"_[0-9]+_{WELL}f(?P<site>[0-9]+)(?P<channel>d[0-9]+)",
)
CELLOMICS = Layout("Cellomics", rf"{_PLATE}{WELL}f(?P<site>[0-9]+)(?P<channel>d[0-9]+)")
CELLVOYAGER = Layout(
    "CellVoyager",
    rf"{_PLATE}{WELL}_(?P<vary>T(?P<t>[0-9]+))F(?P<site>[0-9]+)"
    r"(?P<vary1>L[0-9]+A[0-9]+Z(?P<z>[0-9]+)(?P<channel>C[0-9]+))",
)
# Within the brackets, wavelength, Z and time come in any order.
INCELL = Layout(
    "InCell",
    rf"{_PLATE}(?P<row>[A-P]|A[A-F]) ?- ?(?P<column>[0-9]+) ?"
    r"\((?:fld ?(?P<site>[0-9]+))?"
    r"(?P<vary>(?=(?:.*?\bwv (?P<channel>.+?)(?=[- ]*(?:\bz [0-9]|\btime [0-9]|\))))?)"
    r"(?=(?:.*?\bz (?P<z>[0-9]+))?)(?=(?:.*?\btime (?P<t>[0-9]+))?)[^()]*)\)",
)
SCANR = Layout(
    "ScanR",
    r"(?:.+--)?(?P<well>(?:A[A-F]|[A-P])[0-9]{1,2})--W[0-9]+--P(?P<site>[0-9]+)"
    r"(?P<vary>--Z(?P<z>[0-9]+)--T(?P<t>[0-9]+)--(?P<channel>.+))",
)
# The number of a well says which it is only with the size of the plate.
SCANR_NUMBERED = Layout(
    "ScanR, numbered wells",
    r"(?:(?P<plate>.+)--)?(?P<well>W[0-9]+)--P(?P<site>[0-9]+)"
    r"(?P<vary>--Z(?P<z>[0-9]+)--T(?P<t>[0-9]+)--(?P<channel>.+))",
)
INCUCYTE = Layout(
    "Incucyte",
    rf"(?P<plate>[^_]+)(?P<vary>(?:_(?P<channel>[A-Z][A-Z ]*[0-9]?))?)_{WELL}_(?P<site>[0-9]+)"
    r"(?P<vary1>_(?P<t>[0-9]+d[0-9]+h[0-9]+m|[0-9]{4}y[0-9]{2}m[0-9]{2}d_[0-9]{2}h[0-9]{2}m))",
)
INCUCYTE_ARCHIVE = Layout("Incucyte archive", rf"{WELL}-(?P<site>[0-9]+)-(?P<channel>C[0-9]+|Ph)")
NIS_JOBS = Layout(
    "NIS-Elements jobs",
    rf"{_PLATE}Well{WELL}_Point[A-P0-9]+_(?P<site>[0-9]+)"
    r"(?P<vary>_Channel(?P<channel>[^,]+?)_Seq[0-9]+)",
)
METAMORPH = Layout(
    "MetaMorph",
    r".+?(?P<vary>_w[0-9]{1,2}(?P<channel>[A-Za-z][^_]*))(?:_s(?P<site>[0-9]+))?"
    r"(?P<vary1>(?:_t(?P<t>[0-9]+))?)",
)
_MATRIX = re.compile(
    r"image--L[0-9]+--S[0-9]+--U(?P<u>[0-9]+)--V(?P<v>[0-9]+)--J[0-9]+--E[0-9]+--O[0-9]+"
    r"--(?P<site>X[0-9]+--Y[0-9]+)--T(?P<t>[0-9]+)--Z(?P<z>[0-9]+)--(?P<channel>C[0-9]+)"
)


def _read_matrix(stem: str) -> NameParts | None:
    """Names of the matrix screener, where U and V count columns and rows of wells from 0."""
    found = _MATRIX.fullmatch(stem)
    if found is None:
        return None
    return NameParts(
        stem[: found.end("site")],
        well=well_at(str(int(found["v"]) + 1), str(int(found["u"]) + 1)),
        site=found["site"],
        channel=found["channel"],
        z=int(found["z"]),
        t=int(found["t"]),
    )


LEICA_MATRIX = Layout("Leica matrix", _read_matrix)
