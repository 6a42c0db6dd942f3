"""Forms made from option types: what they show is what they give back."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_c3r.core.crops import CropSpec
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.options import described, option
from napari_c3r.widgets.common.option_form import OptionForm

RUNS = st.builds(
    RunOptions,
    precision=st.sampled_from(["auto", "float32", "bfloat16"]),
    batch_size=st.one_of(st.just("auto"), st.integers(4, 4096)),
    concept_mode=st.sampled_from([None, "each", "joint"]),
    readout=st.sampled_from([None, "cls", "cls+std"]),
)
CROPS = st.builds(
    CropSpec,
    field_um=st.one_of(st.none(), st.integers(1, 400).map(lambda n: n / 4)),
    size_px=st.one_of(st.none(), st.integers(4, 4096)),
    neighbours=st.sampled_from([None, "keep", "mask"]),
)
REUSED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def form_of(qtbot):
    def make(kind, *names, **options):
        form = OptionForm(kind, names or None, **options)
        qtbot.addWidget(form)
        return form

    return make


@pytest.mark.parametrize("kind", [RunOptions, CropSpec])
def test_a_form_begins_with_the_defaults_and_says_what_each_setting_is(form_of, kind):
    form = form_of(kind, choices={"device": [("auto", "auto")]} if kind is RunOptions else None)
    assert form.value() == kind()
    assert form.changes() == []
    for name, info in described(kind):
        native = form.widgets[name].native
        assert native.toolTip().startswith(info.help)
        assert info.unset in native.toolTip()
        assert native.accessibleName() == info.label


@REUSED
@given(RUNS)
def test_any_run_options_come_back(form_of, options):
    form = form_of(RunOptions, "precision", "batch_size", "concept_mode", "readout")
    form.set_value(options)
    assert form.value() == options
    assert bool(form.changes()) == (options != RunOptions())


@REUSED
@given(CROPS)
def test_any_crop_comes_back(form_of, options):
    form = form_of(CropSpec)
    form.set_value(options)
    assert form.value() == options


def test_settings_that_are_not_shown_keep_what_they_were_given(form_of):
    form = form_of(RunOptions, "precision")
    form.set_value(RunOptions("cuda:1", "float32", 7))
    form.set("precision", "bfloat16")
    assert form.value() == RunOptions("cuda:1", "bfloat16", 7)


def test_a_change_is_signalled_once_and_named(form_of):
    form, seen = form_of(CropSpec), []
    form.changed.connect(lambda: seen.append(form.value()))
    form.set_value(CropSpec(field_um=32.5, neighbours="keep"))
    assert seen == [CropSpec(field_um=32.5, neighbours="keep")]
    assert form.changes() == ["field 32.5 µm", "neighbours keep"]
    form.set("field_um", None)
    form.set("field_um", None)
    assert len(seen) == 2
    form.reset()
    assert form.value() == CropSpec()


def test_choices_follow_what_there_is(form_of):
    form = form_of(RunOptions, "device", choices={"device": [("auto", "auto")]})
    form.set_choices("device", [("auto: cuda:0", "auto"), ("cuda:0", "cuda:0"), ("cpu", "cpu")])
    form.set("device", "cuda:0")
    assert form.value().device == "cuda:0"
    form.set_choices("device", [("auto: cpu", "auto"), ("cpu", "cpu")])
    assert form.value().device == "auto"
    form.set_value(RunOptions("cuda:7"))
    assert form.value().device == "auto"


@dataclass(frozen=True)
class Toy:
    """A setting of every kind."""

    fast: bool = option(False, "Fast", "Do less")
    words: str = option("", "Words", "Anything")
    share: float = option(0.5, "Share", "Of all", minimum=0.0, maximum=1.0)


def test_a_new_setting_needs_its_declaration_alone(form_of):
    form = form_of(Toy)
    assert form.value() == Toy()
    form.set_value(Toy(True, "some", 0.25))
    assert form.value() == Toy(True, "some", 0.25)
    assert form.changes() == ["fast True", "words some", "share 0.25"]


def test_what_stands_for_none_is_an_entry_of_its_own(form_of):
    form = form_of(RunOptions, "concept_mode")
    box = form.widgets["concept_mode"].native
    entries = [box.itemText(row) for row in range(box.count())]
    assert entries == ["auto", "each", "joint"]
    box.setCurrentText("joint")
    assert form.value().concept_mode == "joint"
    box.setCurrentText("auto")
    assert form.value().concept_mode is None
