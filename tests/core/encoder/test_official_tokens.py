"""An official file, converted in the shell, gives the official tokens of the official images."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import napari_c3r as c3r
from napari_c3r.cli import main
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import Encoder
from napari_c3r.core.encoder.remote import RemoteEncoder
from napari_c3r.core.errors import InputError

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Forward:
    """Images, which channels of the network they are, and what the official code made of them."""

    pixels: np.ndarray
    names: tuple[str, ...]
    expected: Arrays = field(default_factory=dict)
    concept: tuple[str, ...] = ()

    @property
    def roles(self) -> ChannelAssignment:
        concept = self.concept or self.names[-1:]
        return ChannelAssignment({n: "concept" if n in concept else "context" for n in self.names})

    def check(self, encoder: Encoder, pixels: np.ndarray) -> None:
        found = encoder.tokens(pixels, self.roles, self.names, precision="float32")
        parts = {
            "tokens": found,
            "cls": found[:, 0],
            "first4": found[:, :4],
            "mean": found.mean(axis=1),
        }
        for part, expected in self.expected.items():
            np.testing.assert_allclose(parts[part], expected, rtol=0, atol=2e-5)


def load(path: Path) -> Arrays:
    with np.load(path) as file:
        return dict(file)


def numbered(places: Any) -> tuple[str, ...]:
    return tuple(f"n{place}" for place in places)


def mapping(count: int) -> tuple[str, str]:
    return "--channels", ",".join(f"n{place}={place}" for place in range(count))


def channelvit(golden: Path) -> tuple[Arrays, tuple[str, ...], list[Forward]]:
    """Among the cases are both oddities of the official positions."""
    arrays = load(golden / "channelvit_cases.npz")
    cases = [name.removesuffix("_x_u8") for name in arrays if name.endswith("_x_u8")]
    forwards = [
        Forward(
            arrays[f"{case}_x_u8"],
            numbered(arrays[f"{case}_channels"]),
            {
                "cls": arrays[f"{case}_cls"],
                "first4": arrays[f"{case}_tokens_out_first4"],
                "mean": arrays[f"{case}_tokens_out_mean"],
            },
        )
        for case in cases
    ]
    assert {"d_2ch_224", "e_4ch_112_posembed_quirk"} < set(cases)
    return load(golden / "channelvit_params.npz"), mapping(5), forwards


def dichavit(golden: Path) -> tuple[Arrays, tuple[str, ...], list[Forward]]:
    arrays = load(golden / "dichavit.npz")
    weights = {n.removeprefix("param:"): v for n, v in arrays.items() if n.startswith("param:")}
    places = {"Allen": range(3), "HPA": range(3, 7), "CP": range(7, 12)}
    forwards = [
        Forward(arrays[f"{name}_x_u8"], numbered(each), {"cls": arrays[f"{name}_cls"]})
        for name, each in places.items()
    ]
    return weights, mapping(12), forwards


def subcell(golden: Path) -> tuple[Arrays, tuple[str, ...], list[Forward]]:
    arrays = load(golden / "subcell_tiny.npz")
    weights = {n.removeprefix("enc:"): v for n, v in arrays.items() if n.startswith("enc:")}
    names = ("microtubules", "ER", "nucleus", "protein")
    forwards = [
        Forward(arrays[f"{size}_x_u8"], names, {"tokens": arrays[f"{size}_last_hidden"]})
        for size in ("native", "larger")
    ]
    return weights, (), forwards


def cce(golden: Path) -> tuple[Arrays, tuple[str, ...], list[Forward]]:
    described = json.loads((golden / "cce_tiny_cases.json").read_text())
    forwards = []
    for case in "ABC":
        arrays = load(golden / described[case]["file"])
        names = numbered(range(arrays["x_u8"].shape[1]))
        concept = tuple(names[place] for place in described[case]["in_groups"][1])
        forwards.append(Forward(arrays["x_u8"], names, {"tokens": arrays["tokens_out"]}, concept))
    return load(golden / "cce_tiny_params.npz"), (), forwards


Source = Callable[[Path], tuple[Arrays, tuple[str, ...], list[Forward]]]
SOURCES: dict[str, Source] = {
    "channelvit": channelvit,
    "dichavit": dichavit,
    "subcell": subcell,
    "context-concept-encoder": cce,
}


def convert(golden: Path, folder: Path, name: str) -> tuple[Path, list[Forward]]:
    weights, options, forwards = SOURCES[name](golden)
    torch.save({key: torch.from_numpy(value) for key, value in weights.items()}, folder / "w.pth")
    given = [str(folder / "w.pth"), "--out", str(folder / "model"), *options, "--set", "heads=4"]
    with pytest.raises(SystemExit) as exited:
        main(["convert", *given])
    assert exited.value.code == 0
    return folder / "model", forwards


@pytest.mark.parametrize("name", SOURCES)
def test_tokens_are_the_official_ones(golden_dir: Path, tmp_path: Path, name: str) -> None:
    model, forwards = convert(golden_dir, tmp_path, name)
    encoder = c3r.load_encoder(model)
    assert encoder.config.architecture == name
    assert f"- Intensities: {encoder.config.normalisation}" in encoder.card
    for forward in forwards:
        forward.check(encoder, forward.pixels)
        forward.check(encoder, forward.pixels.astype(np.float32) / 255)
        forward.check(encoder, forward.pixels.astype(np.uint16) * 257)


@contextmanager
def process_of_its_own(model: Path) -> Iterator[Encoder]:
    encoder = RemoteEncoder(model)
    try:
        yield encoder
    finally:
        encoder.release()


def test_a_process_of_its_own_gives_them_too(golden_dir: Path, tmp_path: Path) -> None:
    model, forwards = convert(golden_dir, tmp_path, "channelvit")
    with process_of_its_own(model) as encoder:
        for forward in forwards:
            forward.check(encoder, forward.pixels)
        wide = forwards[0].pixels.astype(np.int64)
        with pytest.raises(InputError, match="int64 does not say what is brightest: give uint8"):
            encoder.tokens(wide, forwards[0].roles, forwards[0].names)


def test_brightness_makes_no_difference_to_vectors(golden_dir: Path, tmp_path: Path) -> None:
    model, forwards = convert(golden_dir, tmp_path, "channelvit")
    encoder, forward = c3r.load_encoder(model), forwards[1]
    arguments = forward.roles, forward.names
    wide = forward.pixels.astype(np.int64) * 3 + 100
    bright, dim = (encoder.embed(each, *arguments) for each in (wide, forward.pixels))
    np.testing.assert_allclose(bright, dim, rtol=0, atol=1e-4)
    huge = np.where(forward.pixels == forward.pixels.max(), 1e300, 0.0)
    with pytest.raises(InputError, match="no finite numbers for pixels from 0 to 1e\\+300: scale"):
        encoder.tokens(huge, *arguments)
