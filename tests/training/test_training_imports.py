"""What training may import."""

from __future__ import annotations

import ast
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
