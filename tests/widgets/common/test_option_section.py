"""The options of a step: what differs is said, and goes back with a click."""

from __future__ import annotations

from napari_c3r.core.crops import CropSpec
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.widgets.common.option_form import OptionForm
from napari_c3r.widgets.common.option_section import OptionSection


def test_what_differs_from_the_defaults_is_said_and_reset(qtbot):
    run, crop = OptionForm(RunOptions, ("precision", "batch_size")), OptionForm(CropSpec)
    section = OptionSection([run, crop])
    qtbot.addWidget(section)
    assert section.line.isHidden()
    assert not section.reset_button.isEnabled()
    crop.set("neighbours", "keep")
    run.set("batch_size", 8)
    assert section.line.text() == "batch size 8, neighbours keep"
    section.reset_button.click()
    assert (run.value(), crop.value()) == (RunOptions(), CropSpec())
    assert section.line.isHidden()


def test_it_is_collapsed_at_first_and_as_high_as_it_needs(qtbot):
    form = OptionForm(CropSpec)
    section = OptionSection([form])
    qtbot.addWidget(section)
    section.show()
    assert not form.isVisible()
    low = section.sizeHint().height()
    section.button.click()
    assert form.isVisible()
    assert section.sizeHint().height() >= low + form.sizeHint().height()
