"""The toolbar's icons, drawn in the theme's foreground colour."""

from __future__ import annotations

from qtpy.QtCore import QByteArray, QRectF, Qt
from qtpy.QtGui import QIcon, QPainter, QPixmap, QPixmapCache
from qtpy.QtSvg import QSvgRenderer

SIZE = 20
"""Side of an icon in screen pixels."""

DENSITY_OF_PIXELS = 3
"""Pixels drawn for each screen pixel, enough for the densest screens."""

FADED = 0.35
"""Opacity of the icon of a disabled button."""

_SHAPES = {
    "pan": '<path d="M10 2v16M2 10h16M7.5 4.5 10 2l2.5 2.5M7.5 15.5 10 18l2.5-2.5'
    'M4.5 7.5 2 10l2.5 2.5M15.5 7.5 18 10l-2.5 2.5"/>',
    "lasso": '<path d="M6.2 13.2C3.9 12.4 2.5 10.9 2.5 8.8 2.5 5.6 5.9 3 10 3s7.5 2.6'
    ' 7.5 5.8-3.4 5.8-7.5 5.8c-.9 0-1.7-.1-2.4-.3" stroke-dasharray="2.6 1.7"/>'
    '<circle cx="6.9" cy="13.9" r="1.7"/><path d="M6 15.4c-.3 1.1-.9 1.9-2.1 2.6"/>',
    "rectangle": '<rect x="3" y="4.5" width="14" height="11" stroke-dasharray="2.6 1.7"/>'
    '<g fill="{colour}" stroke="none"><circle cx="3" cy="4.5" r="1.6"/>'
    '<circle cx="17" cy="15.5" r="1.6"/></g>',
    "undo": '<path d="M7.5 4 3.5 8l4 4M3.5 8h8.5a4.25 4.25 0 0 1 0 8.5H8"/>',
    "redo": '<path d="m12.5 4 4 4-4 4M16.5 8H8a4.25 4.25 0 0 0 0 8.5h4"/>',
    "clear": '<rect x="2.5" y="2.5" width="15" height="15" rx="3" stroke-dasharray="2.6 1.7"/>'
    '<path d="m7 7 6 6M13 7l-6 6"/>',
    "fit": '<path d="M2.5 7V2.5H7M13 2.5h4.5V7M17.5 13v4.5H13M7 17.5H2.5V13"/>'
    '<g fill="{colour}" stroke="none"><circle cx="7.5" cy="11.5" r="1.4"/>'
    '<circle cx="10.5" cy="7.5" r="1.4"/><circle cx="12.7" cy="11.8" r="1.4"/></g>',
    "density": '<circle cx="10" cy="10" r="7.5" stroke-dasharray="1.5 2.2"/>'
    '<circle cx="10" cy="10" r="4.6"/><circle cx="10" cy="10" r="1.8" fill="{colour}"/>',
    "axes": '<path d="M3.5 2.5v14h14M3.5 6.5h-1.6M3.5 11.5h-1.6M8.5 16.5v1.6M13.5 16.5v1.6"/>'
    '<g fill="{colour}" stroke="none"><circle cx="8" cy="11.5" r="1.4"/>'
    '<circle cx="11.5" cy="8" r="1.4"/><circle cx="15" cy="5" r="1.4"/></g>',
    "save": '<path d="M10 3v9M6.5 8.8 10 12.3l3.5-3.5M3.5 13.5v3h13v-3"/>',
    "size": '<g fill="{colour}" stroke="none"><circle cx="4" cy="12.5" r="2"/>'
    '<circle cx="13" cy="10" r="4.5"/></g>',
    "legend": '<path d="M9 5h8.5M9 10h8.5M9 15h8.5"/><g fill="{colour}" stroke="none">'
    '<circle cx="4" cy="5" r="1.9"/><circle cx="4" cy="10" r="1.9"/>'
    '<circle cx="4" cy="15" r="1.9"/></g>',
}


def icon(name: str, colour: str) -> QIcon:
    """Draw an icon in a colour, faded where its button is disabled."""
    drawn = QIcon(pixmap(name, colour))
    drawn.addPixmap(pixmap(name, colour, FADED), QIcon.Mode.Disabled)
    return drawn


def pixmap(name: str, colour: str, opacity: float = 1.0) -> QPixmap:
    """Draw an icon as an image, for dense screens too; once, while there is room for it.

    What Qt scales it to is remembered by the image, and would be again for each image of its own.
    """
    key = f"napari-c3r {name} {colour} {opacity}"
    known = QPixmapCache.find(key)
    if known is not None and not known.isNull():
        return known
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20" fill="none" '
        f'stroke="{colour}" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" '
        f'opacity="{opacity}">{_SHAPES[name].format(colour=colour)}</svg>'
    )
    image = QPixmap(SIZE * DENSITY_OF_PIXELS, SIZE * DENSITY_OF_PIXELS)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(image.rect()))
    painter.end()
    image.setDevicePixelRatio(DENSITY_OF_PIXELS)
    QPixmapCache.insert(key, image)
    return image
