"""Families are found by their architecture, and one call adds another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

import napari_c3r as c3r
from napari_c3r.cli import main
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import EncoderConfig, find_family, register_family
from napari_c3r.core.encoder.families import (
    architectures,
    family_of,
    read_config,
    register_by_name,
    registered_families,
)
from napari_c3r.core.encoder.families.cce import CceConfig, CceFamily
from napari_c3r.core.encoder.remote import RemoteEncoder
from napari_c3r.core.errors import InputError
from napari_c3r.core.table import KEY
from tests.core.encoder.toy import HERE, ToyConfig, ToyFamily, write_toy_folder

ROOT = Path(__file__).resolve().parents[4]
NAMES = ("DNA", "RNA", "AGP")
ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept", "AGP": "concept"})
CROPS = np.random.default_rng(0).integers(0, 4000, (7, 3, 32, 32)).astype(np.uint16)


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_planning_loads_no_torch_and_naming_a_family_loads_no_other() -> None:
    found = run(
        "import sys\n"
        "from napari_c3r.core.channels import ChannelAssignment\n"
        "from napari_c3r.core.encoder import find_family\n"
        "family = find_family('context-concept-encoder')\n"
        "roles = ChannelAssignment({'a': 'context', 'b': 'concept'})\n"
        "print(len(family.make_plan(roles, 'ab', 'each', 'cls').passes))\n"
        "print([m for m in sys.modules if m == 'torch' or 'base_sc' in m])"
    )
    assert found == "1\n[]"


def test_every_family_has_what_users_and_files_are_told() -> None:
    for architecture in architectures():
        family = find_family(architecture)
        assert family.architecture == architecture
        assert family.description.endswith(".")
        assert family.label
        assert issubclass(family.config_type, EncoderConfig)


@pytest.mark.parametrize("architecture", ["resnet", None, 3, ["base-sc"]])
def test_an_unknown_architecture_is_refused_with_those_there_are(architecture: object) -> None:
    with pytest.raises(InputError, match="'context-concept-encoder', 'base-sc'") as error:
        find_family(architecture)
    assert f"unknown architecture {architecture!r}" in str(error.value)


def test_a_config_is_read_by_its_family(small_config: CceConfig) -> None:
    found = read_config(small_config.to_json())
    assert found == small_config
    assert isinstance(family_of(found), CceFamily)
    with pytest.raises(InputError, match="unknown architecture None"):
        read_config("{}")


def test_a_config_on_disk_keeps_its_order(small_config: CceConfig) -> None:
    assert list(json.loads(small_config.to_json())) == [
        *("architecture", "normalisation", "name", "width", "heads", "branch_depth"),
        *("joint_depth", "aggregation", "patch_size", "position_grid", "input_size", "field_um"),
        *("field_diameters", "neighbours", "readout", "concept_mode", "trained"),
        *("training_data", "licence"),
    ]


def test_the_encoders_there_are_listed_with_a_sentence_each(toy_family: ToyFamily) -> None:
    found = c3r.encoders()
    assert found.families["toy"] == toy_family.description
    assert found.families["base-sc"].startswith("Embeds every channel alone")
    assert list(found.bundled) == ["bundled"]
    assert c3r.load_encoder("bundled").name in found.bundled["bundled"]
    for sentence in (*found.families.values(), *found.bundled.values()):
        assert sentence.endswith(".")
        assert sentence in str(found)


def test_a_family_of_the_package_is_not_replaced() -> None:
    with pytest.raises(ValueError, match="is one of this package"):
        register_family(CceFamily())


@pytest.mark.usefixtures("toy_family")
def test_a_family_from_outside_embeds_from_a_model_folder(tmp_path: Path) -> None:
    encoder = c3r.load_encoder(write_toy_folder(tmp_path / "toy"))
    assert isinstance(encoder.config, ToyConfig)
    vectors = encoder.embed(CROPS, ROLES, NAMES, precision="float32")
    low, high = (f(CROPS[:, 1:], axis=(2, 3), keepdims=True) for f in (np.min, np.max))
    scaled = torch.from_numpy(((CROPS[:, 1:] - low) / (high - low)).astype(np.float32))
    np.testing.assert_allclose(vectors, encoder.network(scaled)[:, 0], rtol=0, atol=1e-6)
    assert encoder.n_dims(ROLES) == 6
    assert encoder.tokens(CROPS, ROLES, NAMES).shape == (7, 5, 6)

    with encoder.start_variants([ROLES, ROLES.flipped()], NAMES) as variants:
        found = variants.run_all(CROPS)
        assert variants.columns == (("all", "cls"),) * 6
    for given, roles in zip(found, (ROLES, ROLES.flipped()), strict=True):
        np.testing.assert_array_equal(given, encoder.embed(CROPS, roles, NAMES))
    with pytest.raises(InputError, match="no readout 'cls\\+std'"):
        encoder.embed(CROPS, ROLES, NAMES, readout="cls+std")


def test_a_folder_of_a_family_that_is_not_registered_is_refused(tmp_path: Path) -> None:
    folder = write_with_the_family_known(tmp_path)
    with pytest.raises(InputError, match=r"config\.json: .*unknown architecture 'toy'.*register"):
        c3r.load_encoder(folder)


def write_with_the_family_known(path: Path) -> Path:
    from tests.core.encoder.toy import registered

    with registered():
        return write_toy_folder(path / "toy")


@pytest.mark.usefixtures("toy_family")
def test_a_family_from_outside_embeds_from_the_shell(tmp_path: Path) -> None:
    simulated = c3r.simulate_field("cell-painting", shape=(256, 256), n_cells=8, seed=1)
    (tmp_path / "field").mkdir()
    for number, plane in enumerate(simulated.image.data.compute(), 1):
        tifffile.imwrite(tmp_path / "field" / f"r01c02f01p01-ch{number}sk1fk1fl1.tiff", plane)
    tifffile.imwrite(tmp_path / "labels.tif", simulated.cells)
    out, folder = tmp_path / "cells.csv", write_toy_folder(tmp_path / "toy")
    with pytest.raises(SystemExit) as ended:
        main(
            [
                *("embed", str(tmp_path / "field"), "--labels", str(tmp_path / "labels.tif")),
                *("--names", "ch1=DNA,ch2=ER,ch3=RNA", "--context", "DNA", "--concept", "RNA,ER"),
                *("--encoder", str(folder), "--out", str(out)),
            ]
        )
    assert not ended.value.code
    table = c3r.read(out)
    assert table.shape == (len(np.unique(simulated.cells)) - 1, 6)
    assert np.ptp(table.X, axis=0).min() > 0
    assert table.uns[KEY]["encoder"]["name"] == "toy"


@pytest.mark.usefixtures("toy_family")
def test_a_family_from_outside_runs_in_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_toy_folder(tmp_path / "toy")
    assert registered_families() == (HERE,)
    expected = c3r.load_encoder(folder).embed(CROPS, ROLES, NAMES)
    known = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(known))
    encoder = RemoteEncoder(folder)
    np.testing.assert_array_equal(encoder.embed(CROPS, ROLES, NAMES), expected)
    encoder.release()


@pytest.mark.parametrize("name", ["no.such.module:Family", "tests.core.encoder.toy:Nothing"])
def test_a_family_that_another_process_cannot_load_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be loaded in another process"):
        register_by_name(name)
