"""Room in a narrow explorer: what was large once does not keep the map low."""

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.widgets.explorer.examples.walk_page import WalkPage

pytestmark = pytest.mark.gl


def test_a_large_picture_gets_small_again(qtbot, user):
    page = WalkPage()
    qtbot.addWidget(page)
    page.resize(700, 480)
    page.show()
    page.picture.show_picture(np.zeros((64, 64, 3), np.uint8))
    user.rest(page)
    assert page.picture.height() == page.picture.width() == 320
    assert page.minimumSizeHint().height() < 160
    page.resize(700, 200)
    user.rest(page)
    assert 150 < page.picture.height() <= 190
