"""The model folder that comes with the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.embed.job import embed
from napari_c3r.core.encoder import Encoder, load_encoder
from napari_c3r.core.encoder.families.cce import ContextConceptEncoder
from napari_c3r.core.encoder.local import MODELS
from napari_c3r.core.simulate import simulate_field

HPA = ["microtubules", "protein", "nucleus", "ER"]
HPA_ROLES = ChannelAssignment({name: "concept" if name == "protein" else "context" for name in HPA})


@pytest.fixture(scope="module")
def bundled() -> Encoder:
    return load_encoder("bundled")


@pytest.fixture(scope="module")
def untrained() -> Encoder:
    """The same network before any training."""
    encoder = load_encoder("bundled")
    torch.manual_seed(0)
    encoder.network = ContextConceptEncoder(encoder.config).eval().requires_grad_(False)
    return encoder


def test_it_is_trained_and_its_card_says_how_on_what_and_what_it_is_bad_at(
    bundled: Encoder,
) -> None:
    assert bundled.trained
    assert bundled.config.input_size == 112
    assert bundled.config.field_um == 64
    assert bundled.config.training_data
    for heading in ("Training data", "Recipe", "Results", "What it is bad at", "Licence"):
        assert f"## {heading}" in bundled.card, heading


def test_the_folder_is_small_enough_for_the_wheel() -> None:
    assert sum(file.stat().st_size for file in MODELS.rglob("*")) < 60e6


def test_it_is_loaded_and_used_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("asked for the network")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    crops = np.random.default_rng(0).integers(0, 4096, (2, 4, 112, 112)).astype(np.uint16)
    assert np.isfinite(load_encoder().embed(crops, HPA_ROLES, HPA)).all()


def test_it_embeds_real_cells_alike_in_every_precision(bundled: Encoder, data_dir: Path) -> None:
    import tifffile

    crops = tifffile.imread(data_dir / "crops" / "hpa_56_F11_U2OS.tif")
    exact = bundled.embed(crops, HPA_ROLES, HPA, precision="float32")
    assert exact.shape == (13, 192)
    assert np.isfinite(exact).all()
    assert np.linalg.matrix_rank(exact - exact.mean(axis=0)) == 12

    rough = bundled.embed(crops, HPA_ROLES, HPA, precision="bfloat16")
    lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(rough, axis=1)
    assert ((exact * rough).sum(axis=1) / lengths).min() > 0.999


def neighbours_alike(vectors: NDArray[np.float32], kinds: NDArray[np.object_]) -> float:
    """Share of cells whose nearest other cell, by the cosine, is of their kind."""
    scaled = (vectors - vectors.mean(0)) / (vectors.std(0) + 1e-9)
    unit = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -2)
    return float(np.mean(kinds[cosines.argmax(1)] == kinds))


def test_training_taught_it_more_than_the_network_knows_by_itself(
    bundled: Encoder, untrained: Encoder
) -> None:
    # A seed that no training set was drawn with.
    field = simulate_field("cell-painting", shape=(900, 900), seed=424242)
    roles = ChannelAssignment.suggest(field.image.channel_names)
    kinds = field.truth["phenotype"].to_numpy(object)
    scores = {
        name: neighbours_alike(embed(field.image, field.cells, roles, encoder=encoder).X, kinds)
        for name, encoder in (("trained", bundled), ("untrained", untrained))
    }
    assert scores["trained"] > 0.8
    assert scores["trained"] > scores["untrained"] + 0.05
