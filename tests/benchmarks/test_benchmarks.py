"""Every benchmark runs at toy size and gives rows; none is judged by its speed here."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from benchmarks import clusters_plotter
from benchmarks.__main__ import PARTS, measure
from benchmarks._row import ROOT, Row, peak_bytes
from benchmarks.encoder_channels import make_untrained, operations_of_all

ON_A_SCREEN = {"start", "opening", "scatter", "linking", "explorer"}
EVERY_PART = [
    pytest.param(part, marks=pytest.mark.gl if part in ON_A_SCREEN else ()) for part in PARTS
]


@pytest.mark.parametrize("part", EVERY_PART)
def test_every_part_gives_rows(part, request):
    if part in ON_A_SCREEN:
        request.getfixturevalue("qapp")
    rows = measure(part, toy=True)
    assert rows
    for row in rows:
        assert isinstance(row, Row)
        assert row.name
        assert row.value
        assert isinstance(bool(row.ok), bool)
        assert row.name in str(row)
        assert "\n" not in str(row)
    assert len({row.name for row in rows}) == len(rows)


@pytest.mark.gl
def test_what_clusters_plotter_is_timed_beside_runs():
    taken = clusters_plotter.seconds_of(sys.executable, "ours", clusters_plotter.TOY_SIZES)
    assert set(taken) == {"lasso", "recolour", "image"}
    assert all(seconds > 0 for seconds in taken.values())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows counts otherwise")
def test_what_a_process_holds_is_not_what_its_parent_held():
    held = np.ones(2**28, np.uint8)
    code = "from benchmarks._row import peak_bytes; print(peak_bytes())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert int(done.stdout) < held.nbytes <= peak_bytes()


def test_parts_are_asked_for_by_name():
    def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "benchmarks", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    mistaken = ask("--toy", "nothing")
    assert mistaken.returncode == 2
    assert "no part is called nothing" in mistaken.stderr
    assert all(part in ask("--help").stdout for part in PARTS)


@pytest.mark.parametrize("table", ["flip_table", "role_table"])
def test_tables_of_real_sets_have_a_line_for_what_each_judges(table, data_dir, tiny_model, capsys):
    from importlib import import_module

    from benchmarks._real_sets import SETS
    from napari_c3r.core.encoder import load_encoder

    chosen = SETS[0]
    import_module(f"benchmarks.{table}").run(load_encoder(tiny_model), 40, (chosen,))
    head, *lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    of_set = [line for line in lines if line.startswith(f"| {chosen.name} (")]
    assert len(of_set) >= len(chosen.roles)
    assert {line.count("|") for line in lines} == {head.count("|")}


def test_planted_truths_are_asked_for_once_a_seed(tiny_model):
    from benchmarks.diagnose_planted import as_table, twins
    from napari_c3r.core.encoder import load_encoder

    tally = twins(0, load_encoder(tiny_model), 30)
    assert [len(calls) for calls in tally.values()] == [1, 1]
    assert as_table(tally).count("\n") == 3


def test_a_planted_change_is_asked_for_in_some_cells(tiny_model):
    from benchmarks.why_planted import as_table, study, together
    from napari_c3r.core.encoder import load_encoder
    from napari_c3r.core.explain import WhyOptions

    options = WhyOptions(partners=1, others=4, places=2, overlap=1, draws=8)
    kinds = ("brighter", "spots")
    found = together(study(0, kinds, load_encoder(tiny_model), options, side=460, channels=1))
    assert list(found) == [*kinds, "all"]
    assert len(found["all"]["moved by the change"]) == 16
    assert len(found["all"]["channel, one cell"]) <= 4
    assert as_table(found).startswith("| | brighter | spots | all |")


def test_the_coefficients_of_segmentation_are_fitted_to_outlined_fields(data_dir, capsys):
    from benchmarks import segment_fit
    from benchmarks.segment_speed import outlined_fields
    from napari_c3r.core.segment import quality

    fields = outlined_fields()
    if not fields:
        pytest.skip(f"no outlined fields in {data_dir}")
    few = [field for field in fields if field.set_name == fields[-1].set_name][:2]
    fitted = segment_fit.held_out(few, "ANY_SIZE", segment_fit.any_size_examples)
    assert set(fitted) == set(quality.ANY_SIZE)
    assert "F1 of the held-out half" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("side", "channels", "expected"), [(112, 3, 3.3), (112, 5, 5.8), (224, 5, 29.8)]
)
def test_the_operations_of_attention_over_all_channels(side, channels, expected):
    """Reckoned from the sizes alone: 12 blocks of width 384 and patches of 16 pixels."""
    config = make_untrained("campfire", "S", side).config
    found = operations_of_all("campfire", config, side, channels)
    assert found / 1e9 == pytest.approx(expected, abs=0.05)
