"""Where real images and golden numbers are, and isolation from the user's own settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def _folder(variable: str, default: Path, what: str) -> Path:
    path = Path(os.environ.get(variable, default))
    if not path.is_dir():
        pytest.skip(f"{what} not found at {path}; set {variable} to their folder")
    return path


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real microscopy images, outside the project."""
    return _folder("C3R_DATA", SHARED / "data", "real images")


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """Folder of numbers computed by the official code."""
    return _folder("C3R_REFERENCE", SHARED / "reference", "golden numbers") / "golden"
