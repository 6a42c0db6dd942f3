"""The diagnostics in a real napari, driven by real clicks and held against the core's own."""

from __future__ import annotations

import gc
import json
import weakref
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QApplication

import napari_c3r as c3r
from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.diagnose import FlipRun
from napari_c3r.core.diagnose.embed_variants import VariantEmbedder
from napari_c3r.core.diagnose.report import write_report
from napari_c3r.core.diagnose.verdict import grade_line
from napari_c3r.core.embed.edits import Edits
from napari_c3r.core.images import Image
from napari_c3r.core.table import KEY
from napari_c3r.session import Cause, Cells, EmbeddingResult, ids_by_image, session_of
from napari_c3r.session.kept import read_parts, write_parts
from napari_c3r.widgets.common.columns import colour_columns
from napari_c3r.widgets.diagnostics.dock import C3RDiagnostics
from napari_c3r.widgets.diagnostics.options import DiagnosticsOptions, make_job
from napari_c3r.widgets.diagnostics.section_ids import SectionId
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.main.dock import C3RDock
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.viewer import layers
from tests.core.diagnose.small import ROLES, lay_out_at_once, small_encoder
from tests.core.diagnose.toy import AREA_BY_POSITION, register_toy

pytestmark = pytest.mark.gl

SWAP, FLIP = "all groups swapped", "RNA as context"
ROLE_QUESTIONS = ("swap", "passes", "flip", "drop")


@pytest.fixture(scope="module")
def encoder_path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    small_encoder(folder)
    return folder / "post"


@pytest.fixture(scope="module")
def field():
    return c3r.simulate_field("cell-painting", shape=(400, 400), n_cells=30, seed=4)


@pytest.fixture(scope="module")
def table(field, encoder_path):
    """EmbeddingResult, with a map and clusters that took no time to make."""
    encoder = c3r.load_encoder(encoder_path)
    made = c3r.embed(field.image, field.cells, ROLES, encoder=encoder, nuclei=field.nuclei)
    made.obsm["X_umap"] = np.asarray(made.obsm["spatial"], np.float32)
    made.obs["cluster"] = pd.Categorical(np.where(made.obs["x_px"] < 200, "0", "1"), ["0", "1"])
    made.uns[KEY] |= {"map": {"seed": 0}, "cluster": {"seed": 0}}
    return made


def without_map(table):
    """As it is before a map is made."""
    bare = table.copy()
    del bare.obsm["X_umap"]
    bare.obs = bare.obs.drop(columns="cluster")
    return bare


class World:
    """A viewer with an embedded field, and the diagnostics beside it."""

    def __init__(self, viewer, field, table, source):
        self.viewer, self.field, self.source = viewer, field, source
        for name, plane in zip(field.image.channel_names, field.image.data, strict=True):
            viewer.add_image(np.asarray(plane), name=name, blending="additive")
        self.session = session_of(viewer)
        self.session.set_image(field.image)
        self.session.roles.set_assignment(ROLES)
        self.embed(table)
        _, self.dock = viewer.window.add_plugin_dock_widget("napari-c3r", "C3R Diagnostics")

    def embed(self, table, images=None, cells=None):
        """Put a result into the session, as the embedding does."""
        image = self.field.image
        found = Cells(self.field.cells, self.field.cells.max(), image.name, "", self.field.nuclei)
        cells = cells or {image.name: found}
        self.session.labels.set_current(cells[image.name])
        self.session.encoder = c3r.load_encoder(self.source).name
        self.session.set_result(
            EmbeddingResult(
                table.copy(),
                ids_by_image(cells.values()),
                self.session.roles.assignment,
                self.session.encoder,
                1.0,
                True,
                images or {image.name: image},
                encoder_source=str(self.source),
            ),
            cells.values(),
        )

    @property
    def obs(self):
        return self.session.result.current.table.obs

    @property
    def controller(self):
        return self.dock.controller

    @property
    def report(self):
        return self.controller.diagnosis.report

    def header(self, number):
        return self.dock.steps[SectionId(number)].header.line

    def reason(self, number=1):
        return self.dock.steps[SectionId(number)].reason.text()

    def run_alone(self, **options):
        """The same job, run by the core."""
        job = make_job(self.session, DiagnosticsOptions(**options))
        run = FlipRun(job.job(c3r.load_encoder(self.source)))
        list(run.steps())
        return run


@pytest.fixture
def world(viewer, user, field, table, encoder_path):
    made = World(viewer, field, table, encoder_path)
    # Only what is on the screen looks for the cost.
    user.ready(made.dock)
    user.until(lambda: not made.dock.busy)
    yield made
    user.until(lambda: not made.dock.busy)
    made.dock.release()


@pytest.fixture
def registered(monkeypatch):
    """A diagnostic from outside; a dock that is opened later has it."""
    register_toy(monkeypatch)


def choose(user, box, text):
    box.setFocus()
    user.choose(box, text)


def ask(world, user, *, all_of_it=False):
    """Press Run; without what else explains the map, and the channels alone, to be quick."""
    if not all_of_it:
        world.dock.options.boxes["confounds"].setChecked(False)
        world.dock.options.boxes["parity"].setChecked(False)
    user.click(world.dock.options.run_button)
    user.until(lambda: not world.dock.busy, 180)


def test_the_answer_is_that_of_a_flip_report(world, user, field):
    options = world.dock.options
    cells = len(world.obs)
    assert options.scope.currentText() == f"all {cells} cells"
    # As assigned, swapped, passes flipped, four alone, two left out; noise thrice; four channels.
    user.until(lambda: "about" in options.cost.text())
    assert options.cost.text().startswith(f"{cells} cells × 16 variants, about ")
    assert options.cost.text().endswith(" s on cpu")
    ask(world, user, all_of_it=True)
    alone = c3r.flip_report(
        field.image,
        field.cells,
        ROLES,
        encoder=c3r.load_encoder(world.source),
        nuclei=field.nuclei,
        parity=True,
        batch_size=16,
    )
    answer = world.dock.answer
    assert answer.headline.text == f"{alone.headline}."
    assert world.header(1).startswith(f"{cells} of {cells} cells · ")
    bars = answer.neighbours.chart.bars
    assert [bar.name for bar in bars] == [r.variant.name for r in alone.results]
    for bar, result in zip(bars, alone.results, strict=True):
        effect = result.verdict.effect
        assert (bar.value, bar.low, bar.high) == (effect.value, effect.low, effect.high)
        assert bar.grade is result.verdict.grade
    assert answer.neighbours.chart.noise == (0, alone.noise.verdict.effect.value)
    low, high = answer.neighbours.chart.limits
    assert all(low <= bar.low <= bar.high <= high for bar in bars)
    assert world.header(2) == grade_line([r.verdict for r in alone.results])
    assert not answer.telling.isVisible()
    # Clicks on a bar choose its variant everywhere, and tell of it.
    name = next(bar.name for bar in bars if alone.sentence(bar.name) not in alone.headline)
    row = [bar.name for bar in bars].index(name)
    user.click(answer.neighbours, lambda: answer.neighbours.row_rect(row).center().toPoint())
    assert world.dock.cells.chosen == name
    assert answer.sentence.text == f"{alone.sentence(name)}."
    # Figures are copied in full.
    user.click(answer.details.button)
    user.click(answer.details.copy_button)
    copied = QApplication.clipboard().text().splitlines()
    assert copied[0].split("\t") == list(alone.table.columns)
    assert len(copied) == 1 + len(alone.table)
    # What else explains the map is told of the session's clusters, the channels by name.
    found = world.controller.diagnosis.answers.results["confounds"].confounds
    assert {each.scope for each in found.results} == {"map", "0", "1"}
    assert world.dock.confounds.sentences.text.startswith(f"{found.sentences[0]}.")
    assert world.dock.channels.rows[0][0].text() == "DNA"


def test_painting_adds_a_column_and_a_layer_with_the_report_s_values(
    world, user, viewer, field, table
):
    ask(world, user)
    choose(user, world.dock.cells.variant, FLIP)
    user.click(world.dock.cells.paint_button)
    shift = world.report.neighbours_changed[FLIP]
    column = "neighbours_changed_RNA_as_context"
    np.testing.assert_allclose(world.obs[column], shift)
    assert column in colour_columns(world.obs)[-1][1]
    layer = layers.own_layer(viewer, layers.SHIFT)
    assert layer.name == "C3R shift"
    np.testing.assert_array_equal(layer.data, field.cells)
    by_label = layer.features.set_index("index")["Neighbours changed RNA as context"]
    labels = world.report.obs["label"].tolist()
    np.testing.assert_allclose(by_label.loc[labels], shift, rtol=1e-6)
    # The least and the most moved have the ends of the scale; napari tells the value.
    low, high = labels[int(np.argmin(shift))], labels[int(np.argmax(shift))]
    assert not np.allclose(layer.get_color(low), layer.get_color(high))
    y, x = np.argwhere(field.cells == high)[0]
    status = layer.get_status(layer.data_to_world((y, x)), world=True)
    assert f"Neighbours changed RNA as context: {shift.max():.0f}" in str(status)
    # Painting in our layer leaves the cells alone; the user's layers are as they were.
    assert not np.shares_memory(layer.data, world.session.labels.current.labels)
    assert [la.name for la in viewer.layers[:5]] == list(field.image.channel_names)
    # A map that was begun before does not lose the column.
    world.session.result.set_mapped(table.copy())
    np.testing.assert_allclose(world.obs[column], shift)
    # The measure is the same where no concept is read out in both.
    choose(user, world.dock.cells.variant, SWAP)
    user.click(world.dock.cells.paint_button)
    painted = layers.own_layer(viewer, layers.SHIFT).features
    assert list(painted.columns)[1] == "Neighbours changed all groups swapped"
    assert "C3R shift" in world.dock.cells.said.text
    # A layer thrown away does no harm and does not come back by itself.
    viewer.layers.remove(layers.own_layer(viewer, layers.SHIFT))
    world.session.set_filter(CellFilter(border=True))
    assert layers.own_layer(viewer, layers.SHIFT) is None


def test_the_cells_that_move_most_are_selected_everywhere(world, user, viewer):
    ask(world, user)
    choose(user, world.dock.cells.variant, FLIP)
    assert world.dock.cells.movers_button.text() == "Show the 20 cells that move most"
    user.click(world.dock.cells.movers_button)
    top = world.report.obs.index[world.report.most_moved(FLIP, 20)]
    assert set(world.obs.index[world.session.selection.mask]) == set(top)
    explorer = C3RExplorer(viewer)
    user.until(lambda: not explorer.montage.busy)
    assert set(explorer.panel.montage.thumbnails.rows) == set(
        np.flatnonzero(world.session.selection.mask)
    )
    explorer.release()


def test_maps_side_by_side_share_the_selection(world, user, viewer):
    ask(world, user)
    choose(user, world.dock.cells.variant, FLIP)
    user.click(world.dock.cells.maps_button)
    user.until(lambda: not world.dock.busy, 200)
    maps = world.dock.cells.maps
    first, second = maps.models
    count = len(world.report.obs)
    assert first.count == second.count == count
    assert [label.text() for label in maps.titles] == ["as assigned", FLIP]
    # Turned onto the first map: cells lie nearer to where they were than to others' places.
    moved = np.linalg.norm(first.xy - second.xy, axis=1).mean()
    mixed = np.linalg.norm(first.xy - second.xy[::-1], axis=1).mean()
    assert moved < mixed

    world.dock.findChild(type(maps)).window().activateWindow()
    maps.set_tool(maps.canvases[0].overlay.tool.__class__.LASSO)
    surface = maps.canvases[1].overlay
    user.ready(surface)
    width, height = surface.width(), surface.height()
    user.drag(surface, [(1, 1), (width / 2, 1), (width / 2, height - 1), (1, height - 1), (1, 1)])
    assert 0 < second.selection.sum() < count
    np.testing.assert_array_equal(first.selection, second.selection)
    chosen = set(world.report.obs.index[second.selection])
    assert set(world.obs.index[world.session.selection.mask]) == chosen
    # And the other way: what is selected elsewhere is selected here.
    mask = np.zeros(len(world.obs), bool)
    mask[3] = True
    world.session.selection.select(mask)
    assert first.selection.sum() == second.selection.sum() == 1
    # A click rings the cell on both and points at it.
    maps.set_tool(maps.canvases[0].overlay.tool.__class__.PAN)

    def place():
        x, y = maps.canvases[0].camera.to_screen(first.xy[5])
        return QPoint(round(float(x)), round(float(y)))

    user.click(maps.canvases[0].overlay, place)
    assert first.current == second.current
    assert world.obs.index[world.session.selection.current] == world.report.obs.index[first.current]


def test_the_report_is_the_one_that_the_command_writes(world, user, table, tmp_path):
    world.embed(without_map(table))
    assert world.dock.save_reason.text() == "Run the diagnostics first"
    assert not world.dock.save_button.isEnabled()
    ask(world, user, all_of_it=True)
    path = tmp_path / "mine.html"
    user.answer(path)
    user.click(world.dock.save_button)
    user.until(lambda: not world.dock.busy, 200)
    assert world.dock.said.text == f"Wrote {path}."
    write_report(world.run_alone(most_cells=5000), tmp_path / "its.html")
    assert path.read_text("utf-8") == (tmp_path / "its.html").read_text("utf-8")


def reopened(world, folder, parts=None):
    """Take the result and what is kept of the session through a file, as reopening does."""
    described = write_parts(folder, world.session.keeping.keep() if parts is None else parts)
    kept = read_parts(folder, json.loads(json.dumps(described)))
    again = replace(world.session.result.current, id=world.session.result.current.id + 10_000)
    world.session.set_result(again, cause=Cause.RESTORED)
    assert world.session.keeping.restore(kept) == []
    return kept


def test_what_was_found_is_kept_with_the_session(world, user, table, tmp_path, monkeypatch):
    lay_out_at_once(monkeypatch)
    ask(world, user, all_of_it=True)
    before, dock = world.report, world.dock
    shown = [world.header(number) for number in range(1, 7)]
    variant = dock.cells.chosen
    user.answer(tmp_path / "before.html")
    user.click(dock.save_button)
    user.until(lambda: not dock.busy, 200)
    # Nothing is kept of the run itself, and all of what it found.
    kept = reopened(world, tmp_path)
    assert world.controller.diagnosis.run is None
    assert world.report is not before
    pd.testing.assert_frame_equal(world.report.table, before.table)
    assert [world.header(number) for number in range(1, 7)] == shown
    assert dock.cells.chosen == variant
    assert dock.answer.headline.text == f"{before.headline}."
    # The pictures of the cells are read again.
    user.answer(tmp_path / "after.html")
    user.click(dock.save_button)
    user.until(lambda: not dock.busy, 200)
    pages = [(tmp_path / f"{name}.html").read_text("utf-8") for name in ("before", "after")]
    assert pages[0] == pages[1]
    user.click(dock.cells.movers_button)
    assert world.session.selection.mask.sum() == 20
    # Of other cells, it is out of date, however it was saved.
    world.embed(table)
    assert "out of date: other cells were embedded since" in world.header(1)
    reopened(world, tmp_path)
    assert "out of date: other cells were embedded since" in world.header(1)
    assert not dock.cells.movers_button.isEnabled()
    world.embed(table[:20].copy())
    reopened(world, tmp_path, kept)
    assert "out of date: other cells were embedded since" in world.header(1)
    # A session in which nothing was asked says so.
    reopened(world, tmp_path, {})
    assert world.header(2) == "nothing asked yet"
    assert dock.answer.headline.text == "Nothing was asked yet."
    assert not dock.save_button.isEnabled()


def test_an_answer_outlives_its_dock_and_is_undone_like_a_result(world, user, viewer):
    ask(world, user)
    first = world.controller.diagnosis
    user.click(world.dock.steps[SectionId.ASK].header)
    ask(world, user)
    second = world.controller.diagnosis
    assert second is not first
    world.session.history.undo()
    assert world.controller.diagnosis is first
    world.session.history.redo()
    viewer.window.remove_dock_widget(world.dock)
    world.dock.release()
    _, world.dock = viewer.window.add_plugin_dock_widget("napari-c3r", "C3R Diagnostics")
    assert world.controller.diagnosis is second
    assert world.dock.answer.headline.text == f"{second.report.headline}."


@pytest.mark.parametrize("reopen", [False, True])
def test_abort_keeps_the_cells_done_and_can_go_on(
    world, user, paused_worker, tmp_path, monkeypatch, reopen
):
    body = world.dock.options
    body.boxes["parity"].setChecked(False)
    paused_worker.hold(after=1)
    user.click(body.run_button)
    assert not body.run_button.isEnabled()
    user.until(lambda: "cells/s" in body.speed.text())
    assert "left" in body.speed.text()
    user.click(body.abort_button)
    paused_worker.let_go()
    user.until(lambda: not world.dock.busy, 180)
    done, every = len(world.report.obs), len(world.obs)
    assert 8 <= done < every
    assert len(world.report.results) == 8
    assert any("Stopped early" in note for note in world.report.notes)
    assert "stopped early; what was done is kept" in world.header(1)
    assert world.dock.confounds.sentences.text == "Not asked, as the run was stopped."
    if reopen:
        reopened(world, tmp_path)
        assert world.controller.diagnosis.run is None
    assert body.continue_button.isVisible()
    assert body.continue_button.text() == f"Continue, {every - done} cells left"
    embedded, add = [], VariantEmbedder.add_batch
    monkeypatch.setattr(
        VariantEmbedder,
        "add_batch",
        lambda self, run, rows, crops: embedded.append(len(rows)) or add(self, run, rows, crops),
    )
    user.click(body.continue_button)
    user.until(lambda: not world.dock.busy, 180)
    whole = world.run_alone(most_cells=5000, diagnostics=ROLE_QUESTIONS).result()
    pd.testing.assert_frame_equal(world.report.neighbours_changed, whole.neighbours_changed)
    assert not body.continue_button.isVisible()
    # Those of `whole`, which were all, and those that were left.
    assert sum(embedded) == every - done + every


def test_another_result_meanwhile_drops_the_run(world, user, table, paused_worker):
    paused_worker.hold(after=1)
    user.click(world.dock.options.run_button)
    user.until(lambda: "cells/s" in world.dock.options.speed.text())
    world.embed(table[:20].copy())
    assert not world.controller.running
    paused_worker.let_go()
    user.until(lambda: not world.dock.busy, 180)
    assert world.controller.diagnosis is None
    assert world.reason() == "Stopped, as other cells were embedded meanwhile"
    assert world.dock.options.run_button.isEnabled()
    ask(world, user)
    assert len(world.report.obs) == 20
    assert world.reason() == ""


def test_what_changed_since_is_said_and_stale_cells_are_not_shown(world, user, table, viewer):
    ask(world, user)
    user.click(world.dock.cells.paint_button)
    world.session.roles.set_assignment(ROLES.with_role("ER", "concept"))
    assert "out of date: the role of ER changed" in world.header(1)
    assert world.reason() == "The result is out of date: the role of ER changed; embed again first"
    assert not world.dock.options.run_button.isEnabled()
    assert not world.dock.cells.paint_button.isEnabled()
    assert not world.dock.cells.movers_button.isEnabled()
    world.session.roles.set_assignment(ROLES)
    assert "out of date" not in world.header(1)
    assert world.dock.cells.paint_button.isEnabled()
    # What is drawn in the labels counts as well.
    world.session.labels.note_edits()
    assert "out of date: the labels were edited" in world.header(1)
    world.session.labels.note_edits(Edits())
    # A filter hides cells and makes nothing stale.
    world.session.set_filter(CellFilter(border=True))
    assert "out of date" not in world.header(1)
    world.embed(table)
    assert "out of date: other cells were embedded since" in world.header(1)
    assert layers.own_layer(viewer, layers.SHIFT) is None
    assert world.dock.save_button.isEnabled()


def test_layers_removed_while_it_runs_change_nothing(world, user, viewer, paused_worker):
    paused_worker.hold(after=1)
    user.click(world.dock.options.run_button)
    viewer.layers.clear()
    assert world.controller.running
    paused_worker.let_go()
    user.until(lambda: not world.dock.busy, 180)
    assert len(world.report.obs) == len(world.obs)
    user.click(world.dock.cells.paint_button)
    assert layers.own_layer(viewer, layers.SHIFT) is not None


def test_labels_are_judged_where_there_are_two_classes(world, user):
    body = world.dock.options
    assert body.labels.currentText() == "no labels in the table"
    assert not body.labels.isEnabled()
    everything = np.ones(len(world.obs), bool)
    world.session.result.annotate(everything, "one")
    assert not body.labels.isEnabled()
    world.session.result.annotate(np.arange(len(everything)) < 12, "other")
    assert body.labels.isEnabled()
    choose(user, body.labels, "Annotation")
    ask(world, user)
    assert world.report.label_column == "annotation"
    alone = world.run_alone(
        most_cells=5000, label_column="annotation", diagnostics=ROLE_QUESTIONS
    ).result()
    bars = world.dock.answer.telling.chart.bars
    assert world.dock.answer.telling.isVisible()
    assert [(bar.value, bar.grade) for bar in bars] == [
        (result.on_labels.effect.value, result.on_labels.grade) for result in alone.results
    ]
    # What the headline says already is not said again.
    *others, told = world.dock.answer.sentence.text.splitlines()
    assert "share its label" in told
    assert not any(each.removesuffix(".") in alone.headline for each in others)


def test_a_sample_is_stated(world, user):
    body = world.dock.options
    choose(user, body.scope, "a sample of")
    body.sample.setValue(12)
    assert body.cost.text().startswith("12 cells × 16 variants")
    ask(world, user, all_of_it=True)
    assert len(world.report.obs) == 12
    assert world.header(1).startswith(f"12 of {len(world.obs)} cells")
    assert "12 of" in world.dock.answer.notes.text
    assert "12 cells are too few to say what explains them" in world.dock.confounds.sentences.text


def test_nothing_chosen_and_nothing_embedded_are_said_beside_the_button(viewer, user):
    _, dock = viewer.window.add_plugin_dock_widget("napari-c3r", "C3R Diagnostics")
    assert dock.steps[SectionId.ASK].reason.text() == "Embed the cells first"
    assert not dock.options.run_button.isEnabled()
    assert [step.header.line for step in list(dock.steps.values())[1:]] == ["nothing asked yet"] * 5
    user.click(dock.options.begin_button)
    assert C3RDock(viewer).frame().isVisible()
    C3RDock(viewer).release()
    dock.release()


def test_without_a_question_there_is_nothing_to_run(world, user):
    body = world.dock.options
    for name in ROLE_QUESTIONS:
        user.click(body.boxes[name])
    assert world.reason() == (
        "Choose at least one of the questions about roles, or a second encoder"
    )
    assert not body.run_button.isEnabled()


def test_roles_suggested_from_the_data_are_taken_over(world, user):
    world.session.roles.set_assignment(ROLES.with_role("ER", "concept"))
    world.embed(world.session.result.current.table)
    ask(world, user, all_of_it=True)
    channels = world.dock.channels
    suggested = world.report.suggestion.assignment
    assert suggested.roles["ER"] == "context"
    assert [label.text() for label in channels.rows[1][:3]] == ["ER", "concept", "context"]
    assert world.header(5) == "1 role suggested otherwise"
    user.click(channels.use_button)
    assert world.session.roles.assignment.roles["ER"] == "context"
    # A channel that took no part keeps its role.
    assert world.session.roles.assignment.roles["Mito"] == "ignore"
    assert not channels.use_button.isEnabled()
    assert channels.reason.text == "These are your roles already."
    assert "out of date: the role of ER changed" in world.header(1)


def test_several_images_are_one_answer_and_each_is_painted(world, user, viewer, field, table):
    other = replace(field.image, name="second")
    encoder = c3r.load_encoder(world.source)
    half = np.where(field.cells <= 15, field.cells, 0)
    both = c3r.join_results([without_map(table), c3r.embed(other, half, ROLES, encoder=encoder)])
    cells = {
        field.image.name: Cells(field.cells, 30, field.image.name, ""),
        "second": Cells(half, 15, "second", ""),
    }
    world.embed(both, {field.image.name: field.image, "second": other}, cells)
    assert world.dock.options.labels.findText("Image") > 0
    ask(world, user)
    assert world.report.obs["image"].nunique() == 2
    user.click(world.dock.cells.paint_button)
    first = layers.own_layer(viewer, layers.SHIFT).features
    assert len(first) == len(table)
    # Turning to the other field paints its cells, from the same column.
    world.session.show_field(0, other)
    layer = layers.own_layer(viewer, layers.SHIFT)
    np.testing.assert_array_equal(layer.data, half)
    assert len(layer.features) == (both.obs["image"] == "second").sum()
    assert "out of date" not in world.header(1)


def test_a_constant_channel_and_two_channels_are_told_in_words(world, user, field):
    planes = np.array(field.image.data)[[0, 2]]
    planes[1] = 7
    image = Image.from_array(planes, ["DNA", "RNA"], field.image.pixel_size_um, name="flat")
    roles = c3r.ChannelAssignment({"DNA": "context", "RNA": "concept"})
    encoder = c3r.load_encoder(world.source)
    flat = c3r.embed(image, field.cells, roles, encoder=encoder)
    world.session.set_image(image)
    world.session.roles.set_assignment(roles)
    world.field = replace(field, image=image)
    world.embed(flat)
    ask(world, user)
    notes = world.dock.answer.notes.text
    assert "'RNA' is constant in every cell." in notes
    assert "Not asked: 'DNA' is the only context channel" in notes
    assert [bar.name for bar in world.dock.answer.neighbours.chart.bars] == [SWAP]
    # Alone, the questions that two channels cannot answer are refused before the run.
    user.click(world.dock.steps[SectionId.ASK].header)
    user.click(world.dock.options.boxes["swap"])
    assert world.reason().startswith("Nothing can be asked of the channels DNA, RNA")
    assert not world.dock.options.run_button.isEnabled()


def test_what_is_registered_from_outside_has_its_box_and_its_answer(
    registered, world, user, tmp_path
):
    box = world.dock.options.boxes["area-position"]
    assert (box.text(), box.isChecked()) == (AREA_BY_POSITION.label, True)
    assert box.toolTip() == AREA_BY_POSITION.help
    step = world.dock.steps[len(SectionId) + 1]
    assert step.header.line == "nothing asked yet"
    ask(world, user)
    result = world.controller.diagnosis.answers.results["area-position"]
    (body,) = world.dock.others
    assert step.header.line == str(result.grade)
    assert step.is_open
    assert body.sentences.text == f"{result.sentence}."
    assert body.notes.text == f"{len(world.obs)} cells."
    assert not body.picture.pixmap().isNull()
    assert body.picture.accessibleName() == "Correlation along each axis"
    user.click(body.details.button)
    assert body.picture.pixmap().width() <= body.picture.width()
    user.click(body.details.copy_button)
    assert QApplication.clipboard().text() == result.table.to_csv(sep="\t", index=False)
    path = tmp_path / "mine.html"
    user.answer(path)
    user.click(world.dock.save_button)
    user.until(lambda: not world.dock.busy, 200)
    assert "<h2>Area against position</h2>" in path.read_text("utf-8")
    # What is not chosen is not asked, and says so.
    user.click(world.dock.steps[1].header)
    user.click(box)
    ask(world, user)
    assert step.header.line == "not asked"
    assert body.sentences.text == "Not asked."
    assert body.picture.isHidden()


def test_another_encoder_in_its_place_is_refused(world, user):
    world.session.result.current.table.uns[KEY]["encoder"]["weights_sha256"] = "0" * 64
    user.click(world.dock.options.run_button)
    user.until(lambda: not world.dock.busy, 180)
    assert "is not the one that embedded these cells; embed them again" in world.reason()
    assert world.controller.diagnosis is None


def test_from_the_dock_s_own_embedding_and_the_explorer_s_button(
    viewer, dock, user, field, encoder_path
):
    for name, plane in zip(field.image.channel_names, field.image.data, strict=True):
        viewer.add_image(np.asarray(plane), name=name, scale=(0.6, 0.6), units="um")
    viewer.add_labels(field.cells, name="mine")
    viewer.layers.selection = set(list(viewer.layers)[:5])
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.layers_button)
    dock.controller.segmentation.use_labels("mine")
    dock.controller.embedding.load_encoder(str(encoder_path))
    user.wait_idle(dock)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    user.click(dock.map.map_button)
    user.wait_idle(dock)
    session = session_of(viewer)
    explorer = C3RExplorer(viewer)
    user.until(lambda: not explorer.montage.busy)
    user.click(explorer.doubt_button)
    shown = C3RDiagnostics(viewer)
    user.until(lambda: not shown.busy, 180)
    user.click(shown.options.run_button)
    user.until(lambda: not shown.busy, 180)
    report = shown.controller.diagnosis.report
    # Its vectors as assigned are those of the session, cut out and embedded alike.
    table = session.result.current.table[report.obs.index]
    np.testing.assert_allclose(report.vectors["as assigned"], table.X, atol=2e-5)
    # Clusters are called as in the explorer.
    found = shown.controller.diagnosis.answers.results["confounds"].confounds
    scopes = {each.scope for each in found.results}
    assert scopes <= {"map", *table.obs["cluster"].astype(str)}
    shown.release()
    explorer.release()


def test_released_memory_is_that_of_the_diagnostics_too_and_what_was_found_stays(
    world, user, tmp_path
):
    ask(world, user)
    (encoder,) = world.session.encoders.loaded.values()
    network = weakref.ref(encoder.network)
    del encoder
    world.session.encoders.release()
    gc.collect()
    assert network() is None
    assert not world.session.encoders.loaded
    before = world.report
    world.controller.write(str(tmp_path / "report.html"))
    user.until(lambda: not world.dock.busy, 180)
    assert (tmp_path / "report.html").is_file()
    world.dock.steps[SectionId.ASK].set_open(True)
    ask(world, user)
    assert world.report is not before
    for name, vectors in before.vectors.items():
        np.testing.assert_array_equal(world.report.vectors[name], vectors)
