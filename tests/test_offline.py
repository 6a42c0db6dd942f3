"""Nothing is fetched, nothing is trained, and little has to be installed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "napari_c3r"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def imported(path: Path) -> set[str]:
    """Names of the modules that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module or "", *(f"{node.module}.{a.name}" for a in node.names)}
    return names


EVERYTHING = {name for path in SOURCE.rglob("*.py") for name in imported(path)}


def test_no_file_of_the_package_could_ask_the_network():
    network = {
        "socket",
        "ssl",
        "http",
        "urllib",
        "ftplib",
        "asyncio",
        "requests",
        "httpx",
        "aiohttp",
    }
    network |= {"pooch", "fsspec", "huggingface_hub", "torchvision", "timm"}
    assert {name.split(".")[0] for name in EVERYTHING} & network == set()
    assert {
        name for name in EVERYTHING if name.startswith(("torch.hub", "torch.utils.model_zoo"))
    } == set()


_DAY = """
import sys

def refuse(event, _):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request"):
        raise RuntimeError(f"asked for the network: {event}")

sys.addaudithook(refuse)
import napari_c3r as c3r

field = c3r.simulate_field("cell-painting", shape=(320, 320), n_cells=14, seed=1)
roles = c3r.ChannelAssignment.suggest(field.image.channel_names)
nuclei, cells = c3r.segment_cells(field.image, "DNA", "RNA")
table = c3r.embed(field.image, cells, roles, encoder=c3r.load_encoder(), nuclei=nuclei)
c3r.cluster(c3r.map_cells(table))
for name in ("cells.csv", "cells.parquet", "cells.h5ad"):
    assert len(c3r.read(c3r.write(table, name))) == len(table) > 5
print("done")
"""


def test_a_whole_day_s_work_asks_for_no_network(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _DAY], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "done", done.stderr


def test_the_weights_are_in_the_wheel(tmp_path):
    """By the rules of the build backend itself, where it is installed."""
    builder = pytest.importorskip("hatchling.builders.wheel", reason="hatchling builds the wheel")
    files = builder.WheelBuilder(str(ROOT)).recurse_included_files()
    inside = {file.distribution_path for file in files}
    for name in ("weights.safetensors", "config.json", "card.md", "SHA256SUMS"):
        assert f"napari_c3r/models/bundled/{name}" in inside
    assert "napari_c3r/napari.yaml" in inside


def test_nothing_is_trained_in_the_window():
    """Training holds a graphics card for hours: it is a command, and the card is free with it."""
    assert {
        n for n in EVERYTHING if n.split(".")[0] == "training" or n.startswith("torch.optim")
    } == set()
    # A correction of batches is fitted to the user's own table, and not where encoders are.
    fitted = SOURCE / "core" / "profiles" / "cellpaintr" / "fitting.py"
    for path in set(SOURCE.rglob("*.py")) - {fitted}:
        assert ".backward(" not in path.read_text("utf-8"), path.name
    assert "train" not in (SOURCE / "napari.yaml").read_text("utf-8")


def test_no_dependency_brings_a_window_toolkit_or_another_network_library():
    names = {re.split(r"[<>=\[;]", need)[0].strip().lower() for need in PROJECT["dependencies"]}
    assert len(names) <= 27
    unwanted = {"pyqt5", "pyqt6", "pyside2", "pyside6", "tensorflow", "jax", "torchvision", "timm"}
    assert names & unwanted == set()
    # napari with a window toolkit comes with an extra, as the README says.
    assert "napari[all]>=0.9" in PROJECT["optional-dependencies"]["all"]


def test_every_promised_python_is_tested_on_every_system_with_both_toolkits():
    import yaml

    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text("utf-8"))
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]
    label = "Programming Language :: Python :: 3."
    promised = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if c.startswith(label)]
    assert matrix["python"] == promised
    assert {system.split("-")[0] for system in matrix["os"]} == {"ubuntu", "windows", "macos"}
    assert matrix["qt"] == ["pyqt6", "pyside6"]
    assert PROJECT["requires-python"] == f">={promised[0]}"
