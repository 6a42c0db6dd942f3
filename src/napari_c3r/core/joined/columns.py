"""What tools call the columns that say which cell a row is of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from napari_c3r.core.metadata.keys import plain_name

POSITION: Final = ("x", "y")
"""Centre of the cell in pixels, right and down."""

# In lower case without separators and ``Metadata_``, what is said most exactly first.
_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "image": ("image", "imagename", "imagefilename", "filename", "file", "filepath", "fieldname"),
    "plate": ("plate", "plateid", "platename", "barcode", "platebarcode", "assayplatebarcode"),
    "well": ("well", "wellid", "wellname", "wellposition", "wellpos"),
    "site": ("site", "field", "fieldid", "fieldindex", "fov", "fieldofview", "siteid"),
    "label": (
        *("label", "objectnumber", "labelid", "cellid", "cell", "objectid", "nucleusid"),
        *("cellsobjectnumber", "nucleiobjectnumber", "cellsnumberobjectnumber"),
        *("nucleinumberobjectnumber", "numberobjectnumber", "objectlabel"),
    ),
    "x": (
        *("xpx", "locationcenterx", "areashapecenterx", "cellslocationcenterx"),
        *("nucleilocationcenterx", "cellsareashapecenterx", "nucleiareashapecenterx"),
        *("centroid1", "centroidx", "xcentroid", "centerx", "posx", "positionx", "x"),
    ),
    "y": (
        *("ypx", "locationcentery", "areashapecentery", "cellslocationcentery"),
        *("nucleilocationcentery", "cellsareashapecentery", "nucleiareashapecentery"),
        *("centroid0", "centroidy", "ycentroid", "centery", "posy", "positiony", "y"),
    ),
}
_FILE = re.compile(r"(image)?filename.+")
IMAGE_NUMBER: Final = "ImageNumber"
"""CellProfiler's number of an image, which its table of images explains."""


def known_columns(names: Iterable[object]) -> dict[str, str]:
    """The columns that say which cell a row is of.

    Parameters
    ----------
    names
        All columns of a table.

    Returns
    -------
    dict
        Of ``image``, ``plate``, ``well``, ``site``, ``label``, ``x`` and ``y`` those that there
        are, with what the table calls them. A position is given whole or not at all.
    """
    plain: dict[str, str] = {}
    for name in map(str, names):
        plain.setdefault(plain_name(name), name)
    found: dict[str, str] = {}
    for ours, aliases in _ALIASES.items():
        called = [plain[alias] for alias in aliases if alias in plain]
        if called:
            found[ours] = called[0]
    if not {"x", "y"} <= found.keys():
        found = {ours: name for ours, name in found.items() if ours not in POSITION}
    return found


def file_columns(names: Iterable[object]) -> list[str]:
    """The columns that may say of which file a row is: ``image``, ``FileName_DNA``."""
    listed = list(map(str, names))
    first = known_columns(listed).get("image")
    others = [name for name in listed if _FILE.fullmatch(plain_name(name)) and name != first]
    return [*([first] if first else []), *others]
