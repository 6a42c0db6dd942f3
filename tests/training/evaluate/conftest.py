"""A small encoder, and small sets of cells in the layout of the real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_c3r.core.encoder import Encoder, write_model_folder
from napari_c3r.core.encoder.families.cce import CceConfig
from training.evaluate.representations import untrained_like


def tiny_config(**values) -> CceConfig:
    sizes = {"width": 24, "heads": 2, "branch_depth": 1, "joint_depth": 1, "input_size": 32}
    return CceConfig(**({"name": "tiny", "position_grid": 2} | sizes | values))


@pytest.fixture(scope="session")
def tiny_encoder() -> Encoder:
    return untrained_like(tiny_config())


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory, tiny_encoder) -> Path:
    weights = tiny_encoder.network.state_dict()
    return write_model_folder(
        tmp_path_factory.mktemp("models") / "tiny", tiny_encoder.config, weights, "# Tiny"
    )


def stripes(period: np.ndarray, channels: int, rng: np.random.Generator) -> np.ndarray:
    """Noisy 12-bit crops of 24² with stripes of a period each, at any angle and phase."""
    y, x = np.mgrid[:24, :24]
    angle, phase = rng.uniform(0, 2 * np.pi, (2, len(period), channels, 1, 1))
    wave = np.sin(
        2 * np.pi / period[:, None, None, None] * (y * np.cos(angle) + x * np.sin(angle)) + phase
    )
    noise = rng.normal(0, 0.2, (len(period), channels, 24, 24))
    return (1000 + 500 * (wave + noise)).clip(0, 4095).astype(np.uint16)


def write_cells(path: Path, crops: np.ndarray, table: pd.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, crops, photometric="minisblack")
    table.insert(0, "index_in_file", np.arange(len(table)))
    table.to_csv(path.with_suffix(".csv"), index=False)


def moa_table() -> pd.DataFrame:
    """Two mechanisms of three compounds, two concentrations, five cells each; and controls."""
    rows = [
        (f"{moa}{compound}", dose, moa)
        for moa in ("fine", "coarse")
        for compound in range(3)
        for dose in (1.0, 3.0)
        for _ in range(5)
    ]
    rows += [("DMSO", 0.0, "DMSO")] * 4
    return pd.DataFrame(rows, columns=["compound", "concentration_uM", "moa"])


def dose_table() -> pd.DataFrame:
    """Two plates of controls and doses, one of them on one plate alone; and an untreated plate."""
    plates = {"P1": (0.0, 5.0, 15.0, 50.0), "P2": (0.0, 15.0, 50.0), "P3": (0.0,)}
    rows = [
        (plate, "DMSO" if dose == 0 else "drug", dose)
        for plate, doses in plates.items()
        for dose in doses
        for _ in range(20)
    ]
    return pd.DataFrame(rows, columns=["plate", "compound", "concentration_uM"])


def phenotype_table() -> pd.DataFrame:
    """Two phenotypes on twelve plates, four cells each."""
    rows = [
        (phenotype, f"LT{plate:04d}")
        for phenotype in ("coarse", "fine")
        for plate in range(12)
        for _ in range(4)
    ]
    return pd.DataFrame(rows, columns=["phenotype", "plate"])


@pytest.fixture(scope="session")
def small_data(tmp_path_factory) -> Path:
    """Folder of sets in which the texture decides everything, and the brightness nothing."""
    data, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    moa, dose, phenotype = moa_table(), dose_table(), phenotype_table()
    period = moa["moa"].map({"fine": 3.0, "coarse": 9.0, "DMSO": 6.0}).to_numpy()
    write_cells(data / "crops/bbbc021/moa.tif", stripes(period, 3, rng), moa)
    period = dose["concentration_uM"].map({0.0: 3.0, 5.0: 5.0, 15.0: 7.0, 50.0: 12.0}).to_numpy()
    write_cells(data / "crops/bbbc021/dense.tif", stripes(period, 3, rng), dose)
    period = phenotype["phenotype"].map({"fine": 3.0, "coarse": 9.0}).to_numpy()
    write_cells(data / "crops/mitocheck/cells.tif", stripes(period, 1, rng), phenotype)
    _write_plate(data / "fields/bbbc013", rng)
    return data


def _write_plate(folder: Path, rng: np.random.Generator) -> None:
    """Four rows of wells in which GFP goes from a ring round the nuclei into them."""
    folder.mkdir(parents=True)
    wells = [(row, 5 * step, step - 1) for row in "ABCD" for step in (0, 0, 1, 2)]
    plate = []
    for number, (row, dose, control) in enumerate(wells, start=1):
        column = f"{(number - 1) % 4 + 1:02d}"
        plate.append((number, column, row, dose, control))
        for channel, plane in zip((1, 2), _field(dose / 10, rng), strict=True):
            tifffile.imwrite(folder / f"Channel{channel}-{number:02d}-{row}-{column}.tif", plane)
    names = ["ImageNumber", "Column", "Row", "SBS_Doses", "SBS_Controls"]
    pd.DataFrame(plate, columns=names).to_csv(folder / "1049_Metadata.csv", index=False)


def _field(inside: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """GFP and DNA of nine cells, a share of the protein inside the nuclei."""
    y, x = np.mgrid[:160, :160]
    gfp, dna = np.zeros((2, 160, 160))
    for cy, cx in np.mgrid[28:160:52, 28:160:52].reshape(2, -1).T + rng.uniform(-3, 3, (9, 2)):
        distance = np.hypot(y - cy, x - cx)
        dna += 150 * (distance < 9)
        gfp += np.where(distance < 9, 160 * inside, 160 * (1 - inside)) * (distance < 18)
    noise = rng.normal(20, 3, (2, 160, 160))
    gfp, dna = (np.stack([gfp, dna]) + noise).clip(0, 255).astype(np.uint8)
    return gfp, dna
