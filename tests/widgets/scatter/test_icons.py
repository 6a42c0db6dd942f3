"""Icons of one look are one image."""

from __future__ import annotations

from napari_c3r.widgets.scatter import icons


def test_an_icon_is_drawn_once_for_each_name_colour_and_opacity(qapp):
    first = icons.pixmap("pan", "#102030")
    assert not first.isNull()
    assert icons.pixmap("pan", "#102030").cacheKey() == first.cacheKey()
    others = [("undo", "#102030", 1.0), ("pan", "#102031", 1.0), ("pan", "#102030", 0.5)]
    assert first.cacheKey() not in {icons.pixmap(*other).cacheKey() for other in others}
