"""Names in figures are drawn letter by letter, whatever they hold."""

from __future__ import annotations

from io import BytesIO

import pytest

from napari_c3r.core.diagnose.report.figures import new_figure
from napari_c3r.core.figures.plain import plain, save_figure

NAMES = [
    "$\\frac$",
    "a $b$ c",
    "$",
    "_hidden",
    "\x1b[2J",
    "细胞 ²",
    "a\nb",
    "<svg>&",
    "\udcff",
    "%s {0}",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_any_name_is_drawn(name, suffix):
    figure = new_figure(3, 2)
    axes = figure.subplots()
    axes.plot([0, 1], label=plain(name))
    axes.set_title(plain(name))
    axes.set_yticks([0, 1], [plain(name)] * 2)
    shown = [text.get_text() for text in axes.legend().get_texts()]
    assert shown == [plain(name)]
    save_figure(figure, BytesIO(), format=suffix)


def test_plain_names_stay_as_they_are():
    assert plain("Alexa 488, 50%") == "Alexa 488, 50%"
