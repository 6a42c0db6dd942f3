"""The plugin's icon: shipped, drawable, and seen on dark and light alike."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from npe2 import PluginManifest
from qtpy.QtCore import QRectF
from qtpy.QtGui import QColor, QImage, QPainter
from qtpy.QtSvg import QSvgRenderer

SIDE = 128
# WCAG asks 3:1 of what is not text.
CONTRAST = 3.0
# Backgrounds of the two themes of napari.
DARK, LIGHT = "#23242b", "#ebe7e6"


def drawn(icon: bytes, background: str) -> np.ndarray:
    """(SIDE, SIDE, 3) in 0–1."""
    image = QImage(SIDE, SIDE, QImage.Format.Format_RGB888)
    image.fill(QColor(background))
    painter = QPainter(image)
    renderer = QSvgRenderer(icon)
    assert renderer.isValid()
    renderer.render(painter, QRectF(0, 0, SIDE, SIDE))
    painter.end()
    rows = image.constBits()
    if hasattr(rows, "setsize"):
        rows.setsize(image.sizeInBytes())
    # The bits belong to the picture, which ends here.
    bits = np.frombuffer(rows, np.uint8).reshape(SIDE, -1).copy()
    return bits[:, : 3 * SIDE].reshape(SIDE, SIDE, 3)


def luminance(rgb: np.ndarray) -> np.ndarray:
    linear = np.where(rgb <= 10, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_the_icon_is_shipped_and_seen_on_dark_and_light(qapp):
    manifest = PluginManifest.from_file(str(files("napari_c3r") / "napari.yaml"))
    package, _, name = manifest.icon.partition(":")
    icon = (files(package) / name).read_bytes()
    for background in (DARK, LIGHT):
        seen = luminance(drawn(icon, background).astype(float))
        ground = luminance(np.array([QColor(background).getRgb()[:3]], float))[0]
        ratio = (np.maximum(seen, ground) + 0.05) / (np.minimum(seen, ground) + 0.05)
        changed = ratio > 1.05
        assert 0.2 < changed.mean() < 0.6
        # All but the softened edges.
        assert np.percentile(ratio[changed], 20) >= CONTRAST
        edge = np.concatenate([changed[0], changed[-1], changed[:, 0], changed[:, -1]])
        assert not edge.any()
