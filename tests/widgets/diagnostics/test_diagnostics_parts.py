"""The parts of the diagnostics that need no viewer: what is asked, and how it is drawn."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

import napari_c3r as c3r
from napari_c3r.core.diagnose.charts import Bar, Chart
from napari_c3r.core.diagnose.verdict import GRADE_COLOURS, Grade
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.colours import rgb
from napari_c3r.core.figures.grounds import on_ground
from napari_c3r.core.table import make_result
from napari_c3r.session import Cells, EmbeddingResult, Session
from napari_c3r.widgets.diagnostics.bars import BarChart
from napari_c3r.widgets.diagnostics.options import (
    DiagnosticsOptions,
    disabled_reason,
    label_columns,
    make_job,
    outdated_reason,
)
from napari_c3r.widgets.diagnostics.sentences import Sentences

ROLES = c3r.ChannelAssignment({"DNA": "context", "ER": "context", "RNA": "concept"})


def session(n_cells=12):
    """One image whose result is made up."""
    image = c3r.Image.from_array(np.zeros((3, 8, 8), np.uint8), ["DNA", "ER", "RNA"], name="one")
    obs = pd.DataFrame({"image": "one", "label": np.arange(n_cells) + 1, "y_px": 0.0, "x_px": 0.0})
    provenance = {
        "encoder": {"weights_sha256": "abc"},
        "images": {"name": ["one"], "crop_window_px": [5]},
        "device": "cuda:7",
        "precision": "bfloat16",
        "concept_mode": "each",
        "readout": "cls",
    }
    table = make_result(obs, np.zeros((n_cells, 2), np.float32), [("RNA", "cls")] * 2, provenance)
    made = Session()
    made.set_image(image)
    made.roles.set_assignment(ROLES)
    cells = Cells(np.zeros((8, 8), int), n_cells, "one", "")
    made.labels.set_current(cells)
    made.encoder = "e"
    made.set_result(
        EmbeddingResult(table, {"one": cells.id}, ROLES, "e", 1.0, True, {"one": image})
    )
    return made


def test_a_module_of_the_dock_loads_neither_torch_nor_umap():
    code = (
        "import sys, napari_c3r.widgets.diagnostics.dock\n"
        "print([m for m in ('torch', 'umap', 'sklearn', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_variants_are_counted_and_what_they_share_costs_once():
    swapped = DiagnosticsOptions(("swap",))
    assert swapped.embeddings(ROLES, "each") == 2 + 3
    # (DNA ER → RNA) as assigned, (RNA → DNA) and (RNA → ER) swapped, and noise twice.
    assert swapped.cost(ROLES, "each") == 3 + 3
    assert swapped.cost(ROLES, "joint") == 2 + 3
    # Leaving DNA out, (ER → RNA), is contained in using it as a concept.
    flipped, both = (DiagnosticsOptions(names) for names in (("flip",), ("flip", "drop")))
    assert both.embeddings(ROLES, "each") > flipped.embeddings(ROLES, "each")
    assert both.cost(ROLES, "each") == flipped.cost(ROLES, "each")
    assert DiagnosticsOptions(("swap", "parity")).embeddings(ROLES, "each") == 5 + 3
    # The flipped pass (RNA → DNA ER) is one run, which is that of all groups swapped when joint.
    passes = DiagnosticsOptions(("swap", "passes"))
    assert passes.cost(ROLES, "each") == 3 + 1 + 3
    assert passes.embeddings(ROLES, "joint") == swapped.embeddings(ROLES, "joint")
    with pytest.raises(InputError, match="Choose at least one"):
        DiagnosticsOptions(()).plan(ROLES, "each")


def test_the_job_is_that_of_the_result():
    made = session()
    asked = make_job(made, DiagnosticsOptions(most_cells=9, label_column=None))

    class Encoder:
        weights_hash, name, devices = "abc", "e", ("cpu",)

    job = asked.job(Encoder())
    assert job.kinds == (
        *("all groups swapped", "passes flipped", "one role swapped", "context left out"),
    )
    assert job.max_cells == 9
    (field,) = job.fields
    assert field.window_px == 5
    assert field.labels_wanted == frozenset(range(1, 13))
    assert (field.options.concept_mode, field.options.readout) == ("each", "cls")
    # The result's device is not on this machine, so the best here is taken in its own precision.
    options = field.options
    assert (options.device, options.precision, options.batch_size) == ("cpu", "auto", 16)
    Encoder.devices = ("cuda:7", "cpu")
    assert asked.job(Encoder()).fields[0].options.precision == "bfloat16"
    Encoder.weights_hash = "other"
    with pytest.raises(InputError, match="not the one that embedded these cells"):
        asked.job(Encoder())


def test_what_is_lacking_is_one_sentence():
    assert disabled_reason(Session()) == "Embed the cells first"
    assert disabled_reason(session(5)) == "The result has 5 cells; give at least 8"
    made = session()
    assert disabled_reason(made) == ""
    made.result.current.images.clear()
    assert (
        disabled_reason(made)
        == "The pixels of 'one' are not at hand; open it and embed its cells again"
    )


def test_a_map_or_a_filter_makes_nothing_out_of_date_and_another_result_does():
    made = session()
    key = made.result.current.id
    made.result.set_mapped(made.result.current.table.copy())
    assert outdated_reason(made, key) is None
    made.roles.set_assignment(ROLES.flipped())
    assert str(outdated_reason(made, key)) == "out of date: 3 channels changed"
    assert (
        disabled_reason(made) == "The result is out of date: 3 channels changed; embed again first"
    )
    other = session()
    made.set_result(other.result.current, [other.labels.current])
    assert str(outdated_reason(made, key)) == "out of date: other cells were embedded since"


def test_labels_are_columns_with_classes_and_no_measurements():
    n = 12
    obs = pd.DataFrame(
        {
            "image": ["a", "b"] * 6,
            "label": np.arange(n),
            "area_px": np.arange(n) // 2,
            "bbox_y0_px": np.arange(n) // 2,
            "touches_border": [True, False] * 6,
            "area_um2": np.arange(n) // 2 / 2,
            "well": ["A01"] * n,
            "site": ["1", "2", "3"] * 4,
            "name": [str(i) for i in range(n)],
            "cluster": ["0", "1"] * 6,
            "annotation": [None, "x", "y"] * 4,
        }
    )
    assert label_columns(obs) == ["image", "site", "annotation"]


def chart(limits=(0.0, 1.0), noise=(0.0, 0.5)):
    bars = (
        Bar("ER as concept", 0.75, 0.7, 0.8, Grade.LARGE, "It matters."),
        Bar("without ER", 0.4, 0.35, 0.45, Grade.SMALL),
        Bar("a name so long that it is shortened in the middle", 0.25, 0.2, 0.3),
    )
    return Chart("Further neighbours changed", bars, limits, noise)


@pytest.fixture
def bars(qtbot):
    widget = BarChart("bars")
    qtbot.addWidget(widget)
    widget.show_chart(chart())
    widget.resize(400, widget.sizeHint().height())
    widget.show()
    return widget


def columns_of(picture, colour, y):
    """Where a line of a picture has a colour."""
    wanted = tuple(rgb(colour).tolist())
    return [x for x in range(picture.width()) if picture.pixelColor(x, y).getRgb()[:3] == wanted]


@pytest.mark.parametrize("width", [253, 400])
@pytest.mark.parametrize(
    ("background", "foreground"), [("#ffffff", "#000000"), ("#262930", "#ffffff")]
)
def test_bars_reach_their_value_in_the_colour_of_their_grade(bars, width, background, foreground):
    bars.resize(width, bars.height())
    bars.set_theme(background, foreground)
    picture = bars.grab().toImage()
    assert len(set(GRADE_COLOURS.values())) == 3
    for number, bar in enumerate(bars.chart.bars):
        box = bars.bar_rect(number)
        drawn = on_ground(GRADE_COLOURS[bar.grade], background)
        found = columns_of(picture, drawn, round(box.top() + 1))
        # The line at zero and a dashed line of the noise may cross it.
        assert abs(found[0] - bars.x(0)) <= 2
        assert abs(found[-1] - bars.x(bar.value)) <= 2
        assert bars.x(1.0) <= width
    # Right of its bar, a small one lies on the band of noise; beyond that there is nothing.
    y = round(bars.bar_rect(2).top() + 1)
    band, nothing = (picture.pixelColor(round(bars.x(value)), y) for value in (0.42, 0.62))
    assert band != nothing
    assert "ER as concept: 0.75 (0.70 to 0.80)" in bars.accessibleDescription()


def test_a_bar_is_chosen_by_mouse_and_keys(bars, user):
    chosen = []
    bars.chosen.connect(chosen.append)
    user.click(bars, lambda: bars.row_rect(1).center().toPoint())
    QTest.keyClick(bars, Qt.Key.Key_Up)
    QTest.keyClick(bars, Qt.Key.Key_Up)
    names = [bar.name for bar in bars.chart.bars]
    assert chosen == [names[1], names[0], names[0]]


@pytest.mark.parametrize("width", [120, 300, 900])
def test_bars_around_zero_are_drawn_at_any_width(bars, width):
    bars.show_chart(chart((-0.8, 0.8), (-0.1, 0.1)))
    bars.resize(width, bars.height())
    assert not bars.grab().isNull()


def test_sentences_end_with_a_full_stop(qtbot):
    shown = Sentences()
    qtbot.addWidget(shown)
    shown.show_lines(["One", "two.", "three …"])
    assert shown.text == "One.\ntwo.\nthree …"
    shown.show_lines([])
    assert shown.isHidden()
