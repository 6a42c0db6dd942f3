"""The plate map of step 1: found beside the images, corrected, in every table, kept and copied."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication

import napari_c3r as c3r
from napari_c3r.core.metadata import design_of
from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.fields import add_layers, take_image, write_plate
from tests.widgets.main.test_images import drop

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]

MAP = "Well,Compound,Dose (uM)\nA1,DMSO,0\nb02,taxol,1.5\nC01,taxol,3\n"


@pytest.fixture
def plate(viewer, dock, user, tmp_path):
    """A dropped plate of two wells, with two tables that say something of them."""
    folder = write_plate(tmp_path / "plate", sites=1)
    (folder / "map.csv").write_text(MAP)
    (folder / "half.csv").write_text("Well,note\nA01,early\n")
    drop(dock, [folder])
    user.wait_idle(dock)
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    return folder


def embed(dock, user):
    dock.steps[StepId.EMBED].set_open(True)
    user.choose(dock.embed.scope, "all 2 fields")
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)


def test_it_is_found_corrected_and_in_every_table(viewer, dock, user, plate, tmp_path):
    session, panel = session_of(viewer), dock.image.plate_map
    names = [panel.choice.itemText(row) for row in range(panel.choice.count())]
    assert names == ["none", "map.csv", "half.csv"]
    assert panel.line.text() == "2 wells · Compound, Dose (uM), 1 control (DMSO)\u00a0✓"
    assert panel.unused.text() == "1 well of the table is not among the images: C01"
    assert "1 control (DMSO)" in dock.steps[StepId.IMAGE].header.line
    wells = dock.image.picker.colours
    assert wells.choice.currentText() == "Compound"
    looks = dock.image.picker.plate._looks
    assert looks["A01"].words == "Compound: DMSO"
    assert looks["A01"].colour != looks["B02"].colour
    user.choose(wells.choice, "what is embedded")
    assert dock.image.picker.plate._looks["A01"].words == "not embedded yet"

    user.click(panel.meaning.button)
    user.choose(panel.form.widgets["negative"].native, "Compound taxol (1 field)")
    assert session.plate_maps.current.design.negative == ("Compound", "taxol")
    embed(dock, user)
    table = session.result.current.table
    assert table.obs.groupby("well", observed=True)["Compound"].first().tolist() == [
        "DMSO",
        "taxol",
    ]
    assert design_of(table).negative == ("Compound", "taxol")
    dock.steps[StepId.IMAGE].set_open(True)
    user.choose(panel.choice, "half.csv")
    assert panel.lacking.text() == "1 well is not in the table: B02"
    assert "Compound" not in session.result.current.table.obs
    user.click(dock.session_bar.undo_button)
    assert design_of(session.result.current.table).negative == ("Compound", "taxol")

    dock.session_bar.python_action.trigger()
    text = QApplication.clipboard().text()
    assert f"c3r.annotate(cells_table, {str(plate / 'map.csv')!r})" in text
    assert "negative=('Compound', 'taxol')" in text
    dock.session_bar.shell_action.trigger()
    assert "guesses what the columns" in dock.steps[StepId.MAP].reason.text()
    while session.plate_maps.current.design.negative == ("Compound", "taxol"):
        user.click(dock.session_bar.undo_button)
    dock.session_bar.shell_action.trigger()
    assert f"--metadata {plate / 'map.csv'}" in QApplication.clipboard().text()

    user.answer(tmp_path / "kept")
    user.click(dock.session_bar.save_button)
    user.wait_idle(dock)
    (plate / "map.csv").unlink()
    before = session.result.current.table.obs
    dock.controller.open_paths([str(tmp_path / "kept.c3r")])
    user.wait_idle(dock)
    assert session.plate_maps.current.design.negative == ("Compound", "DMSO")
    assert session.result.current.table.obs["Compound"].tolist() == before["Compound"].tolist()
    assert dock.controller.persistence.as_python().count("plate_map.csv") == 1
    again = c3r.annotate(session.result.current.table.copy(), tmp_path / "kept.c3r/plate_map.csv")
    np.testing.assert_array_equal(again.obs["Dose (uM)"], before["Dose (uM)"])


def test_a_file_is_dropped_or_refused_in_one_line(viewer, dock, user, tmp_path):
    path = tmp_path / "map.csv"
    path.write_text("Well,Compound\nH12,x\n")
    drop(dock, [path])
    user.wait_idle(dock)
    assert "open images first" in dock.steps[StepId.IMAGE].reason.text()
    add_layers(viewer)
    take_image(dock, user)
    panel = dock.image.plate_map
    assert panel.choice.currentText() == "none found"
    assert not any(part.isVisible() for part in (panel.line, panel.unused, panel.meaning))
    drop(dock, [path])
    user.wait_idle(dock)
    assert "no column that says which plate" in dock.steps[StepId.IMAGE].reason.text()
    name = session_of(viewer).fields.image.name
    path.write_text(f"Image,Compound\n{name},x\n")
    drop(dock, [path])
    user.wait_idle(dock)
    assert dock.image.plate_map.line.text() == "1 image · Compound\u00a0✓"
    assert dock.image.plate_map.choice.currentText() == "map.csv"
