"""One trial for every seed: what is laid in an empty folder, and what is run there."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tools.fuzz.spoil import copy_linked, spoil
from tools.fuzz.words import draw_line

_MODEL = ("--encoder", "model")
_IMAGES = ("i.ome.tif", "lzw.tif", "tiled.tif", "ij.tif", "z.ome.tif", "i.png", "i.jpg")
_ZARRS = ("i2.zarr", "i3.zarr")


@dataclass(frozen=True)
class Trial:
    """What is run in the folder of a trial.

    Attributes
    ----------
    kind
        What kind of trial it is, for the count.
    words
        The command line; empty where a function is called.
    call
        A function that takes no command; it may raise `InputError`.
    spoilt
        What was done to files, in words.
    """

    kind: str
    words: list[str] = field(default_factory=list)
    call: Callable[[], object] | None = None
    spoilt: str = ""

    def __str__(self) -> str:
        import shlex

        told = "napari-c3r " + shlex.join(self.words) if self.words else "read as Python does"
        return f"{self.kind}: {told[:400]}" + (f" [{self.spoilt}]" if self.spoilt else "")


def lay(inputs: Path, box: Path) -> None:
    """Lay the inputs in the folder of a trial, and what no input can be copied as."""
    copy_linked(inputs, box)
    # Written to in place while a plate goes on.
    shutil.rmtree(box / "plate")
    shutil.copytree(inputs / "plate", box / "plate")
    os.mkfifo(box / "pipe")
    (box / "loop").symlink_to("loop")


def draw(seed: int, box: Path) -> Trial:
    """Draw the trial of a seed, and spoil what it spoils.

    Parameters
    ----------
    seed
        Decides all.
    box
        The folder of the trial, with all that `lay` lays in it.
    """
    rng = random.Random(seed)
    if rng.random() < 0.5:
        return Trial("command line", draw_line(rng))
    return rng.choice(_SPOILERS)(box, rng)


def _image(box: Path, rng: random.Random) -> Trial:
    name = rng.choice(_IMAGES)
    said = spoil(box / name, rng)
    return Trial("image file", _embed(name, rng), None, said)


def _zarr(box: Path, rng: random.Random) -> Trial:
    name = rng.choice(_ZARRS)
    said = spoil(box / name, rng)
    return Trial("OME-Zarr", _embed(name, rng), None, said)


def _embed(name: str, rng: random.Random) -> list[str]:
    labels = ["--labels", "labels.tif"] if rng.random() < 0.7 else []
    return ["embed", name, *labels, "--out", "o.csv", *_MODEL]


def _label_image(box: Path, rng: random.Random) -> Trial:
    name = rng.choice(("labels.tif", "labels.png"))
    said = spoil(box / name, rng)
    words = ["embed", "i.ome.tif", "--labels", name, "--out", "o.csv", *_MODEL]
    return Trial("label image", words, None, said)


def _field_of_plate(box: Path, rng: random.Random) -> Trial:
    said = spoil(box / "fields", rng)
    command = rng.choice((["plate", "fields", "--out", "p"], ["embed", "fields", "--out", "o.csv"]))
    return Trial("one of many images", [*command, *_MODEL], None, said)


def _plate(box: Path, rng: random.Random) -> Trial:
    said = spoil(box / "plate", rng)
    return Trial("begun plate", ["plate", "fields", "--out", "plate", *_MODEL], None, said)


def _label_table(box: Path, rng: random.Random) -> Trial:
    name = rng.choice(("treatments.csv", "treatments.csv", "treatments.tsv", "treatments.csv.gz"))
    said = spoil(box / name, rng)
    words = ["diagnose", "i.ome.tif", "--labels", "labels.tif", "--label-table", name]
    words += ["--label-column", "treatment", "--ask", "swap", "--out", "r.html", *_MODEL]
    return Trial("label table", words, None, said)


def _model(box: Path, rng: random.Random) -> Trial:
    said = spoil(box / "model", rng)
    words = ["embed", "i.ome.tif", "--labels", "labels.tif", "--out", "o.csv", *_MODEL]
    return Trial("model folder", words, None, said)


def _checkpoint(box: Path, rng: random.Random) -> Trial:
    said = spoil(box / "checkpoint.pth", rng)
    return Trial("checkpoint", ["convert", "checkpoint.pth", "--out", "m"], None, said)


def _result(box: Path, rng: random.Random) -> Trial:
    import napari_c3r as c3r

    suffix = rng.choice(("csv", "parquet", "h5ad"))
    provenance = suffix == "csv" and rng.random() < 0.6
    said = spoil(box / ("result.provenance.json" if provenance else f"result.{suffix}"), rng)
    kind = "provenance" if provenance else f"result {suffix}"
    return Trial(kind, [], lambda: c3r.read(f"result.{suffix}"), said)


def _session(box: Path, rng: random.Random) -> Trial:
    from napari_c3r.session.file import read_session

    said = spoil(box / "s.c3r", rng)
    return Trial("session", [], lambda: read_session("s.c3r"), said)


_SPOILERS = (
    *(_image, _image, _image, _zarr, _zarr, _label_image, _field_of_plate, _plate),
    *(_label_table, _model, _checkpoint, _result, _result, _session),
)
