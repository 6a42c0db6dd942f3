from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import napari_c3r as c3r
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.diagnose import FlipJob, FlipRun, Grade, Kind, flip_report
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image

from .small import ROLES


def job(field, encoder, **options) -> FlipJob:
    return FlipJob(
        (
            EmbedJob(
                field.image,
                field.cells,
                ROLES,
                encoder,
                options=RunOptions(batch_size=8, precision="float32"),
            ),
        ),
        **options,
    )


@pytest.fixture(scope="module")
def report(field, deaf):
    return flip_report(
        field.image,
        field.cells,
        ROLES,
        encoder=deaf,
        label_column="phenotype",
        label_table=field.truth,
        parity=True,
        k=5,
        precision="float32",
    )


def test_the_planted_truth_is_found(report):
    """To this encoder a channel counts as a concept alone, and context changes nothing."""
    table = report.table.set_index("variant")
    assert table["neighbours_changed"]["without DNA"] == 0
    assert table["neighbours_changed"]["without ER"] == 0
    assert table["effect_grade"]["without ER"] == Grade.NONE
    assert table["effect_grade"]["all groups swapped"] == Grade.LARGE
    assert "the roles matter here" in report.sentence("all groups swapped")
    n = len(report.obs)
    assert f"no effect seen (0 of {n} cells move" in report.sentence("without DNA")
    assert report.headline.startswith(("Swapping", "Flipping", "Using"))


def test_every_part_of_a_report_says_the_verdict(report):
    """Sentence, table and headline are made of one number and one grade."""
    table = report.table.set_index("variant")
    for result in report.results:
        verdict, name = result.verdict, result.variant.name
        assert table["effect"][name] == verdict.effect.value
        assert table["effect_grade"][name] == verdict.grade
        assert str(verdict.grade) in report.sentences(name)[0]
        assert table["label_effect_grade"][name] == result.on_labels.grade
        assert str(result.on_labels.grade) in report.sentences(name)[1].lower()
        if verdict.grade is Grade.LARGE:
            assert verdict.effect.value > verdict.noise
        if verdict.grade is Grade.SMALL:
            assert 0 < verdict.effect.value <= verdict.noise
        assert verdict.noise == table["effect"]["noise floor"]
    assert report.strongest.verdict.grade == max(
        (r.verdict.grade for r in report.results), key=list(Grade).index
    )
    assert report.sentences(report.strongest.variant.name)[0] in report.headline


def test_vectors_are_those_of_an_embedding_with_the_same_roles(report, field, deaf):
    for name, roles in (("as assigned", ROLES), ("all groups swapped", ROLES.flipped())):
        table = c3r.embed(field.image, field.cells, roles, encoder=deaf, precision="float32")
        assert report.obs["label"].tolist() == table.obs["label"].tolist()
        np.testing.assert_allclose(report.vectors[name], table.X, atol=2e-5)


def test_tables_have_a_row_for_each_variant_and_cell(report, field):
    table = report.table
    assert table["variant"].tolist()[:2] == ["as assigned", "noise floor"]
    assert len(table) == 2 + 1 + 1 + 4 + 2
    numbers = table.select_dtypes("number").drop(columns=["effect_p", "label_effect_p"]).iloc[1:]
    lacking = numbers.columns[numbers.isna().any()]
    # Groups swapped, no concept is read out in both; all else is a number.
    assert {name.split("_low")[0].split("_high")[0] for name in lacking} == {"cosine_shift"}
    for name in ("effect", "neighbours_changed"):
        assert (table[f"{name}_low"] <= table[name]).all()
        assert (table[name] <= table[f"{name}_high"]).all()
    assert report.neighbours_changed.shape == (field.cells.max(), 9)
    assert report.neighbours_changed.to_numpy().max() <= report.k == 5
    assert "all groups swapped" not in report.cosine_shift
    # Flipped, the pass of a concept is still a vector of that concept.
    assert "passes flipped" in report.cosine_shift
    with pytest.raises(InputError, match="No variant 'x'"):
        report.result("x")
    moved = report.most_moved("all groups swapped", 5)
    shifts = report.neighbours_changed["all groups swapped"].to_numpy()
    assert shifts[moved].min() >= np.sort(shifts)[-5]
    assert set(report.parity.table["channel"]) == {"DNA", "ER", "RNA", "AGP"}
    assert {"focus_DNA", "phenotype", "area_px"} <= set(report.obs)


def test_stopping_keeps_what_is_done_and_going_on_gives_the_same(field, encoder):
    whole = FlipRun(job(field, encoder, kinds=(Kind.SWAP,)))
    steps = list(whole.steps())
    assert steps[0].done == 0
    assert [s.done for s in steps] == sorted(s.done for s in steps)
    run = FlipRun(job(field, encoder, kinds=(Kind.SWAP,), job_id=7))
    for step in run.steps():
        if step.done >= 16:
            break
    part = run.result()
    assert len(part.obs) == 16
    assert any("Stopped early: 16 of" in note for note in part.notes)
    assert part.job_id == 7
    list(run.steps())
    changed = (each.result().neighbours_changed for each in (run, whole))
    pd.testing.assert_frame_equal(*changed)


def test_crops_can_be_read_again(field, encoder):
    run = FlipRun(job(field, encoder, kinds=(Kind.SWAP,)))
    list(run.steps())
    both = run.crops(np.array([5, 2]))
    np.testing.assert_array_equal(run.crops(np.array([2]))[0], both[1])
    assert both.shape == (2, 4, 32, 32)


def test_a_sample_is_stated_and_the_same_every_time(field, encoder):
    asked = job(field, encoder, kinds=(Kind.SWAP,), max_cells=12)
    first, second = FlipRun(asked), FlipRun(asked)
    list(first.steps())
    list(second.steps())
    assert first.result().obs["label"].tolist() == second.result().obs["label"].tolist()
    assert len(first.result().obs) == 12
    assert any("12 of" in note for note in first.result().notes)


def test_several_images_make_one_report(field, encoder):
    one = job(field, encoder).fields[0]
    other = replace(one, image=replace(field.image, name="second"))
    run = FlipRun(FlipJob((one, other), kinds=(Kind.SWAP,), label_column="image"))
    list(run.steps())
    report = run.result()
    assert report.obs["image"].nunique() == 2
    # The same cells twice: every cell's nearest is its twin, of the other image.
    assert report.assigned.scores["accuracy"].value < 0.5
    with pytest.raises(InputError, match="give all the same"):
        list(FlipRun(FlipJob((one, replace(other, assignment=ROLES.flipped())))).steps())


def test_a_constant_channel_is_said_and_never_matters(field, encoder):
    planes = np.array(field.image.data)
    planes[2] = 7
    image = Image.from_array(planes, field.image.channel_names, field.image.pixel_size_um)
    report = flip_report(image, field.cells, ROLES, encoder=encoder, kinds=(Kind.FLIP,))
    assert report.result("RNA as context").verdict.grade is Grade.NONE
    assert "RNA is constant in these cells" in report.sentence("RNA as context")
    assert report.table["effect"].notna().all()


def test_two_channels_can_be_asked(field, encoder):
    roles = ChannelAssignment({"DNA": "context", "RNA": "concept"})
    report = flip_report(field.image, field.cells, roles, encoder=encoder)
    assert [result.variant.name for result in report.results] == ["all groups swapped"]
    assert len(report.skipped) == 4


@pytest.mark.parametrize(
    ("values", "said"),
    [("same", "single value 'same'"), (None, "fewer than two of them occur more than once")],
)
def test_a_label_column_that_tells_nothing_is_a_note(field, encoder, values, said):
    labels = np.unique(field.cells[field.cells > 0])
    table = pd.DataFrame({"label": labels, "type": values or [f"t{n}" for n in labels]})
    report = flip_report(
        *(field.image, field.cells, ROLES),
        encoder=encoder,
        kinds=(Kind.SWAP,),
        label_column="type",
        label_table=table,
    )
    assert any(said in note for note in report.notes)
    assert report.label_column == ""
    assert "accuracy" not in report.table


def test_fewer_cells_than_neighbours_is_a_note_and_hardly_any_one_line(field, encoder):
    some = np.where(field.cells <= 12, field.cells, 0)
    report = flip_report(field.image, some, ROLES, encoder=encoder, kinds=(Kind.SWAP,), k=30)
    assert any("5 instead of 30 nearest neighbours" in note for note in report.notes)
    assert report.k == 5
    with pytest.raises(InputError, match="There are 3 cells, too few"):
        flip_report(field.image, np.where(field.cells <= 3, field.cells, 0), ROLES, encoder=encoder)


def test_mistakes_are_one_line(field, encoder):
    with pytest.raises(InputError, match="No image was given"):
        FlipRun(FlipJob(()))
    with pytest.raises(InputError, match="max_cells is 0"):
        FlipRun(job(field, encoder, max_cells=0))
    with pytest.raises(InputError, match="noise_repeats is 2; give a whole number of 3 or more"):
        FlipRun(job(field, encoder, noise_repeats=2))
    with pytest.raises(InputError, match="No label column 'dose'"):
        list(FlipRun(job(field, encoder, label_column="dose")).steps())
