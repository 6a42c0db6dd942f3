"""Two encoders compared in the window, by real clicks, held against the core's own figures."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

import napari_c3r as c3r
from napari_c3r.core.diagnose.entries import ENCODERS
from napari_c3r.core.encoder.families.base_sc.family import BaseScFamily
from napari_c3r.core.errors import InputError
from napari_c3r.session import Cells, EmbeddingResult, ids_by_image, session_of
from napari_c3r.widgets.diagnostics.section_ids import SectionId
from tests.core.diagnose.small import ROLES, base_sc_folder, small_encoder

pytestmark = pytest.mark.gl


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = tmp_path_factory.mktemp("encoders")
    small_encoder(made)
    return made / "post", base_sc_folder(made)


@pytest.fixture(scope="module")
def field():
    return c3r.simulate_field("cell-painting", shape=(300, 300), n_cells=16, seed=4)


@pytest.fixture
def session(viewer, field, folders):
    """A field embedded with the first encoder, and labels of two kinds."""
    first = c3r.load_encoder(folders[0])
    image = field.image
    for name, plane in zip(image.channel_names, image.data, strict=True):
        viewer.add_image(np.asarray(plane), name=name, blending="additive")
    table = c3r.embed(image, field.cells, ROLES, encoder=first, nuclei=field.nuclei)
    table.obs["kind"] = np.where(np.arange(len(table)) % 2, "one", "other")
    made = session_of(viewer)
    made.set_image(image)
    made.roles.set_assignment(ROLES)
    cells = Cells(field.cells, len(table), image.name, "", field.nuclei)
    made.labels.set_current(cells)
    made.encoder = first.name
    made.set_result(
        EmbeddingResult(
            table,
            ids_by_image([cells]),
            ROLES,
            first.name,
            1.0,
            True,
            {image.name: image},
            encoder_source=str(folders[0]),
        ),
        [cells],
    )
    return made


@pytest.fixture
def dock(viewer, user, session):
    _, made = viewer.window.add_plugin_dock_widget("napari-c3r", "C3R Diagnostics")
    user.ready(made)
    user.until(lambda: not made.busy)
    yield made
    user.until(lambda: not made.busy)
    made.release()


def choose_second(dock, user, folder, monkeypatch):
    """Name a model folder, as in the dialog that the menu opens."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    # As when the list opens, with the encoders that were loaded meanwhile.
    dock.options.second.list_again()
    user.choose(dock.options.second, "Model folder…")
    user.until(lambda: dock.options.second.source == str(folder) and not dock.busy)


@pytest.fixture
def quick_maps(monkeypatch):
    """Where the cells lie is the business of other tests, and takes long."""
    monkeypatch.setattr(
        "napari_c3r.core.diagnose.maps.paired_maps",
        lambda first, second, **_: (first[:, :2].copy(), second[:, :2].copy()),
    )


@pytest.mark.usefixtures("quick_maps")
def test_a_second_encoder_is_compared_and_its_map_is_linked(
    dock, user, session, field, folders, monkeypatch
):
    options = dock.options
    for box in options.boxes.values():
        box.setChecked(False)
    assert not options.run_button.isEnabled()
    assert "or a second encoder" in dock.steps[SectionId.ASK].reason.text()
    choose_second(dock, user, folders[1], monkeypatch)
    assert options.run_button.isEnabled()
    user.until(lambda: "about" in options.cost.text())
    n = len(session.result.current.table)
    assert options.cost.text().startswith(f"{n} cells × 4 variants and Base-SC tiny, about ")
    user.choose(options.labels, "Kind")
    user.click(options.run_button)
    user.until(lambda: not dock.busy and dock.controller.diagnosis is not None, 180)
    found = dock.controller.diagnosis.answers.results[ENCODERS.name].comparison
    table = session.result.current.table
    alone = c3r.embed(
        field.image, field.cells, ROLES, encoder=c3r.load_encoder(folders[1]), nuclei=field.nuclei
    )
    core = c3r.compare_encoders(table, alone, label_column="kind")
    assert core.sentences[1] == dock.encoders.sentences.text.rstrip(".")
    np.testing.assert_array_equal(core.shared, found.shared)
    assert dock.encoders.agreement.text.startswith("small and Base-SC tiny have ")
    assert dock.steps[SectionId.ENCODERS].header.line == ENCODERS.status_of(
        dock.controller.diagnosis.answers.results[ENCODERS.name]
    )
    assert dock.steps[SectionId.ANSWER].header.line == "the roles were not asked"
    assert not dock.cells.maps_button.isEnabled()

    body = dock.encoders
    user.click(body.maps_button)
    user.until(lambda: body.maps is not None and body.maps.isVisible() and not dock.busy)
    assert [label.text() for label in body.maps.titles] == ["small", "Base-SC tiny"]
    left, right = body.maps.models
    assert left.colouring.names == ("one", "other")
    user.choose(body.colour, "Colour: neighbours in common")
    np.testing.assert_array_equal(right.colouring.values, found.shared.astype(np.float32))
    # A click on a cell of the right map points at it on the left, and in the session.
    canvas = body.maps.canvases[1]
    user.rest(body.maps)
    row = int(np.argmax(right.xy[:, 0]))
    user.click(canvas.overlay, lambda: canvas.overlay.rect().center())
    right.set_current(row)
    assert session.selection.current == row
    assert left.current == row
    # What is selected elsewhere is selected on both.
    mask = np.arange(n) < 3
    session.selection.select(mask)
    np.testing.assert_array_equal(left.selection, mask)
    np.testing.assert_array_equal(right.selection, mask)


def test_an_encoder_that_refuses_the_roles_says_so_at_once(dock, user, folders, monkeypatch):
    def refuse(*_):
        raise InputError("knows the stains DNA and ER; give these two")

    monkeypatch.setattr(BaseScFamily, "make_plan", refuse)
    choose_second(dock, user, folders[1], monkeypatch)
    assert dock.options.refused.isVisible()
    assert dock.options.refused.text() == "knows the stains DNA and ER; give these two"
    assert not dock.options.run_button.isEnabled()
    user.choose(dock.options.second, "none")
    assert not dock.options.refused.isVisible()
    assert dock.options.run_button.isEnabled()
    tip = dock.options.second.itemData(
        dock.options.second.findData(str(folders[1])), Qt.ItemDataRole.ToolTipRole
    )
    assert "Embeds every channel alone" in tip
