"""What was done in the explorer, the copied script does again: the same table, to the last row."""

from __future__ import annotations

import runpy
from dataclasses import replace
from threading import Event

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_c3r as c3r
from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.diagnose import FlipRun
from napari_c3r.core.diagnose.shifts import shift_of
from napari_c3r.core.embed import EmbedDriver, FieldTask
from napari_c3r.core.errors import InputError
from napari_c3r.core.gates import (
    Chosen,
    Combination,
    DrawnAxis,
    Filter,
    Interval,
    Operator,
    Polygon,
    map_id,
)
from napari_c3r.core.images import ReadOptions, scan
from napari_c3r.core.joined import plan_join
from napari_c3r.core.learn import learn
from napari_c3r.session import Cells, EmbeddingResult, Session
from napari_c3r.session.file import labels_name
from napari_c3r.session.recipes import SavedFolder, recipe_of
from napari_c3r.session.script import python_script
from napari_c3r.session.shell import shell_command
from napari_c3r.session.suggestions import Learned
from napari_c3r.widgets.diagnostics.diagnosis import diagnose
from napari_c3r.widgets.diagnostics.options import DiagnosticsOptions, make_job
from tests.core.diagnose.small import small_encoder

MOST = 32
"""Cells of each field at most: what is done with them is the same for more."""

ROLES = {
    "H33342": "context",
    "conA": "context",
    "SYTO14": "concept",
    "WGA_Phall": "concept",
    "MitoTDR": "ignore",
}


def quick_map(table, *, seed):
    """Places that follow from the vectors of the cells there are, sooner than by UMAP."""
    centred = table.X - table.X.mean(axis=0)
    places = centred @ np.random.default_rng(seed).normal(size=(table.n_vars, 2))
    table.obsm["X_umap"] = places.astype(np.float32)
    table.uns["napari_c3r"]["map"] = {"seed": seed}
    return table


class Plate:
    """Two fields of a Cell Painting plate, with the labels beside them as a session has them."""

    def __init__(self, data, folder):
        images = data / "fields" / "bbbc022_20585"
        wanted = ("A14_site1", "B13_site1")
        found = scan(images).sources(ReadOptions(pixel_size_um=0.656))
        self.sources = [s for s in found if any(name in s.name for name in wanted)]
        self.folder, self.ids = folder, {}
        self.cells, tasks = [], []
        for number, source in enumerate(self.sources):
            name = next(name for name in wanted if name in source.name)
            (file,) = (images / "labels").glob(f"*{name}*")
            labels = tifffile.imread(file)[0].astype(np.int32)
            labels[labels > MOST] = 0
            cells = Cells(labels, int((np.unique(labels) > 0).sum()), source.name, "drawn")
            path = folder / labels_name(number)
            path.parent.mkdir(exist_ok=True)
            tifffile.imwrite(path, labels)
            self.cells.append(cells)
            self.ids[source.name] = cells.id
            tasks.append(FieldTask(source.name, source=source, labels=labels))
        self.encoder = small_encoder(folder)
        self.roles = ChannelAssignment(ROLES)
        run = EmbedDriver(tasks, self.roles, self.encoder)
        for _ in run.steps():
            pass
        self.table = quick_map(run.result(), seed=1)

    def session(self, table=None):
        made = Session()
        image = self.sources[0].read()
        made.set_fields(self.sources, 0, image)
        for cells in self.cells:
            made.labels.put(cells)
        made.labels.set_current(self.cells[0])
        table = (self.table if table is None else table).copy()
        source = str(self.folder / "post")
        made.set_result(
            EmbeddingResult(table, self.ids, self.roles, "small", 0, True, encoder_source=source),
            self.cells,
        )
        return made

    def saved(self):
        return SavedFolder(self.folder, [s.name for s in self.sources], self.ids)

    def script(self, session):
        return python_script(
            replace(recipe_of(session, self.saved()), out=str(self.folder / "again.h5ad"))
        )

    def again(self, session, tmp_path, monkeypatch):
        script = tmp_path / "again.py"
        script.write_text(self.script(session), "utf-8")
        monkeypatch.chdir(tmp_path)
        runpy.run_path(str(script), run_name="__main__")
        return c3r.read(self.folder / "again.h5ad")


@pytest.fixture(autouse=True)
def mapped_quickly(monkeypatch):
    monkeypatch.setattr(c3r, "map_cells", quick_map, raising=False)


@pytest.fixture(scope="module")
def plate(data_dir, tmp_path_factory):
    return Plate(data_dir, tmp_path_factory.mktemp("plate"))


def run_to_the_end(work):
    """What a generator yields, and what it returns."""
    while True:
        try:
            yield next(work)
        except StopIteration as end:
            yield end.value
            return


def flags(session, chosen):
    mask = np.zeros(len(session.result.current.table), bool)
    mask[np.asarray(chosen)] = True
    return mask


def recluster(session, **settings):
    """As where the slider comes to rest."""
    from napari_c3r.core.reduce.clusters import clusters_at

    clusters = session.clusters
    table = clusters.table
    method = settings.pop("method")
    clusters.take(table, clusters_at(clusters.prepared(table, method), settings["value"]))


def suggest(session):
    every, suggestions = session.result.current.all_rows, session.suggestions
    found = learn(every, suggestions.columns, suggestions.options)
    names = suggestions._example_names(every)
    suggestions.take(Learned(found, session.result.current.id, names))


def draw(session):
    """A gate drawn on the map, as the lasso makes it."""
    xy = session.result.current.table.obsm["X_umap"]
    (x, y), (left, top) = np.median(xy, axis=0), xy.min(axis=0)
    axes = DrawnAxis("X_umap[0]"), DrawnAxis("X_umap[1]")
    drawn = map_id(session.result.current.all_rows, [axis.name for axis in axes])
    corners = ((left - 1, top - 1), (x, top - 1), (x + 0.5, y), (left - 1, y))
    session.gates.add("drawn", Polygon(*axes, corners, drawn))


def same_table(found, session):
    """Every column and vector of the rows shown, whatever the order of the columns."""
    expected = session.result.current.table
    assert found.obs_names.tolist() == expected.obs_names.tolist()
    np.testing.assert_array_equal(found.X, expected.X)
    assert sorted(found.obs.columns) == sorted(expected.obs.columns)
    for name in expected.obs.columns:
        one, other = (
            each.astype(object).where(each.notna(), None).tolist()
            for each in (found.obs[name], expected.obs[name])
        )
        assert one == other, name
    if "X_umap" in expected.obsm:
        np.testing.assert_array_equal(found.obsm["X_umap"], expected.obsm["X_umap"])


def test_everything_that_was_done_is_done_again(plate, tmp_path, monkeypatch):
    session = plate.session(c3r.cluster(plate.table.copy(), method="kmeans", n_clusters=5, seed=1))
    table = session.result.current.table
    own = table.obs[["image", "label"]].assign(grade=np.arange(len(table)) % 3, odd=1.5)
    own.sample(frac=1, random_state=0).to_csv(tmp_path / "own.csv", index=False)
    planned = plan_join(table, tmp_path / "own.csv").only(["grade"])
    session.joined.join(planned, tmp_path / "own.csv")
    # Clusters that were cut anew keep their names, and are then edited.
    session.clusters.rename("1", "odd\nones")
    recluster(session, method="kmeans", value=4)
    session.clusters.merge(session.clusters.names[:2])
    session.clusters.split_off(flags(session, range(0, len(table), 7)))
    gates, area = session.gates, float(table.obs["area_px"].median())
    gates.add("large", Interval("area_px", low=area))
    draw(session)
    gates.add("words", Filter("grade = 1 and not touches_border"), within="large")
    gates.add("picked", cells=flags(session, [3, 4, 5, 6, 20]))
    gates.combine("both", Operator.AND_NOT, ("large", "drawn"))
    gates.add("of words", Filter("gate_words"), colour="#123456")
    gates.open("large")
    gates.use_as_name("drawn", True)
    session.result.annotate(flags(session, range(1, 40, 5)), "it's odd")
    suggest(session)
    session.suggestions.accept(session.suggestions.acceptable(0.5)[:5])
    session.montage.change(show="each", by="cluster")
    found = plate.again(session, tmp_path, monkeypatch)
    same_table(found, session)
    assert "odd" not in found.obs
    facts, then = found.uns["napari_c3r"], session.result.current.table.uns["napari_c3r"]
    assert list(facts["cluster"]["by_hand"]) == list(then["cluster"]["by_hand"])
    assert {*facts["gates"]["made"]} == {*then["gates"]["made"]}
    assert facts["suggestion"]["column"] == "annotation, gate_drawn"
    pictured = pd.read_csv(tmp_path / "montage.csv")
    keys = list(zip(pictured["image"], pictured["label"], strict=True))
    assert keys
    assert table.obs.set_index(["image", "label"]).loc[keys, "gate_large"].all()
    with pytest.raises(InputError, match="The command knows no joined tables; copy as Python"):
        shell_command(recipe_of(session, plate.saved()))


def test_how_far_the_diagnostics_moved_cells_is_asked_again(plate, tmp_path, monkeypatch):
    session = plate.session()
    result = session.result.current
    result.images.update({source.name: source.read() for source in plate.sources})
    session.roles.set_assignment(plate.roles)
    session.encoder = "small"
    job = make_job(session, DiagnosticsOptions(("swap",), most_cells=40, seed=3))
    *_, found = run_to_the_end(diagnose(job, FlipRun(job.job(plate.encoder)), Event()))
    assert len(found.report.obs) == 40
    session.diagnoses.take(found)
    session.result.add_column(shift_of(found.report, "all groups swapped"))
    session.gates.add("moved", Interval("neighbours_changed_all_groups_swapped", low=3))
    session.montage.change(which="moved")
    made = plate.again(session, tmp_path, monkeypatch)
    same_table(made, session)
    assert made.obs["neighbours_changed_all_groups_swapped"].notna().sum() == 40
    assert (tmp_path / "montage.png").exists()
    # Others would be drawn from the cells that are shown now, so it is only said.
    session.set_filter(CellFilter(border=True))
    told = "# Columns that this script does not make: neighbours_changed_all_groups_swapped"
    assert told in plate.script(session)


@pytest.mark.parametrize("mapped", ["all", "shown"])
def test_hidden_cells_were_learned_from_and_are_hidden_again(plate, tmp_path, monkeypatch, mapped):
    table = plate.table.copy()
    if mapped == "shown":
        del table.obsm["X_umap"], table.uns["napari_c3r"]["map"]
    session = plate.session(table)
    session.set_filter(CellFilter(border=True))
    assert session.result.current.hidden_count
    if mapped == "shown":
        part = quick_map(session.result.current.table.copy(), seed=2)
        session.result.set_mapped(c3r.cluster(part, method="kmeans", n_clusters=3, seed=2))
    draw(session)
    count = len(session.result.current.table)
    session.result.annotate(flags(session, range(8)), "a")
    session.result.annotate(flags(session, range(count - 8, count)), "b")
    suggest(session)
    # Named since, without being learned from yet.
    session.result.annotate(flags(session, [9, 10]), "b")
    session.gates.add("sure", Interval("suggested_p", low=0.6))
    same_table(plate.again(session, tmp_path, monkeypatch), session)


def test_a_gate_whose_rule_finds_other_cells_by_now_is_told_cell_by_cell(plate):
    session = plate.session()
    draw(session)
    rule = session.gates.find("drawn").rule
    session.gates.set_rule("drawn", replace(rule, corners=rule.corners[:3]), flags(session, [1, 2]))
    script = plate.script(session)
    assert "Chosen(how='chosen by: Drawn in" in script
    assert "cells=rows_of_cells(cells_table, {" in script
    compile(script, "again.py", "exec")


def test_what_cannot_be_made_again_is_said(plate, tmp_path):
    session = plate.session()
    own = session.result.current.table.obs[["image", "label"]].assign(grade=1)
    session.joined.join(plan_join(session.result.current.table, own, name="own.csv"))
    with pytest.raises(InputError, match=r"'own.csv' that was joined is in no file that is known"):
        plate.script(session)
    own.to_csv(tmp_path / "own.csv", index=False)
    plan = plan_join(session.result.current.table, tmp_path / "own.csv")
    session.joined.join(plan, tmp_path / "own.csv")
    assert "on=('image', 'label'))" in plate.script(session)
    (tmp_path / "own.csv").write_text("image,label,grade\n")
    with pytest.raises(InputError, match=r"own\.csv is not as it was when it was joined"):
        plate.script(session)


def test_gates_of_every_kind_are_code_that_makes_them():
    from napari_c3r.session.script_code import code_of, import_lines, imports_of, picked_code

    rules = [
        Interval("a", high=2.5),
        Filter("x = 'y'"),
        Combination(Operator.NOT, ("a",)),
        Polygon.rectangle("a", "b", (0, 1), (2, 3)),
        Chosen("picked"),
    ]
    space: dict = {}
    for rule in rules:
        exec("\n".join(import_lines(imports_of(rule))), space)
        assert eval(code_of(rule), space) == rule
    cells = {"a b": [9, 3, 4, 5, 6], "c": [1]}
    made = eval(picked_code(cells))
    assert made == {"a b": [3, 4, 5, 6, 9], "c": [1]}
    assert "*range(3, 7)" in picked_code(cells)
