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
    *("dask", "zarr", "tifffile", "anndata", "pyarrow", "umap", "typer", "rich", "psygnal"),
    *("napari", "qtpy", "npe2", "vispy"),
)
BLOCKED = """
import sys
from importlib import import_module
for name in {blocked}:
    sys.modules[name] = None
for name in {wanted}:
    import_module(name)
"""


def test_training_runs_on_torch_pandas_h5py_and_little_else() -> None:
    wanted = ("training.pretrain", "training.mcd", "training.contrast", "training.data.cropset")
    code = BLOCKED.format(blocked=NOT_ON_A_TRAINING_MACHINE, wanted=wanted)
    done = subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parent, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
