"""Why a cell is here, asked of an encoder that is known to look at one place of one channel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import napari_c3r as c3r
from napari_c3r.core.explain import ALL, CellSet, Field, WhyJob, WhyOptions, WhyRun
from napari_c3r.core.explain.figure import why_figure
from napari_c3r.core.figures.drawing import Picture
from napari_c3r.core.figures.drawing_files import save_drawing, svg
from tests.core.encoder.toy import registered, write_toy_folder

from .spy import ROLES, Spy, grid_of_cells

OPTIONS = WhyOptions(places=4, overlap=2, draws=32, maps="every")


@pytest.fixture(scope="module")
def made():
    return grid_of_cells()


@pytest.fixture(scope="module")
def table(made):
    return c3r.embed(
        made.image, made.cells, ROLES, encoder=Spy(), crop=c3r.CropSpec(field_diameters=1.3)
    )


@pytest.fixture(scope="module")
def cell():
    return "field:15"


@pytest.fixture(scope="module")
def found(made, table, cell):
    return c3r.why_here(
        table, cell, made.image, made.cells, nuclei=made.nuclei, encoder=Spy(), options=OPTIONS
    )


def test_the_channel_that_is_looked_at_sets_the_cell_apart(found):
    effects = {each.channel: each for each in found.channels}
    assert found.compared == "all other cells"
    assert [each.channel for each in found.named] == ["RNA"]
    assert effects["RNA"].low <= effects["RNA"].way <= effects["RNA"].high
    assert effects["RNA"].way > effects["RNA"].usual_high
    for name in ("DNA", "ER", "AGP"):
        assert effects[name].way == pytest.approx(0, abs=1e-5)
    assert found.way == pytest.approx(effects["RNA"].way, abs=1e-5)


def test_the_reference_cells_are_chosen_and_come_first_in_the_sentence(made, table, cell):
    halves = table.copy()
    halves.obs["well"] = np.where(np.arange(len(table)) < 18, "A1", "A2")
    found = c3r.why_here(
        halves,
        cell,
        made.image,
        made.cells,
        encoder=Spy(),
        compared_with=("well", "A2"),
        options=OPTIONS,
    )
    assert found.compared == "the cells with well A2"
    assert (found.partners >= 18).all()
    assert "the cells with well A2" in found.sentence
    assert set(found.channel_table["compared_with"]) == {"the cells with well A2"}
    # Whoever is asked next need not ask the reference cells again.
    job = WhyJob(
        halves,
        14,
        {"field": Field(made.image, made.cells)},
        Spy(),
        OPTIONS,
        compared=CellSet(found.compared, np.arange(len(table)) >= 18),
    )
    first = WhyRun(job)
    for _ in first.steps():
        pass
    second = WhyRun(replace(job, usual=first.usual))
    stages = [step.stage for step in second.steps()]
    assert second.total < first.total
    assert not any("among" in stage for stage in stages)
    assert second.result().channel_table.equals(first.result().channel_table)


def test_the_place_that_is_looked_at_is_found_and_no_other(found):
    places, middle = found.map_of("RNA"), found.side // 2
    y, x, side = places.covers[:, 0].T
    seen = (abs(y + side / 2 - middle) < side) & (abs(x + side / 2 - middle) < side)
    assert places.above.any()
    assert seen[places.above].all()
    assert np.nanmax(places.heat(found.side)[: middle - 13]) < 1e-6
    for name in ("DNA", "ER", "AGP"):
        assert not found.map_of(name).above.any()
        assert found.map_of(name).moved.max() < 1e-6
    assert places.back[np.argmax(places.moved)] > 0
    assert found.map_of(ALL).moved.max() == pytest.approx(places.moved.max(), abs=1e-6)


def test_the_sentence_says_which_from_whom_and_where(found):
    assert found.sentence.startswith("RNA sets this cell apart from all other cells: ")
    assert found.sentence.endswith(" among them); mostly the middle of the cell")
    assert "DNA" not in found.sentence
    assert "patches 8 px wide" in found.caption


def test_places_are_those_of_the_image(found, made):
    heat = found.heat_in_image(made.image.shape[1:], "RNA")
    y, x = found.corner
    weight = np.nan_to_num(heat)
    rows, columns = np.indices(heat.shape)
    middle = [float((axis * weight).sum() / weight.sum()) for axis in (rows, columns)]
    # Cell 15 is the third of the third row.
    assert middle == pytest.approx([2 * 34 + 16.5] * 2, abs=2.5)
    table = found.table
    assert set(table["channel"]) == {ALL, *ROLES.names}
    assert table["y_px"].between(y, y + found.window_px).all()
    assert found.translate == pytest.approx((y, x), abs=1)
    assert found.cell.sum() * found.scale**2 == pytest.approx((made.cells == 15).sum(), rel=0.05)
    assert 0 < found.nucleus.sum() < found.cell.sum()


def test_the_same_question_has_the_same_answer_and_another_seed_another(made, table, cell, found):
    def asked(options):
        return c3r.why_here(table, cell, made.image, made.cells, encoder=Spy(), options=options)

    again, other = asked(OPTIONS), asked(replace(OPTIONS, seed=1))
    assert np.array_equal(again.map_of("RNA").random_moved, found.map_of("RNA").random_moved)
    assert again.channel_table.equals(found.channel_table)
    assert not np.array_equal(other.map_of("RNA").random_moved, found.map_of("RNA").random_moved)


def test_stopped_early_it_keeps_whole_maps_and_says_so(made, table, cell):
    job = WhyJob(
        table,
        int(table.obs_names.get_loc(cell)),
        {"field": Field(made.image, made.cells)},
        Spy(),
        OPTIONS,
    )
    run = WhyRun(job)
    with pytest.raises(c3r.InputError, match="Stopped before"):
        run.result()
    steps = []
    for step in run.steps():
        steps.append(step)
        if step.stage == "covering places of all channels":
            break
    stopped = run.result()
    assert [each.channel for each in stopped.maps] == ["RNA"]
    assert stopped.notes[-1] == "Stopped early; maps that are whole: RNA"
    assert stopped.sentence.startswith("RNA sets this cell apart")
    for step in run.steps():
        steps.append(step)
    assert max(step.done for step in steps) <= run.total
    assert len(run.result().maps) == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cell": "field:9999"}, "There is no cell 'field:9999'; rows are called as 'field:"),
        ({"encoder": Spy("1" * 64)}, "The encoder 'spy' is not the one that embedded these cells"),
        ({"rows": 8}, "The table has 8 cells, too few for neighbours; give at least 12"),
        ({"other_image": True}, "The image 'field' of the cell is not given"),
        ({"brighter": True}, "has another vector now (cosine "),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_line(made, table, cell, change, said):
    image, asked = made.image, table
    if "rows" in change:
        asked, cell = table[: change["rows"]].copy(), str(table.obs_names[0])
    if "other_image" in change:
        image = replace(image, name="other")
    if "brighter" in change:
        image = replace(image, data=image.data[:, ::-1])
    with pytest.raises(c3r.InputError) as refused:
        c3r.why_here(
            asked,
            change.get("cell", cell),
            image,
            made.cells,
            encoder=change.get("encoder", Spy()),
            options=OPTIONS,
        )
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_reference_cells_in_images_that_are_not_given_are_asked_for(made, table, cell):
    apart = table.copy()
    apart.obs["image"] = np.where(apart.obs_names == cell, "field", "other")
    said = r"0 cells can be compared with as all other cells; 25 more are in images .* at least 6"
    with pytest.raises(c3r.InputError, match=said):
        c3r.why_here(apart, cell, made.image, made.cells, encoder=Spy(), options=OPTIONS)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (("dose", "3"), "The table has no column 'dose'; its columns are image,"),
        (("image", "other"), "No cell has image 'other'; there are field"),
        (np.ones(5, bool), r"by an array of bool \(5,\).*for each of the 36 cells"),
    ],
)
def test_cells_to_compare_with_that_there_are_not_are_refused(made, table, cell, chosen, said):
    with pytest.raises(c3r.InputError, match=said):
        c3r.why_here(table, cell, made.image, made.cells, encoder=Spy(), compared_with=chosen)


def test_any_family_can_be_asked(made, tmp_path):
    with registered():
        encoder = c3r.load_encoder(write_toy_folder(tmp_path / "toy"))
        roles = c3r.ChannelAssignment({"DNA": "context", "RNA": "concept"})
        table = c3r.embed(made.image, made.cells, roles, encoder=encoder)
        found = c3r.why_here(
            table, str(table.obs_names[0]), made.image, made.cells, encoder=encoder, options=OPTIONS
        )
    assert sum(each.way for each in found.channels) == pytest.approx(found.way)
    assert {each.channel for each in found.maps} == {ALL, "DNA", "RNA"}


@pytest.mark.parametrize(("channel", "width"), [(ALL, 760.0), ("RNA", 300.0)])
def test_the_figure_shows_the_crop_its_places_and_random_ones(found, tmp_path, channel, width):
    drawn = why_figure(found, channel, width=width)
    pictures = [mark for mark in drawn.marks if isinstance(mark, Picture)]
    # Crop, places, random places, and the key of the colours.
    assert len(pictures) == 4
    assert drawn.width <= width
    assert {mark.where.column for mark in drawn.stops} == set(ROLES.names)
    assert svg(drawn).count("<image ") == 4
    written = save_drawing(drawn, tmp_path / "why.png")
    assert {path.name for path in written} == {"why.png", "why.csv", "why.txt"}
