"""Small fields of bright nuclei in dimmer cells, written as a plate would be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

from napari_c3r.widgets.main.step_ids import StepId

SIDE = 200
CENTRES = [(30 + 46 * row, 30 + 46 * column) for row in range(4) for column in range(4)]


def planes(seed: int = 0) -> np.ndarray:
    """(3, SIDE, SIDE) uint16: nuclei, cell bodies, and spots in them; 16 cells."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    nuclei, bodies = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    for cy, cx in CENTRES:
        cy, cx = cy + rng.uniform(-3, 3), cx + rng.uniform(-3, 3)
        away = np.hypot(y - cy, (x - cx) * rng.uniform(0.8, 1.2))
        nuclei = np.maximum(nuclei, 1 / (1 + np.exp((away - rng.uniform(6.5, 8)) * 2)))
        bodies = np.maximum(bodies, 1 / (1 + np.exp((away - rng.uniform(14, 17)) * 1.5)))
    spots = bodies * rng.gamma(1.0, 1.0, (SIDE, SIDE))
    stack = np.stack([nuclei, bodies, spots / spots.max()])
    noisy = 200 + 6000 * stack + rng.normal(0, 40, stack.shape)
    return noisy.clip(0, 65535).astype(np.uint16)


def labels() -> np.ndarray:
    """A disc for each cell, labelled sparsely: 3, 6, 9, …"""
    y, x = np.mgrid[:SIDE, :SIDE]
    found = np.zeros((SIDE, SIDE), np.int32)
    for number, (cy, cx) in enumerate(CENTRES, 1):
        found[np.hypot(y - cy, x - cx) < 15] = 3 * number
    return found


def write_plate(folder: Path, wells: tuple[str, ...] = ("A01", "B02"), sites: int = 2) -> Path:
    """``<well>_s<site>_w<channel>.tif`` at 0.5 µm per pixel."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, well in enumerate(wells):
        for site in range(1, sites + 1):
            for channel, plane in enumerate(planes(10 * number + site), 1):
                tifffile.imwrite(
                    folder / f"{well}_s{site}_w{channel}.tif",
                    plane,
                    imagej=True,
                    resolution=(2, 2),
                    metadata={"unit": "um"},
                )
    return folder


def add_layers(viewer, pixels: np.ndarray | None = None) -> None:
    """A layer for each channel, selected, and the sparse labels as the layer "mine"."""
    pixels = planes() if pixels is None else pixels
    for name, plane in zip(("DNA", "ER", "RNA"), pixels, strict=True):
        viewer.add_image(plane, name=name, scale=(0.5, 0.5), units="um")
    viewer.add_labels(labels(), name="mine", scale=(0.5, 0.5), units="um")
    viewer.layers.selection = set(list(viewer.layers)[:3])


def take_image(dock, user) -> None:
    """Take the selected layers as the image."""
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.layers_button)
    user.wait_idle(dock)


def take_labels(dock, user) -> None:
    """Take the Labels layer as the cells."""
    dock.steps[StepId.CELLS].set_open(True)
    user.click(dock.cells.labels_choice)
    user.click(dock.cells.labels_button)
