"""Images of a flip report: cut out as they were embedded, and measured one after another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import napari_c3r as c3r
from napari_c3r.core.diagnose import FlipJob, FlipRun
from napari_c3r.core.embed.field import FieldEmbedder
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.table import window_px

from .small import ROLES


def test_a_known_window_is_used_as_in_embedding(field, encoder):
    job = EmbedJob(
        field.image,
        field.cells,
        ROLES,
        encoder,
        window_px=31,
        options=RunOptions(precision="float32"),
    )
    embedded = FieldEmbedder(job)
    list(embedded.steps())
    table = embedded.result()
    assert window_px(table, field.image.name) == 31
    run = FlipRun(FlipJob((job,), ("all groups swapped",)))
    list(run.steps())
    np.testing.assert_allclose(run.result().vectors["as assigned"], table.X, atol=2e-5)
    other = c3r.embed(field.image, field.cells, ROLES, encoder=encoder, precision="float32")
    assert not np.allclose(other.X, table.X, atol=1e-3)


def test_each_image_is_a_step_so_that_measuring_can_be_stopped(field, encoder):
    one = EmbedJob(field.image, field.cells, ROLES, encoder)
    fields = tuple(replace(one, image=replace(field.image, name=str(n))) for n in range(3))
    run = FlipRun(FlipJob(fields, ("all groups swapped",), max_cells=12))
    steps = run.steps()
    assert next(steps).stage == "measured the cells of 1 of 3 images"
    steps.close()
    stages = [step.stage for step in run.steps()]
    assert stages[:2] == ["measured the cells of 2 of 3 images", "measured the cells"]
    assert run.result().obs["image"].nunique() == 3
