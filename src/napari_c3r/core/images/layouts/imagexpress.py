"""ImageXpress (MetaXpress): names, folders of Z steps and times, and the plate's settings."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection
from pathlib import Path

from napari_c3r.core.images.layouts.layout import WELL, Layout, StainNames

_GUID = r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}"
_Z_FOLDER = re.compile(r"ZStep_(\d+)", re.IGNORECASE)
_T_FOLDER = re.compile(r"TimePoint_(\d+)", re.IGNORECASE)


def is_step_folder(folder: Path) -> bool:
    """Whether a folder is named as one Z step or time point of the images above it."""
    return bool(_Z_FOLDER.fullmatch(folder.name) or _T_FOLDER.fullmatch(folder.name))


def is_nested_plate(folder: Path) -> bool:
    """Whether a folder is of the nested layout, ``TimePoint_1/ZStep_2``."""
    return any(is_step_folder(child) and child.is_dir() for child in folder.iterdir())


def image_folder(file: Path) -> Path:
    """Find the folder of an image's files, above the folders of Z steps and time points."""
    folder = file.parent
    while is_step_folder(folder):
        folder = folder.parent
    return folder


def steps_of(file: Path, z: int | None, t: int) -> tuple[int | None, int]:
    """Z and time of a file from its folders, `z` and `t` where these do not say.

    Z is None for a projection that the microscope made.
    """
    for folder in (file.parent, file.parent.parent):
        in_z, in_t = _Z_FOLDER.fullmatch(folder.name), _T_FOLDER.fullmatch(folder.name)
        if in_z:
            # MetaXpress keeps its own projection as step 0 and counts slices from 1.
            z = int(in_z.group(1)) or None
        if in_t:
            t = int(in_t.group(1))
    return z, t


def _stains(file: Path, _: Collection[str]) -> StainNames:
    """Stain of each wave (``w1``) from the .HTD file of the plate, none without one."""
    return StainNames(_wave_names(file), "the plate's .HTD file")


def _wave_names(file: Path) -> dict[str, str]:
    folders = dict.fromkeys((image_folder(file), file.parent.parent, file.parent))
    for folder in folders:
        for settings in sorted(folder.glob("*.[hH][tT][dD]")):
            rows = csv.reader(
                settings.read_text(encoding="latin-1").splitlines(), skipinitialspace=True
            )
            return {
                row[0].replace("WaveName", "w"): row[1].strip()
                for row in rows
                if len(row) > 1 and re.fullmatch(r"WaveName\d+", row[0]) and row[1].strip()
            }
    return {}


IMAGEXPRESS = Layout(
    "ImageXpress",
    rf"(?:(?P<plate>.+)_)?{WELL}(?:_s(?P<site>\d+))?(?P<vary>_(?P<channel>w\d)(?:{_GUID})?)",
    _stains,
)
