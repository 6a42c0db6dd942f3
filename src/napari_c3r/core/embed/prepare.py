"""The cells of a field and their crops, as embedding, its estimate and diagnostics take them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_c3r.core.cells.measure import CellTable, measure_cells
from napari_c3r.core.crops.place import place_crops
from napari_c3r.core.crops.plan import CropPlan, plan_crops, require_window

if TYPE_CHECKING:
    from napari_c3r.core.embed.job import EmbedJob


def prepare_cells(job: EmbedJob) -> tuple[CellTable, CropPlan]:
    """Measure the cells of a field and work out their crops.

    Parameters
    ----------
    job
        The field; of its cells, only those wanted are in the table.

    Returns
    -------
    table, plan
        The size of the crops is that of all cells, wanted or not.

    Raises
    ------
    InputError
        Roles, labels or pixels that cannot be embedded.
    """
    roles = job.assignment.for_channels(job.image.channel_names).require_usable()
    table = measure_cells(job.image, job.labels, job.nuclei, must_be_finite=roles.used)
    plan = plan_for(job, table.median_diameter_px)
    if job.labels_wanted is not None:
        table = table.only(table.obs["label"].isin(sorted(job.labels_wanted)).to_numpy())
    return place_crops(table, job.labels, plan.window_px), plan


def plan_for(job: EmbedJob, median_diameter_px: float) -> CropPlan:
    """Work out the crops of a field whose cells are of a known size.

    Parameters
    ----------
    job
        The field.
    median_diameter_px
        Median diameter of its cells, in pixels.
    """
    config = job.encoder.config
    plan = plan_crops(
        job.crop,
        pixel_size_um=job.image.pixel_size_um,
        median_diameter_px=median_diameter_px,
        field_um=config.field_um,
        field_diameters=config.field_diameters,
        size_px=config.input_size,
        neighbours=config.neighbours,
        replace_hot_pixels=config.replaces_hot_pixels,
    )
    if job.window_px is None:
        return plan
    require_window(job.window_px, "the cells embedded before")
    return replace(plan, window_px=job.window_px)
