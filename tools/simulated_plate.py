"""A plate with a known truth, embedded by every engine: ``python -m tools.simulated_plate``.

Writes fields whose cells lie at places that no other field has, embeds them with one worker, with
two processes and with a scheduler of its own, and tells whether the three tables are the same
byte by byte and whether every row is a cell of its own field.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

CHANNELS = ("DNA", "ER", "RNA", "AGP", "Mito")
SIDE = 192
_GRID, _NUCLEUS, _CELL, _SHIFT = 3, 9.0, 20.0, 9.0
_BACKGROUND, _NOISE = 200.0, 4.0
# How far a measured cell may be from the one that was drawn: pixels, and shares of its value.
_NEAR, _AREA, _INTENSITY = 3.0, 0.25, 0.25


@dataclass(frozen=True)
class SimulatedPlate:
    """Files of fields, and what is in them.

    Attributes
    ----------
    folder
        The files, a channel each.
    truth
        A row for each cell: ``well``, ``site``, ``y_px``, ``x_px``, ``nucleus_area_px`` and the
        brightness of each channel.
    """

    folder: Path
    truth: pd.DataFrame


def write_plate(folder: Path, wells: int = 96, sites: int = 4, seed: int = 0) -> SimulatedPlate:
    """Draw fields of round cells, 9 in each, in five channels.

    Parameters
    ----------
    folder
        To write to; made if it is missing.
    wells, sites
        Wells, row by row of a plate of 96, and fields in each.
    seed
        Of the places and the brightness of cells.
    """
    import tifffile

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    cells = []
    for number in range(wells):
        well = f"{'ABCDEFGH'[number // 12]}{number % 12 + 1:02d}"
        for site in range(1, sites + 1):
            drawn = _draw_cells(rng).assign(well=well, site=str(site))
            for channel, plane in enumerate(_draw(drawn, rng), 1):
                tifffile.imwrite(folder / f"P1_{well}_s{site}_w{channel}.tif", plane)
            cells.append(drawn)
    return SimulatedPlate(folder, pd.concat(cells, ignore_index=True))


def _draw_cells(rng: np.random.Generator) -> pd.DataFrame:
    step = SIDE / _GRID
    y, x = (np.mgrid[:_GRID, :_GRID].reshape(2, -1) + 0.5) * step
    count = len(y)
    places = {"y_px": y, "x_px": x}
    cells = {name: at + rng.uniform(-_SHIFT, _SHIFT, count) for name, at in places.items()}
    radius = _NUCLEUS * rng.uniform(0.85, 1.15, count)
    levels = {name: rng.uniform(1000, 4000, count) for name in CHANNELS}
    return pd.DataFrame({**cells, "radius": radius, "nucleus_area_px": np.pi * radius**2, **levels})


def _draw(cells: pd.DataFrame, rng: np.random.Generator) -> list[np.ndarray]:
    yy, xx = np.mgrid[:SIDE, :SIDE]
    planes = [rng.normal(_BACKGROUND, _NOISE, (SIDE, SIDE)) for _ in CHANNELS]
    for cell in cells.itertuples():
        away = np.hypot(yy - cell.y_px, xx - cell.x_px)
        for plane, name in zip(planes, CHANNELS, strict=True):
            plane[away < (cell.radius if name == "DNA" else _CELL)] += getattr(cell, name)
    return [np.clip(plane, 0, 65535).astype(np.uint16) for plane in planes]


def wrong_rows(obs: pd.DataFrame, truth: pd.DataFrame) -> list[str]:
    """What differs between rows and the cells that were drawn, in words; nothing if all is right.

    Every cell must be there once, in its own well and field, at its place, with the area of its
    nucleus and, in every channel, its brightness.
    """
    wrong = []
    fields = dict(list(obs.groupby(["well", "site"], observed=True)))
    for key, drawn in truth.groupby(["well", "site"]):
        found = fields.pop(key, None)
        if found is None or len(found) != len(drawn):
            wrong.append(f"{key}: {0 if found is None else len(found)} of {len(drawn)} cells")
            continue
        away, which = cKDTree(drawn[["y_px", "x_px"]]).query(found[["y_px", "x_px"]].to_numpy())
        if away.max() > _NEAR or len(set(which)) < len(drawn):
            wrong.append(f"{key}: a cell is {away.max():.1f} px from where one was drawn")
            continue
        cells = drawn.iloc[which]
        area = found["nucleus_area_px"].to_numpy() / cells["nucleus_area_px"].to_numpy()
        if abs(area - 1).max() > _AREA:
            wrong.append(f"{key}: a nucleus is {area.max():.2f} of the area drawn")
        # Of the nucleus' own channel the rest of the cell is dark.
        for name in CHANNELS[1:]:
            level = found[f"intensity_mean_{name}"].to_numpy() - _BACKGROUND
            share = level / cells[name].to_numpy()
            if abs(share - 1).max() > _INTENSITY:
                wrong.append(f"{key}: {name} of a cell is {share.min():.2f} of what was drawn")
    return wrong + [f"{key}: no such field was drawn" for key in fields]


def shell_words(plate: Path, out: Path, *more: str) -> list[str]:
    """The command that embeds such a plate."""
    names = ",".join(f"w{number}={name}" for number, name in enumerate(CHANNELS, 1))
    roles = ("--context", "DNA,ER", "--concept", "RNA,AGP,Mito")
    sizes = ("--nucleus-size-px", "18", "--cell-distance-px", "11")
    return ["plate", str(plate), "--out", str(out), "--names", names, *roles, *sizes, *more]


@contextmanager
def _own_cluster() -> Iterator[str]:
    """A scheduler with two workers; its address."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=":0") as cluster:
        yield cluster.scheduler_address


def main(arguments: Sequence[str] | None = None) -> int:
    """Embed by every engine; 1 if anything differs."""
    parser = argparse.ArgumentParser(prog="python -m tools.simulated_plate", description=__doc__)
    parser.add_argument("--wells", type=int, default=96)
    parser.add_argument("--sites", type=int, default=4)
    parser.add_argument("--encoder", default="bundled")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="plate-") as scratch:
        plate = write_plate(Path(scratch) / "in", given.wells, given.sites)
        print(f"{given.wells} wells × {given.sites} fields × {len(CHANNELS)} channels", flush=True)
        with _own_cluster() as address:
            engines = {
                "1 worker": (),
                "2 processes": ("--workers", "2"),
                "a cluster": ("--scheduler", address),
            }
            tables = [
                _embed(
                    plate, Path(scratch) / str(number), name, (*more, "--encoder", given.encoder)
                )
                for number, (name, more) in enumerate(engines.items())
            ]
        same = len(set(tables)) == 1
        print(f"tables byte-equal: {same}", flush=True)
        return int(not same or b"" in tables)


def _embed(plate: SimulatedPlate, out: Path, name: str, more: Sequence[str]) -> bytes:
    """The table of an engine; nothing where it failed or a row is wrong."""
    from napari_c3r.cli.app import main as shell
    from napari_c3r.core.table import read

    began = time.perf_counter()
    try:
        shell(shell_words(plate.folder, out, *more))
    except SystemExit as ended:
        if ended.code:
            print(f"{name}: ended with {ended.code}")
            return b""
    seconds = time.perf_counter() - began
    table = read(out / "cells.parquet")
    wrong = wrong_rows(table.obs, plate.truth)
    fields = table.obs["image"].nunique()
    print(
        f"{name}: {len(table)} of {len(plate.truth)} cells of {fields} fields in {seconds:.0f} s "
        f"({60 * fields / seconds:.0f} fields a minute), {len(wrong)} fields wrong",
        flush=True,
    )
    for each in wrong[:5]:
        print(f"  {each}")
    return b"" if wrong else (out / "cells.parquet").read_bytes()


if __name__ == "__main__":
    sys.exit(main())
