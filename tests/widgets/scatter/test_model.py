"""The model of the map: selection, history, colours; no window needed."""

from __future__ import annotations

import subprocess
import sys
from unittest.mock import Mock

import numpy as np
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.colouring import DIMMING, Values, crowding
from napari_c3r.core.figures.colours import CATEGORICAL, GREY, rgb
from napari_c3r.core.figures.facets import Facets
from napari_c3r.widgets.scatter.model import UNDO_DEPTH, ScatterModel, SelectMode

BLACK = "#000000"


@pytest.fixture
def model() -> ScatterModel:
    model = ScatterModel()
    model.set_points(np.random.default_rng(0).normal(size=(6, 2)))
    return model


def flags(*indices: int, count: int = 6) -> np.ndarray:
    mask = np.zeros(count, dtype=bool)
    mask[list(indices)] = True
    return mask


def selected(model: ScatterModel) -> list[int]:
    return np.flatnonzero(model.selection).tolist()


def painted(model: ScatterModel) -> tuple[np.ndarray, np.ndarray]:
    """Red, green and blue (N, 3) of the points, and the order they are painted in."""
    colours, order = model.paint(BLACK)
    return np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=-1), order


def test_replace_add_remove(model: ScatterModel) -> None:
    model.select(flags(0, 1))
    model.select(flags(1, 2), "add")
    assert selected(model) == [0, 1, 2]
    model.select(flags(0, 5), SelectMode.REMOVE)
    assert selected(model) == [1, 2]
    model.select(flags(4))
    assert selected(model) == [4]


def test_undo_goes_back_step_by_step_and_stops_at_the_start(model: ScatterModel) -> None:
    steps = [flags(0), flags(0, 3), flags()]
    for step in steps:
        model.select(step)
    seen = []
    while model.can_undo:
        model.undo()
        seen.append(selected(model))
    assert seen == [[0, 3], [0], []]
    model.undo()
    assert selected(model) == []


def test_history_is_bounded(model: ScatterModel) -> None:
    for step in range(UNDO_DEPTH + 10):
        model.select(flags(step % 6))
    for _ in range(UNDO_DEPTH + 10):
        model.undo()
    assert selected(model) == [(10 - 1) % 6]


def test_what_changes_nothing_is_silent_and_no_step(model: ScatterModel) -> None:
    model.select(flags(2))
    heard = Mock()
    model.selection_changed.connect(heard)
    model.select(flags(2))
    model.select(flags(2), "add")
    model.select(flags(3), "remove")
    heard.assert_not_called()
    model.undo()
    assert not model.can_undo


def test_selection_is_told_as_a_mask_that_nobody_can_change(model: ScatterModel) -> None:
    heard = Mock()
    model.selection_changed.connect(heard)
    mask = flags(1)
    model.select(mask)
    mask[:] = True
    (selected,) = heard.call_args.args
    assert np.flatnonzero(selected).tolist() == [1]
    with pytest.raises(ValueError, match="read-only"):
        selected[0] = True


def test_clear(model: ScatterModel) -> None:
    model.select(flags(1, 2))
    model.clear()
    assert selected(model) == []
    model.undo()
    assert selected(model) == [1, 2]


def test_new_points_start_afresh(model: ScatterModel) -> None:
    model.set_categories(np.zeros(6, int), ["a"])
    model.select(flags(1))
    model.set_current(3)
    heard = Mock()
    model.selection_changed.connect(heard)
    model.set_points(np.zeros((2, 2)))
    assert model.colouring is None
    assert model.current is None
    assert not model.can_undo
    assert heard.call_args.args[0].tolist() == [False, False]


def test_click_rings_the_point_and_a_click_beside_unrings_it(model: ScatterModel) -> None:
    clicked, current = Mock(), Mock()
    model.clicked.connect(clicked)
    model.current_changed.connect(current)
    model.click(4)
    model.click(None)
    clicked.assert_called_once_with(4)
    assert [call.args[0] for call in current.call_args_list] == [4, None]


def test_hover_is_told_once_per_point(model: ScatterModel) -> None:
    heard = Mock()
    model.hovered.connect(heard)
    for index in (None, 2, 2, 3, None, None):
        model.hover(index)
    assert [call.args[0] for call in heard.call_args_list] == [2, 3, None]


def test_categories_colour_points_and_noise_is_painted_first(model: ScatterModel) -> None:
    model.set_categories([0, 1, -1, 0, -1, 1], ["a", "b"])
    colours, order = painted(model)
    np.testing.assert_array_equal(
        colours[[0, 1, 2]], [rgb(CATEGORICAL[0]), rgb(CATEGORICAL[1]), rgb(GREY)]
    )
    assert sorted(order) == list(range(6))
    assert set(order[:2]) == {2, 4}


def test_selected_points_stay_bright_on_top_and_the_rest_dims(model: ScatterModel) -> None:
    model.set_categories([0, 1, 0, 1, 0, 1], ["a", "b"])
    model.select(flags(3, 5))
    colours, order = painted(model)
    assert set(order[-2:]) == {3, 5}
    np.testing.assert_array_equal(colours[3], rgb(CATEGORICAL[1]))
    np.testing.assert_allclose(colours[0], rgb(CATEGORICAL[0]) / DIMMING, atol=1)


def test_what_is_painted_is_made_anew_only_where_it_is_another(model: ScatterModel) -> None:
    model.set_categories([0, 1, 0, 1, 0, 1], ["a", "b"])
    model.select(flags(3, 5))
    known = model.paint(BLACK)
    model.move_points(model.xy + 1)
    again = model.paint(BLACK)
    assert again[0] is known[0]
    model.move_points(model.xy, facets=Facets("well", np.arange(6) % 2, ("a", "b"), (False,) * 2))
    assert model.paint(BLACK)[0] is again[0]
    model.select(flags(2))
    assert (model.paint(BLACK)[0] != again[0]).any()
    dark = model.paint(BLACK)[0]
    assert (model.paint("#ffffff")[0] != dark).sum() == 5


def test_values_may_miss(model: ScatterModel) -> None:
    model.set_values([1.0, np.nan, 3.0, np.inf, 2.0, 1.0], "area (µm²)")
    colours, order = painted(model)
    np.testing.assert_array_equal(colours[[1, 3]], [rgb(GREY)] * 2)
    assert set(order[:2]) == {1, 3}
    assert isinstance(model.colouring, Values)
    assert model.colouring.limits == (1.0, 3.0)


def test_points_without_a_place_are_not_painted() -> None:
    model = ScatterModel()
    model.set_points([[0, 0], [np.nan, 1], [1, 1], [1, np.inf]])
    assert sorted(model.paint(BLACK)[1]) == [0, 2]


def test_paint_order_does_not_follow_the_table() -> None:
    model = ScatterModel()
    model.set_points(np.random.default_rng(1).normal(size=(2000, 2)))
    order = model.paint(BLACK)[1].astype(int)
    assert abs(np.corrcoef(order, np.arange(2000))[0, 1]) < 0.1


def test_density_replaces_the_colours_and_gives_them_back(model: ScatterModel) -> None:
    model.set_categories(np.zeros(6, int), ["a"])
    before = model.colouring
    model.set_density(True)
    assert isinstance(model.shown_colouring(), Values)
    model.set_density(False)
    assert model.shown_colouring() is before


def test_crowding_counts_the_points_around() -> None:
    crowd = np.zeros((30, 2)) + 0.001 * np.random.default_rng(0).random((30, 2))
    xy = np.vstack([crowd, [[10, 10], [np.nan, 0]]]).astype(np.float32)
    counts = crowding(xy).values
    assert counts[:30].tolist() == [30] * 30
    assert counts[30] == 1
    assert np.isnan(counts[31])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda m: m.set_points(np.zeros((4, 3))), r"shape \(N, 2\), not \(4, 3\)"),
        (lambda m: m.set_categories([0, 1], ["a", "b"]), "do not fit 6 points"),
        (lambda m: m.set_categories([0, 1, 2, 0, 0, 0], ["a", "b"]), "from 0 to 2.*2 names"),
        (lambda m: m.set_categories([0, -2, 1, 0, 0, 0], ["a", "b"]), "from -2 to 1"),
        (lambda m: m.set_values(np.zeros(7), "x"), "do not fit 6 points"),
        (lambda m: m.select([True]), "do not fit 6 points"),
        (lambda m: m.set_current(6), "no point 6: the map has 6 points"),
    ],
)
def test_mistakes_are_told_in_one_line(model: ScatterModel, call: object, says: str) -> None:
    with pytest.raises(InputError, match=says) as raised:
        call(model)
    assert "\n" not in str(raised.value)


def test_the_model_knows_no_qt() -> None:
    check = (
        "import sys; sys.modules['qtpy'] = None; "
        "from napari_c3r.widgets.scatter import camera, model"
    )
    subprocess.run([sys.executable, "-c", check], check=True)


def test_clicks_that_add_and_remove_change_the_selection_and_not_the_ring() -> None:
    model = ScatterModel()
    model.set_points(np.zeros((4, 2)))
    model.click(1)
    model.click(2, "add")
    model.click(3, "add")
    model.click(2, "remove")
    model.click(None, "add")
    assert model.current == 1
    assert np.flatnonzero(model.selection).tolist() == [3]
    model.undo()
    assert np.flatnonzero(model.selection).tolist() == [2, 3]


def test_marks_are_points_and_go_with_them() -> None:
    model = ScatterModel()
    model.set_points(np.zeros((4, 2)))
    seen: list[int] = []
    model.marked_changed.connect(lambda: seen.append(len(model.marked)))
    model.set_marked([1, 3])
    model.set_marked([1, 3])
    assert seen == [2]
    with pytest.raises(InputError, match="the map has 4 points"):
        model.set_marked([4])
    model.set_points(np.zeros((2, 2)))
    assert seen == [2, 0]
