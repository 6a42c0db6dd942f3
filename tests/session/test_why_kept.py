"""What cells and groups said when they were asked why: kept, out of date, asked again."""

from __future__ import annotations

import runpy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_c3r as c3r
from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.explain import WhyOptions
from napari_c3r.core.gates import Interval
from napari_c3r.core.images import ReadOptions, scan
from napari_c3r.session import Cells, EmbeddingResult, Session, ids_by_image
from napari_c3r.session.file import labels_name
from napari_c3r.session.kept import Kept
from napari_c3r.session.recipes import SavedFolder, recipe_of
from napari_c3r.session.script import python_script
from napari_c3r.session.why import make_question
from napari_c3r.session.why_again import answers_now, row_asked, stale_reason
from napari_c3r.session.why_asked import OTHER_CLUSTERS, OTHERS, Asked
from tests.core.explain.spy import ROLES, Spy, grid_of_cells
from tests.session.test_kept_parts import through_a_file

QUICK = WhyOptions(places=2, overlap=1, draws=8, partners=2, others=4, cells=4)
CROP = c3r.CropSpec(field_diameters=1.3)


class Dish:
    """Cells in one image, or in two, each in a file, embedded by an encoder that is known."""

    def __init__(self, folder, halves):
        made = grid_of_cells()
        # Two cells reach the border.
        made.cells[:5, [17, 51]] = [1, 2]
        data, step = np.asarray(made.image.data), made.cells.shape[0] // halves
        self.folder, self.sources, self.cells, tables = folder, [], [], []
        for number in range(halves):
            part = slice(number * step, (number + 1) * step)
            path = folder / f"half{number}.ome.tif"
            planes, labels = data[:, part], made.cells[part]
            about = {"axes": "CYX", "Channel": {"Name": list(ROLES.names)}}
            tifffile.imwrite(path, planes, metadata=about, photometric="minisblack")
            (source,) = scan(path).sources(ReadOptions())
            kept = folder / labels_name(number)
            kept.parent.mkdir(exist_ok=True)
            tifffile.imwrite(kept, labels)
            image = source.read()
            self.sources.append(source)
            self.cells.append(
                Cells(labels, int((np.unique(labels) > 0).sum()), image.name, "drawn")
            )
            tables.append(c3r.embed(image, labels, ROLES, encoder=Spy(), crop=CROP))
        self.images = {source.name: source.read() for source in self.sources}
        self.table = c3r.join_results(tables)
        c3r.cluster(self.table, method="kmeans", n_clusters=2, seed=0)
        # Of all cells, so that they are hidden after it.
        self.table.obsm["X_umap"] = np.asarray(self.table.obsm["spatial"], np.float32)

    def session(self):
        made = Session()
        made.set_fields(self.sources, 0, self.images[self.sources[0].name])
        for cells in self.cells:
            made.labels.put(cells)
        made.labels.set_current(self.cells[0])
        made.set_result(
            EmbeddingResult(
                self.table.copy(),
                ids_by_image(self.cells),
                ROLES,
                "bundled",
                1.0,
                True,
                self.images,
                crop=CROP,
            ),
            self.cells,
        )
        return made

    def script(self, session):
        saved = SavedFolder(self.folder, [s.name for s in self.sources], ids_by_image(self.cells))
        return python_script(replace(recipe_of(session, saved), out="again.h5ad"))


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    return Dish(tmp_path_factory.mktemp("one"), 1)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    return Dish(tmp_path_factory.mktemp("two"), 2)


def ask(session, asked, cell=None):
    """As the tab does, without a window."""
    if cell is not None:
        session.selection.set_current(int(session.result.current.table.obs_names.get_loc(cell)))
    question = make_question(session, asked)
    run = question.run(Spy(), session.why_answers.usual(question.sides))
    for _ in run.steps():
        pass
    session.why_answers.take(question.sides, run.result(), run.usual)
    return run.result()


def same_answer(one, other):
    assert type(one) is type(other)
    assert one.sentence == other.sentence
    pd.testing.assert_frame_equal(one.channel_table, other.channel_table)
    pd.testing.assert_frame_equal(one.table, other.table)


def restored(session, dish, tmp_path):
    """Another session with the same cells, and what the first one kept."""
    kept, again = through_a_file(session.keeping.keep(), tmp_path), dish.session()
    assert again.keeping.restore(kept) == []
    return again


def test_answers_come_back_with_what_they_were_asked_of(one, tmp_path):
    session = one.session()
    names = session.result.current.table.obs_names
    session.gates.add("large", Interval("x_px", low=100))
    cell = ask(session, Asked(None, OTHER_CLUSTERS, QUICK), names[14])
    group = ask(session, Asked(("gate_large", "True"), OTHERS, QUICK))
    again = restored(session, one, tmp_path)
    first, second = answers_now(again)
    assert first.title == f"Cell {cell.label} of {cell.image} against the other clusters"
    assert second.title == "Gate “large” against all other cells"
    assert (row_asked(again, first), row_asked(again, second)) == (14, None)
    same_answer(first.found, cell)
    same_answer(second.found, group)
    np.testing.assert_array_equal(first.found.crop, cell.crop)
    assert first.found.job_id == again.result.current.id
    assert again.why_answers.asked == second.asked == Asked(("gate_large", "True"), OTHERS, QUICK)
    # It is found again as the answer of the question.
    question = make_question(again, second.asked)
    assert again.why_answers.of(question.sides) is second.found


def test_answers_of_other_cells_are_out_of_date_and_say_why(one, tmp_path):
    session = one.session()
    names = session.result.current.table.obs_names
    session.gates.add("large", Interval("x_px", low=100))
    ask(session, Asked(None, OTHERS, QUICK), names[14])
    ask(session, Asked(None, OTHERS, QUICK), names[0])
    ask(session, Asked(("gate_large", "True"), OTHERS, QUICK))
    session = restored(session, one, tmp_path)

    def stale():
        return [stale_reason(session, each) for each in session.why_answers.all]

    assert stale() == ["", "", ""]
    session.set_filter(CellFilter(border=True))
    # The same row is another cell now, and has no answer.
    session.selection.set_current(14)
    assert session.why_answers.of(make_question(session, Asked(None, OTHERS, QUICK)).sides) is None
    assert stale() == ["other cells are hidden now", "the cell is hidden", *stale()[2:]]
    assert answers_now(session) == []
    session.history.undo()
    assert stale() == ["", "", ""]
    session.gates.set_rule("large", Interval("x_px", low=120))
    assert stale() == ["", "", "the group, or the cells compared with, are others now"]
    session.gates.delete(["large"])
    assert stale() == ["", "", "the group, or the cells it is compared with, is no more"]
    session.labels.note_edits()
    assert stale()[0].startswith("the result is out of date: the labels were edited")
    # Only a saved result has them; another one has none.
    session.set_result(one.session().result.current)
    assert session.why_answers.all == []
    assert session.why_answers.keep() is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "format 2 and this version reads 1"),
        ({"answers": [{"asked": {}}]}, "they cannot be read, so they are left out; ask again"),
        ({"answers": 3}, "they cannot be read, so they are left out; ask again"),
    ],
)
def test_answers_that_cannot_be_read_are_one_line_and_spoil_nothing(one, tmp_path, change, said):
    session = one.session()
    ask(session, Asked(None, OTHERS, QUICK), session.result.current.table.obs_names[14])
    kept = through_a_file(session.keeping.keep(), tmp_path)
    kept["answers"] = Kept({**kept["answers"].facts, **change}, kept["answers"].arrays)
    (line,) = session.keeping.restore(kept)
    assert said in line
    assert line.startswith("The answers of this session: ")
    assert session.why_answers.all == []


@pytest.mark.parametrize("halves", ["one", "two"])
def test_the_copied_script_asks_again_and_is_answered_the_same(
    halves, request, tmp_path, monkeypatch
):
    dish = request.getfixturevalue(halves)
    session = dish.session()
    session.gates.add("large", Interval("x_px", low=100))
    if halves == "one":
        session.set_filter(CellFilter(border=True))
    names = session.result.current.table.obs_names
    answers = [
        ask(session, Asked(None, OTHER_CLUSTERS, QUICK), names[14]),
        ask(session, Asked(None, ("cluster", "1"), replace(QUICK, maps="every")), names[9]),
        ask(session, Asked(("gate_large", "True"), OTHERS, QUICK)),
        ask(session, Asked(("cluster", "1"), ("cluster", "0"), QUICK)),
    ]
    monkeypatch.setattr("napari_c3r.core.encoder.load_encoder", lambda source: Spy())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "again.py").write_text(dish.script(session), "utf-8")
    made = runpy.run_path("again.py", run_name="__main__")
    for one, other in zip(made["why"], answers, strict=True):
        same_answer(one, other)
