"""What :mod:`tools.kill` kills: for each, how it is written and what counts as whole."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

_Files = dict[str, bytes]


class Target(Protocol):
    """Something that is written over and over; turns with odd and even numbers differ."""

    def write(self, turn: int) -> None:
        """Write what belongs to a turn over what is there."""
        ...

    def left(self, turn: int, finished: bool = False) -> str:
        """What is there when a turn was killed or has finished.

        Returns
        -------
        str
            ``"old"``, ``"new"``, ``"part"`` for whole parts of the new one, or what is wrong.
        """
        ...


class Plate:
    """``napari-c3r plate`` of three fields into a folder; each turn has other pixels."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._model = folder, tiny_model(folder / "tiny")
        self._expected = []
        for turn in (0, 1):
            _write_fields(folder / f"in{turn}", turn)
            _in_a_fork(lambda turn=turn: self._plate(turn, folder / f"fresh{turn}"))
            self._expected.append(_files(folder / f"fresh{turn}"))

    def write(self, turn: int) -> None:
        self._plate(turn, self._folder / "out")

    def _plate(self, turn: int, out: Path) -> None:
        from napari_c3r.cli import main

        main(["plate", f"{self._folder}/in{turn % 2}", "--out", f"{out}", "--encoder", self._model])

    def left(self, turn: int, finished: bool = False) -> str:
        from napari_c3r.core.errors import InputError
        from napari_c3r.core.table import read

        found = _files(self._folder / "out")
        new, old = self._expected[turn % 2], self._expected[1 - turn % 2]
        if finished and found.keys() != new.keys():
            return f"the files are {sorted(found)}"
        for name, content in found.items():
            if Path(name).name.startswith("."):
                continue
            if name.endswith(".json"):
                json.loads(content)
            if "fields" in name:
                try:
                    read(self._folder / "out" / name)
                except InputError as error:
                    return str(error)
        table = found.get("cells.parquet")
        if table == new["cells.parquet"]:
            return "new"
        if finished or table not in (None, old["cells.parquet"]):
            return "a wrong table"
        return "part" if table is None else "old"


class _Versions:
    """Something of which two versions are known, byte by byte."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: list[_Files] = []
        for turn in (0, 1):
            _in_a_fork(lambda turn=turn: self.write(turn))
            self._known.append(_files(folder))

    def write(self, turn: int) -> None:
        raise NotImplementedError

    def _visible(self) -> _Files:
        """What a reader finds."""
        return {n: c for n, c in _files(self._folder).items() if not n.startswith(".")}

    def left(self, turn: int, finished: bool = False) -> str:
        found = _files(self._folder) if finished else self._visible()
        for name, known in (("new", self._known[turn % 2]), ("old", self._known[1 - turn % 2])):
            if found == known:
                return name
        return f"the files are {sorted(found)}"


class Session(_Versions):
    """A session folder."""

    def write(self, turn: int) -> None:
        from napari_c3r.core.channels import ChannelAssignment
        from napari_c3r.core.images import FieldSource, Image, ImageFiles
        from napari_c3r.session.file import SavedCells, SavedSession, write_session

        image = Image.from_array(_pixels(turn % 2), ["DNA", "RNA"], 0.5, name="field")
        cells = SavedCells(_labels() * (1 + turn % 2), _labels())
        saved = SavedSession(
            [FieldSource(ImageFiles("field", ()))],
            0,
            ChannelAssignment({"DNA": "context", "RNA": "concept"}),
            {"field": cells},
            settings={"turn": turn % 2},
        )
        write_session(self._folder / "my.c3r", saved, {"field": image})

    def _visible(self) -> _Files:
        from napari_c3r.session.file import read_session

        read_session(self._folder / "my.c3r")
        return super()._visible()


class ModelFolder(_Versions):
    """A model folder."""

    def write(self, turn: int) -> None:
        tiny_model(self._folder / "model", turn % 2)

    def _visible(self) -> _Files:
        from napari_c3r.core.encoder import read_model_folder

        read_model_folder(self._folder / "model")
        return super()._visible()


class Table(_Versions):
    """A table in each format, one after the other; a turn may stop between two of them."""

    def write(self, turn: int) -> None:
        for suffix in (".csv", ".parquet", ".h5ad"):
            _write_table(self._folder / f"cells{suffix}", turn % 2)

    def left(self, turn: int, finished: bool = False) -> str:
        from napari_c3r.core.errors import InputError
        from napari_c3r.core.table import KEY, read

        seen = []
        for suffix in (".csv", ".parquet", ".h5ad"):
            try:
                table = read(self._folder / f"cells{suffix}")
            except InputError as error:
                return str(error)
            number = table.uns[KEY]["turn"]
            if not np.array_equal(table.X, _vectors(number)) or len(table.uns[KEY]["notes"]):
                return f"cells{suffix} is of two versions"
            seen.append(number)
        names = {name for name in _files(self._folder) if finished or not name.startswith(".")}
        if names != self._known[0].keys():
            return f"the files are {sorted(names)}"
        if set(seen) == {turn % 2}:
            return "new"
        return "old" if turn % 2 not in seen else "part"


class Report(_Versions):
    """A report's page, and its Markdown with pictures."""

    def write(self, turn: int) -> None:
        from napari_c3r.core.report.page import Section, write_page

        pictures = [f"{name} {turn % 2}".encode() * 500 for name in ("map", "bars")]
        figures = zip(("map", "bars"), pictures, strict=True)
        sections = [Section("s", figure=(name, png, "shown")) for name, png in figures]
        write_page(f"turn {turn % 2}", sections, self._folder / "r.html")

    def left(self, turn: int, finished: bool = False) -> str:
        found = self._visible()
        shown = re.findall(r"\((r-.*?\.png)\)", found["r.md"].decode())
        numbers = {found[name][-1:] for name in shown if name in found}
        words, page = found["r.md"][:8][-1:], re.search(rb"turn (\d)", found["r.html"])
        if len(shown) != 2 or numbers != {words} or page is None:
            return f"pages and pictures differ: {sorted(found)}"
        if finished and _files(self._folder) != self._known[turn % 2]:
            return f"the files are {sorted(_files(self._folder))}"
        states = {words.decode(), page[1].decode()}
        return "part" if len(states) == 2 else "new" if states == {str(turn % 2)} else "old"


TARGETS: dict[str, Callable[[Path], Target]] = {
    "plate": Plate,
    "session": Session,
    "table": Table,
    "model": ModelFolder,
    "report": Report,
}


def _in_a_fork(body: Callable[[], Any]) -> None:
    # Threads that a library starts would not be there after a fork.
    from tools.kill import forked

    forked(body)


def load_libraries() -> None:
    """Load once what every process needs that is forked from this one; compute nothing."""
    import dask

    import napari_c3r.cli
    import napari_c3r.core
    import napari_c3r.session.file

    for module in pkgutil.walk_packages(napari_c3r.core.__path__, "napari_c3r.core."):
        importlib.import_module(module.name)
    for name in ("pyarrow.parquet", "rich.progress", "scipy.ndimage", "skimage.measure", "zarr"):
        importlib.import_module(name)
    importlib.import_module("torch").set_num_threads(1)
    dask.config.set(scheduler="synchronous")


def _files(folder: Path) -> _Files:
    names = [each for each in folder.rglob("*") if each.is_file()] if folder.exists() else []
    # An OME-TIFF has a number of its own, drawn anew each time.
    drawn = re.compile(rb"urn:uuid:[0-9a-f-]{36}")
    return {
        each.relative_to(folder).as_posix(): drawn.sub(b"", each.read_bytes())
        for each in sorted(names)
    }


def _labels() -> np.ndarray:
    rows, columns = np.mgrid[:96, :96]
    labels = np.zeros((96, 96), np.uint16)
    for number, (y, x) in enumerate(((24, 24), (24, 72), (72, 24), (72, 72)), 1):
        labels[np.hypot(rows - y, columns - x) < 12] = number
    return labels


def _pixels(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(200, 8, (2, 96, 96))
    return (noise + 2000 * (_labels() > 0)).astype(np.uint16)


def _write_fields(folder: Path, seed: int) -> None:
    import tifffile

    folder.mkdir()
    for number in range(3):
        tifffile.imwrite(
            folder / f"P1_A0{number + 1}_s1.ome.tif",
            _pixels(10 * seed + number),
            photometric="minisblack",
            metadata={"axes": "CYX", "Channel": {"Name": ["DNA", "RNA"]}},
        )


def tiny_model(folder: Path, seed: int = 0) -> str:
    """Write a small model folder."""
    import torch

    from napari_c3r.core.encoder import write_model_folder
    from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder

    config = CceConfig(
        name="tiny", width=16, heads=2, branch_depth=1, joint_depth=1, input_size=32, field_um=20.0
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        weights = ContextConceptEncoder(config).state_dict()
    return str(write_model_folder(folder, config, weights, f"# Tiny {seed}\n"))


def _vectors(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((400, 32)).astype(np.float32)


def _write_table(path: Path, turn: int) -> None:
    import pandas as pd

    from napari_c3r.core.table import make_result, write

    obs = pd.DataFrame({"image": "field", "label": range(1, 401), "y_px": 1.0, "x_px": 2.0})
    facts = {"roles": {"DNA": "context", "RNA": "concept"}, "turn": turn, "notes": []}
    write(make_result(obs, _vectors(turn), [("RNA", "cls")] * 32, facts), path)
