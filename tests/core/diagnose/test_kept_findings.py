"""What diagnostics found is the same after it was in a file; what cannot be read is one line."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.diagnose import (
    Diagnostic,
    DiagnosticContext,
    DiagnosticResult,
    FlipJob,
    FlipRun,
    diagnostics,
)
from napari_c3r.core.diagnose.kept import pack_found, unpack_found
from napari_c3r.core.diagnose.registry import answer
from napari_c3r.core.diagnose.report import write_answers
from napari_c3r.core.diagnose.reread import EarlierRun
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.errors import InputError

from .small import ROLES, lay_out_at_once

pytestmark = pytest.mark.usefixtures("compiled_once")


@pytest.fixture(scope="module")
def job(field, deaf):
    return EmbedJob(field.image, field.cells, ROLES, deaf, nuclei=field.nuclei)


@pytest.fixture(scope="module")
def found(job, field, encoder):
    """All diagnostics of one run, with its clusters."""
    run = FlipRun(
        FlipJob(
            (job,),
            label_column="phenotype",
            label_table=field.truth,
            single_channels=True,
            second=encoder,
        )
    )
    list(run.steps())
    report = run.result()
    clusters = pd.Series(np.arange(len(report.obs)) % 2, report.obs.index, name="cluster")
    clusters = clusters.astype(str)
    context = DiagnosticContext(report, clusters.tolist())
    return run, answer([each.name for each in diagnostics()], context), clusters


@pytest.fixture(scope="module")
def kept(found, tmp_path_factory):
    run, answers, clusters = found
    facts, arrays = pack_found(run.result(), answers, clusters)
    path = tmp_path_factory.mktemp("kept") / "found.npz"
    np.savez_compressed(path, **arrays)
    with np.load(path, allow_pickle=False) as file:
        return json.loads(json.dumps(facts)), dict(file)


def test_everything_is_there_again(found, kept):
    run, answers, clusters = found
    before = run.result()
    report, again, names, _ = unpack_found(*kept)
    pd.testing.assert_frame_equal(report.table, before.table)
    pd.testing.assert_frame_equal(report.obs, before.obs)
    pd.testing.assert_frame_equal(report.neighbours_changed, before.neighbours_changed)
    pd.testing.assert_series_equal(names, clusters)
    assert report.headline == before.headline
    assert report.assigned.variant == before.assigned.variant
    assert [r.verdict for r in report.results] == [r.verdict for r in before.results]
    assert (report.notes, report.skipped, report.settings) == (
        before.notes,
        before.skipped,
        before.settings,
    )
    for name, vectors in before.vectors.items():
        np.testing.assert_array_equal(report.vectors[name], vectors)
    strongest = before.strongest.variant.name
    np.testing.assert_array_equal(report.most_moved(strongest), before.most_moved(strongest))
    assert again.results.keys() == answers.results.keys()
    assert again.reasons == answers.reasons
    for each in diagnostics(answers.results):
        one, other = answers.results[each.name], again.results[each.name]
        assert type(one) is type(other)
        assert each.status_of(one) == each.status_of(other)
        assert (one.sentence, one.grade, one.notes) == (other.sentence, other.grade, other.notes)
        pd.testing.assert_frame_equal(one.table, other.table)


def test_a_report_of_what_was_kept_is_that_of_the_run(found, kept, job, tmp_path, monkeypatch):
    lay_out_at_once(monkeypatch)
    run, answers, _ = found
    report, again, *_ = unpack_found(*kept)
    write_answers(run, answers, tmp_path / "a.html")
    write_answers(EarlierRun(report, lambda: [job]), again, tmp_path / "b.html")
    pages = [(tmp_path / f"{name}.html").read_bytes() for name in "ab"]
    assert pages[0] == pages[1]

    def gone():
        raise InputError("the pixels of 'x' are not at hand; open it")

    write_answers(EarlierRun(report, gone), again, tmp_path / "c.html")
    words = (tmp_path / "c.md").read_text("utf-8")
    assert "Their pictures are left out: the pixels of 'x' are not at hand; open it" in words


def test_cells_that_are_others_now_have_no_pictures(kept, job):
    report, *_ = unpack_found(*kept)
    other = replace(job, labels=np.where(job.labels > 0, job.labels + 1000, 0))
    with pytest.raises(InputError, match="are others now"):
        EarlierRun(report, lambda: [other]).crops(np.arange(2))
    with pytest.raises(InputError, match="not at hand"):
        EarlierRun(report, list).crops(np.arange(2))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda facts: facts | {"format": 2}, "have format 2 and this version reads 1"),
        (lambda facts: {}, "have format None"),
        (lambda facts: facts | {"report": 3}, "are no report"),
        (lambda facts: facts | {"report": {"kind": "os.system", "fields": {}}}, "cannot be read"),
        (lambda facts: facts | {"report": {"array": "none"}}, "cannot be read"),
        (lambda facts: facts | {"reasons": 3}, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_one_line(kept, damage, said):
    facts, arrays = kept
    with pytest.raises(InputError, match=said):
        unpack_found(damage(facts), arrays)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Own(DiagnosticResult):
    number: float


def _registered(monkeypatch, result=DiagnosticResult):
    from napari_c3r.core.diagnose import registry

    def run(_):
        return _Own(sentence="s", number=2.0)

    entry = Diagnostic(name="own", label="Own", help="h", run=run, result=result)
    monkeypatch.setitem(registry._diagnostics, "own", entry)
    return entry


def test_a_diagnostic_from_outside_says_whether_it_is_kept(found, monkeypatch):
    run, answers, _ = found
    _registered(monkeypatch, _Own)
    more = replace(answers, results={**answers.results, "own": _Own(sentence="s", number=2.0)})
    packed = pack_found(run.result(), more)
    assert unpack_found(*packed)[1].results["own"].number == 2.0
    # Without what brought it, the others are there, and it is said why it is not.
    monkeypatch.undo()
    again = unpack_found(*packed)[1]
    assert again.results.keys() == answers.results.keys()
    assert "not here now" in again.reasons["own"]
    _registered(monkeypatch)
    again = unpack_found(*pack_found(run.result(), more))[1]
    assert "not kept in a session" in again.reasons["own"]
    # What it holds may be of no kind that a file has.
    _registered(monkeypatch, _Own)
    _registered(monkeypatch, _Own)
    odd = replace(more, results={**answers.results, "own": _Own(sentence="s", number=object())})
    again = unpack_found(*pack_found(run.result(), odd))[1]
    assert again.results.keys() == answers.results.keys()
    assert "not kept in a session" in again.reasons["own"]
