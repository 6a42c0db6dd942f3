"""Small pictures of cells to lay files out with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image as Picture

Discs = Callable[..., NDArray[np.uint16]]


@pytest.fixture
def discs() -> Discs:
    """Labels 1, 2, … of discs around (y, x)."""

    def draw(centres: list[tuple[int, int]], radius: int = 10, side: int = 120) -> NDArray:
        y, x = np.mgrid[:side, :side]
        labels = np.zeros((side, side), np.uint16)
        for number, (cy, cx) in enumerate(centres, 1):
            labels[np.hypot(y - cy, x - cx) <= radius] = number
        return labels

    return draw


@pytest.fixture
def save() -> Callable[[Path, NDArray], Path]:
    """Write a picture as TIFF or PNG, with its folders."""

    def write(path: Path, pixels: NDArray) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".png":
            Picture.fromarray(pixels).save(path)
        else:
            tifffile.imwrite(path, pixels)
        return path

    return write
