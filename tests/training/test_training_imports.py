"""What training may import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "training"


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_training_uses_the_core_and_never_the_viewer() -> None:
    names = set().union(*(imported(path) for path in FOLDER.rglob("*.py")))
    ours = {name for name in names if name.startswith("napari_c3r")}
    assert ours
    assert all(name.startswith("napari_c3r.core") for name in ours)
    roots = {name.split(".")[0] for name in names}
    assert not roots & {"napari", "qtpy", "PyQt6", "PySide6", "vispy", "superqt", "pickle"}


NOT_ON_A_TRAINING_MACHINE = (
    *("dask", "zarr", "anndata", "umap", "pynndescent", "fast_hdbscan", "imagecodecs"),
    *("psygnal", "superqt", "magicgui", "napari", "qtpy", "npe2", "vispy"),
)
BLOCKED = """
import sys
for name in {blocked}:
    sys.modules[name] = None
from training.data.simulated import main as simulate
from training.pretrain import main as train
import training.mcd, training.evaluate.__main__, training.paper_claims.__main__
folder = sys.argv[1]
simulate(["--out", folder + "/crops", "--layout", "reporter", "--cells", "24", "--seed", "1"])
for objective in ("mcd", "contrast"):
    options = ["--data", folder + "/crops", "--out", folder + "/" + objective]
    options += ["--objective", objective, "--epochs", "1", "--steps_per_epoch", "1"]
    options += ["--classes_per_batch", "4", "--samples_per_class", "2"]
    assert train([{config!r}, *options]) == 0
"""


def test_training_simulates_and_trains_on_torch_pandas_h5py_and_little_else(
    tmp_path: Path,
) -> None:
    config = str(FOLDER / "configs" / "smoke.toml")
    code = BLOCKED.format(blocked=NOT_ON_A_TRAINING_MACHINE, config=config)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=FOLDER.parent, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    for objective in ("mcd", "contrast"):
        assert (tmp_path / objective / "model" / "weights.safetensors").is_file()
