from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from napari_c3r.core.channels import Role
from napari_c3r.core.diagnose import (
    Diagnostic,
    DiagnosticContext,
    DiagnosticResult,
    ExtraVariants,
    FlipJob,
    FlipRun,
    Grade,
    diagnostics,
    register_diagnostic,
)
from napari_c3r.core.diagnose.registry import (
    answer,
    answer_steps,
    default_names,
    second_encoder_names,
)
from napari_c3r.core.diagnose.report import write_answers, write_report
from napari_c3r.core.diagnose.variants import Variant
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.errors import InputError

from .small import ROLES
from .toy import AREA_BY_POSITION, register_toy


@pytest.fixture
def registered(monkeypatch):
    register_toy(monkeypatch)


@pytest.fixture(scope="module")
def run(field, deaf):
    one = EmbedJob(field.image, field.cells, ROLES, deaf)
    made = FlipRun(FlipJob((one,), single_channels=True))
    list(made.steps())
    return made


def test_the_built_in_diagnostics_answer_with_a_sentence_a_table_and_a_status(run):
    names = ("swap", "passes", "flip", "drop", "confounds", "parity")
    assert default_names() == names
    assert second_encoder_names() == ("encoders",)
    assert tuple(each.name for each in diagnostics()) == (*names, "encoders")
    steps = answer_steps(names, DiagnosticContext(run.result(), seed=1))
    looked_at = []
    while True:
        try:
            looked_at.append(next(steps))
        except StopIteration as end:
            answers = end.value
            break
    assert looked_at[0] == "what else explains the map: looked at clusters"
    assert tuple(answers.results) == names
    assert answers.reasons == {}
    for each in diagnostics(names):
        result = answers.results[each.name]
        assert result.sentence
        assert len(result.table)
        assert each.status_of(result)
    report = run.result()
    swap = answers.results["swap"]
    assert swap.sentence == report.sentence("all groups swapped")
    assert swap.table["variant"].tolist() == ["all groups swapped"]
    # Which grade it is hangs on the machine's rounding, with so few cells; that it is one does not.
    grades = {result.variant.name: result.verdict.grade for result in report.results}
    assert swap.grade is grades["all groups swapped"]
    flip = diagnostics(["flip"])[0]
    counts = [r.verdict.grade for r in answers.results["flip"].variants]
    status = flip.status_of(answers.results["flip"])
    assert " of 4 " in status
    assert int(status.split()[0]) in {counts.count(grade) for grade in Grade}


def test_one_call_adds_a_section_a_figure_and_a_sentence_to_the_lead(run, registered, tmp_path):
    write_report(run, tmp_path / "report.html")
    words = (tmp_path / "report.md").read_text("utf-8")
    lead, section = words.split("## Area against position")
    assert "Area and position correlate by" in lead.split("##")[0]
    assert section.startswith("\n\nWhether large cells lie to one side of the image.\n\nArea and")
    picture = re.search(
        r"!\[Correlation along each axis\]\((report-area-position[^)]*\.png)\)", section
    )
    assert picture is not None
    assert "| axis | correlation |" in section
    assert f"- {len(run.result().obs)} cells" in section
    assert (tmp_path / picture[1]).read_bytes().startswith(b"\x89PNG")


def test_variants_of_ones_own_are_compared_with_all_others(field, encoder, registered, monkeypatch):
    def leave_out_rna(roles):
        other = roles.with_role("RNA", Role.IGNORE)
        return [Variant("without RNA", "concept left out", other, "RNA")], ["'AGP' has to stay"]

    def run(context):
        result = context.report.result("without RNA")
        return DiagnosticResult(sentence=f"{result.changed} of the neighbours are others")

    thinned = Diagnostic(
        name="thinned",
        label="One concept left out",
        help="Whether a readout is heard at all",
        run=run,
        variants=ExtraVariants("concept left out", leave_out_rna),
    )
    register_diagnostic(thinned)
    made = FlipRun(
        FlipJob((EmbedJob(field.image, field.cells, ROLES, encoder),), kinds=("concept left out",))
    )
    list(made.steps())
    report = made.result()
    assert [r.variant.name for r in report.results] == ["without RNA"]
    assert report.skipped == ("'AGP' has to stay",)
    assert report.sentence("without RNA").startswith("Using without RNA")
    found = answer(["thinned"], DiagnosticContext(report)).results["thinned"]
    assert found.sentence.endswith("of the neighbours are others")
    with pytest.raises(InputError, match="Another diagnostic has variants 'concept left out'"):
        register_diagnostic(replace(thinned, name="again"))


def test_what_cannot_be_answered_is_a_reason_in_the_report(run, registered, tmp_path):
    def refuse(_):
        raise InputError("the plate is not known")

    register_diagnostic(replace(AREA_BY_POSITION, name="edges", label="Edges", run=refuse))
    answers = answer(["edges", "area-position"], DiagnosticContext(run.result()))
    assert answers.reasons == {"edges": "the plate is not known"}
    write_answers(run, answers, tmp_path / "report.html")
    assert "- Edges: the plate is not known" in (tmp_path / "report.md").read_text("utf-8")


def test_few_cells_and_no_single_channels_are_reasons(run):
    report = run.result()
    few = replace(
        report,
        obs=report.obs[:9],
        vectors={name: np.asarray(v[:9]) for name, v in report.vectors.items()},
        alone=None,
    )
    answers = answer(["confounds", "parity"], DiagnosticContext(few))
    assert answers.results == {}
    assert answers.reasons["confounds"] == "9 cells are too few to say what explains them"
    assert "not embedded alone" in answers.reasons["parity"]


def test_mistakes_are_one_line(registered):
    with pytest.raises(InputError, match="'swap' is the name of the diagnostic 'All groups"):
        register_diagnostic(replace(AREA_BY_POSITION, name="swap"))
    for name in ("Area position", "maps", ""):
        with pytest.raises(InputError, match="cannot be the name of a diagnostic"):
            register_diagnostic(replace(AREA_BY_POSITION, name=name))
    with pytest.raises(InputError, match="No diagnostic 'turn'; choose among area-position, conf"):
        diagnostics(["swap", "turn"])
