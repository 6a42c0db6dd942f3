"""Real sets of cells with known roles, as crops at the encoder's scale."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile

from napari_c3r.core.cells.measure import measure_cells
from napari_c3r.core.channels import ChannelAssignment, suggest_cell, suggest_nucleus
from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.crops.plan import plan_crops
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.diagnose.sample import stratified_rows
from napari_c3r.core.encoder import EncoderConfig
from napari_c3r.core.images import Image, find_images, read_image
from napari_c3r.core.segment import segment_cells
from training.data.cutting import resample_square

DATA = Path(os.environ.get("C3R_DATA", Path(__file__).parents[2] / "shared" / "data"))


@dataclass(frozen=True)
class RealSet:
    """A set of images or crops.

    Parameters
    ----------
    name
        Of the set.
    path
        Folder of fields, or file or folder of crops, within the data.
    roles
        Known roles by channel, under the names given here.
    names
        New channel names by those of the files, or in order for a file of crops.
    label_column
        Labels to judge by, or "".
    pixel_size_um
        Where the files do not say it.
    most_fields
        Fields read.
    conditions
        Value of the label column by well.
    only
        Part of the names of the images that belong to the set.
    """

    name: str
    path: str
    roles: dict[str, str]
    names: dict[str, str] = field(default_factory=dict)
    label_column: str = ""
    pixel_size_um: float | None = None
    most_fields: int = 12
    conditions: dict[str, str] = field(default_factory=dict)
    only: str = ""

    @property
    def assignment(self) -> ChannelAssignment:
        """The known roles."""
        return ChannelAssignment(self.roles)


@dataclass(frozen=True, eq=False)
class Crops:
    """Crops (n, C, side, side) with their channels and one row each."""

    pixels: np.ndarray
    channel_names: tuple[str, ...]
    obs: pd.DataFrame


_CONTEXT, _CONCEPT = "context", "concept"
_BY_NUMBER = {"ch2": "ER", "ch3": "AGP", "ch4": "Mito", "ch5": "DNA", "ch6": "RNA"}
_PAINTING = {
    "DNA": _CONTEXT,
    "ER": _CONTEXT,
    "RNA": _CONCEPT,
    "AGP": _CONCEPT,
    "Mito": _CONCEPT,
}

_DNA_ACTIN_TUBULIN = {"DNA": _CONTEXT, "actin": _CONCEPT, "tubulin": _CONTEXT}

SETS = (
    RealSet(
        "BBBC021 crops, mechanism of action",
        "crops/bbbc021/moa.tif",
        _DNA_ACTIN_TUBULIN,
        dict(zip("012", _DNA_ACTIN_TUBULIN, strict=True)),
        "moa",
    ),
    RealSet(
        "BBBC021 crops, cycloheximide dose",
        "crops/bbbc021/dense.tif",
        _DNA_ACTIN_TUBULIN,
        dict(zip("012", _DNA_ACTIN_TUBULIN, strict=True)),
        "concentration_uM",
    ),
    RealSet(
        "BBBC022, Cell Painting U2OS",
        "fields/bbbc022_20585",
        {
            "H33342": _CONTEXT,
            "conA": _CONTEXT,
            "SYTO14": _CONCEPT,
            "WGA_Phall": _CONCEPT,
            "MitoTDR": _CONCEPT,
        },
        label_column="well",
    ),
    RealSet(
        "Cell Painting BR00143976",
        "fields/cellpainting_BR00143976",
        _PAINTING,
        _BY_NUMBER,
        pixel_size_um=0.598,
    ),
    RealSet(
        "JUMP BR00117006",
        "fields/jump_BR00117006",
        {"AGP": _CONCEPT, "RNA": _CONCEPT, "DNA": _CONTEXT},
        {"ch2": "AGP", "ch3": "RNA", "ch5": "DNA"},
        pixel_size_um=0.598,
    ),
    RealSet(
        "NF1 Schwann cells",
        "fields/nf1_schwann",
        {"DAPI": _CONTEXT, "GFP (ER)": _CONTEXT, "RFP (actin)": _CONCEPT},
        {"GFP": "GFP (ER)", "RFP": "RFP (actin)"},
        "genotype",
        0.322,
        conditions={"B07": "null", "D07": "null", "F07": "null", "D06": "wild type"},
    ),
    RealSet(
        "BBBC013, translocation",
        "fields/bbbc013",
        {"Channel1 (GFP)": _CONCEPT, "Channel2 (DNA)": _CONTEXT},
        {"Channel1": "Channel1 (GFP)", "Channel2": "Channel2 (DNA)"},
        pixel_size_um=1.0,
        most_fields=3,
    ),
    RealSet(
        "CM4AI MDA-MB-468",
        "fields/cm4ai_MDA-MB-468",
        {"nucleus": _CONTEXT, "microtubules": _CONTEXT, "ER": _CONTEXT, "protein": _CONCEPT},
        pixel_size_um=0.08,
    ),
    RealSet(
        "HPA FUCCI, cyclin B1",
        "fields/hpa_fucci_B1",
        {"cyclinb1": _CONCEPT, "nuclei": _CONTEXT},
        pixel_size_um=0.08,
    ),
    RealSet(
        "Drosophila Kc167",
        "fields/fly_kc167",
        {"DNA": _CONTEXT, "actin": _CONCEPT, "mitotic marker": _CONCEPT},
        {"D": "DNA", "F": "actin", "R": "mitotic marker"},
    ),
    RealSet(
        "HT29",
        "fields/human_HT29",
        {"DNA": _CONTEXT, "pH3": _CONCEPT, "cell stain": _CONCEPT},
        {"d0": "DNA", "d1": "pH3", "d2": "cell stain"},
    ),
    RealSet(
        "BPAE",
        "fields/notebooks",
        {"actin": _CONCEPT, "mito": _CONCEPT, "nuclei": _CONTEXT},
        only="BPAE",
    ),
    RealSet(
        "HeLa",
        "fields/hela_ebimage",
        {"cells": _CONCEPT, "nuclei": _CONTEXT},
    ),
    RealSet(
        "HPA U-2 OS crops",
        "crops/hpa_56_F11_U2OS.tif",
        {"microtubules": _CONTEXT, "protein": _CONCEPT, "nucleus": _CONTEXT, "ER": _CONTEXT},
        dict(zip("0123", ("microtubules", "protein", "nucleus", "ER"), strict=True)),
    ),
    RealSet(
        "HPA reference crops",
        "crops/hpa_reference_3ch",
        {"microtubules": _CONTEXT, "nucleus": _CONTEXT, "ER": _CONCEPT},
        dict(zip("012", ("microtubules", "nucleus", "ER"), strict=True)),
    ),
    RealSet(
        "BBBC022, a crop of three stains",
        "fields/notebooks",
        {"DNA": _CONTEXT, "ER": _CONTEXT, "RNA": _CONCEPT},
        {"c1": "DNA", "c2": "ER", "c3": "RNA"},
        pixel_size_um=0.656,
        only="IXMtest",
    ),
    RealSet(
        "HeLa, lysosomes",
        "fields/notebooks",
        {"lysosome": _CONCEPT, "mitochondria": _CONCEPT, "nucleus": _CONTEXT},
        {"red": "lysosome", "green": "mitochondria", "blue": "nucleus"},
        only="hela-cells",
    ),
    RealSet(
        "NEUBIAS, microtubules",
        "fields/neubias",
        {"nucleus": _CONTEXT, "tubulin": _CONCEPT},
        {"ch1": "nucleus", "ch2": "tubulin"},
        only="dapi_tublin",
    ),
    RealSet(
        "NEUBIAS, microtubules of live cells",
        "fields/neubias",
        {"tubulin": _CONCEPT, "histone": _CONTEXT},
        {"ch1": "tubulin", "ch2": "histone"},
        only="tub_h2b",
    ),
    RealSet(
        "NEUBIAS, Golgi",
        "fields/neubias",
        {"nucleus": _CONTEXT, "Golgi": _CONCEPT},
        {"ch1": "nucleus", "ch2": "Golgi"},
        only="nuclei_golgi",
    ),
)
"""All whose roles are known. Mitocheck has one channel, BBBC021's fields have nuclei of 6 px, and
nobody says what two stains of the Cytation field are."""


def load(chosen: RealSet, config: EncoderConfig, most_cells: int, seed: int = 0) -> Crops:
    """Read a set as crops, a stratified sample of no more than so many cells."""
    path = DATA / chosen.path
    are_crops = chosen.path.startswith("crops/")
    loaded = _crop_files(chosen, path, config) if are_crops else _fields(chosen, config)
    strata = loaded.obs[chosen.label_column] if chosen.label_column else loaded.obs["image"]
    rows = stratified_rows(strata, most_cells, seed)
    obs = loaded.obs.iloc[rows].reset_index(drop=True)
    return Crops(loaded.pixels[rows], loaded.channel_names, obs)


def _crop_files(chosen: RealSet, path: Path, config: EncoderConfig) -> Crops:
    """Read one file of crops with its table, or a folder with a crop in each file."""
    files = sorted(path.glob("*.tif")) if path.is_dir() else [path]
    read = [tifffile.imread(file).astype(np.float32) for file in files]
    crops = [crop for each in read for crop in (each if each.ndim == 4 else [each])]
    table = path.with_suffix(".csv")
    obs = pd.read_csv(table) if table.exists() else pd.DataFrame(index=range(len(crops)))
    small = np.stack([resample_square(crop, config.input_size) for crop in crops])
    return Crops(small, tuple(chosen.names.values()), obs.assign(image=chosen.name))


def _fields(chosen: RealSet, config: EncoderConfig) -> Crops:
    pixels, tables = [], []
    for image in _images(chosen):
        used = image.select(tuple(chosen.roles))
        nucleus = suggest_nucleus(used.channel_names) or chosen.assignment.context[0]
        cell = suggest_cell(name for name in used.channel_names if name != nucleus)
        nuclei, cells = segment_cells(used, nucleus, cell)
        if not cells.any():
            continue
        table = measure_cells(used, cells, nuclei)
        plan = plan_crops(
            CropSpec(),
            pixel_size_um=used.pixel_size_um,
            median_diameter_px=table.median_diameter_px,
            field_um=config.field_um,
            field_diameters=config.field_diameters,
            size_px=config.input_size,
            neighbours=config.neighbours,
        )
        for batch in iter_crops(used, cells, table.obs, plan, batch_size=256):
            pixels.append(batch.crops)
            tables.append(table.obs.iloc[batch.rows])
    obs = pd.concat(tables, ignore_index=True)
    if chosen.conditions:
        obs[chosen.label_column] = obs["well"].map(chosen.conditions)
    return Crops(np.concatenate(pixels), tuple(chosen.roles), obs)


def _images(chosen: RealSet) -> Iterator[Image]:
    from dataclasses import replace

    found = [files for files in find_images(DATA / chosen.path) if chosen.only in files.name]
    for files in found[: chosen.most_fields]:
        image = read_image(files)
        image = image.rename({k: v for k, v in chosen.names.items() if k in image.channel_names})
        if chosen.pixel_size_um is not None:
            image = replace(image, pixel_size_um=chosen.pixel_size_um)
        yield image
