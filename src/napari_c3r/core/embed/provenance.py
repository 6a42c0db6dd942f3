"""What a result and a folder of fields say of how they were made, filled from the options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from napari_c3r.core.crops import CropSpec
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.images import Image, LabelSource, ReadOptions
from napari_c3r.core.notes import Note, NoteKind, untrained_note
from napari_c3r.core.table.provenance import FORMAT, describe_sources, versions

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.core.cells.measure import CellTable
    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.crops.plan import CropPlan
    from napari_c3r.core.embed.job import EmbedJob
    from napari_c3r.core.embed.task import FieldTask
    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.segment import SegmentOptions


def describe_result(
    job: EmbedJob,
    roles: ChannelAssignment,
    prepared: tuple[CellTable, CropPlan],
    ran: Mapping[str, str],
    notes: tuple[str, ...],
    count: int,
) -> dict[str, Any]:
    """Provenance of a field's vectors.

    Parameters
    ----------
    job
        What was embedded.
    roles
        Of the image's channels.
    prepared
        The cells and their crops.
    ran
        What the run of the encoder settled on.
    notes
        What it had to say.
    count
        Cells that were embedded.
    """
    table, plan = prepared
    encoder = job.encoder
    return {
        "format": FORMAT,
        "roles": roles.to_dict(),
        "encoder": {
            "name": encoder.name,
            "weights_sha256": encoder.weights_hash,
            "trained": encoder.trained,
        },
        **ran,
        "crop": _describe_crop(job, plan),
        "versions": versions(),
        "images": _describe_image(job, plan),
        "sources": describe_sources(job.image.source),
        "notes": _notes(job, roles, table.obs, plan, (*table.notes, *notes), count),
    }


def options_of(provenance: Mapping[str, Any], on: RunOptions | None = None) -> RunOptions:
    """How the encoder ran when a result was made.

    Parameters
    ----------
    provenance
        The result's ``uns["napari_c3r"]``.
    on
        Where and in which precision to run now; None: as then.
    """
    modes = {name: str(provenance[name]) for name in ("concept_mode", "readout")}
    place = on or RunOptions(str(provenance["device"]), str(provenance["precision"]))
    return replace(place, **modes)  # type: ignore[arg-type]


def crop_of(provenance: Mapping[str, Any]) -> CropSpec:
    """How the cells of a result were cut out, but for the window, which each image has its own of.

    Parameters
    ----------
    provenance
        As in `options_of`.
    """
    crop = provenance.get("crop", {})
    size = crop.get("size_px")
    return CropSpec(size_px=None if size is None else int(size), neighbours=crop.get("neighbours"))


def _notes(
    job: EmbedJob,
    roles: ChannelAssignment,
    obs: pd.DataFrame,
    plan: CropPlan,
    said: tuple[str, ...],
    count: int,
) -> list[str]:
    notes = [*job.image.notes, *said]
    if plan.doubt and job.crop.field_um is None:
        notes.append(plan.doubt)
    if not job.encoder.trained:
        notes.append(untrained_note(job.encoder.name))
    for name in roles.context:
        if name in roles.concept:
            notes.append(f"Channel '{name}' is in both groups")
    if count < len(obs):
        stopped = f"Stopped early: {count} of {len(obs)} cells are embedded"
        notes.append(Note(stopped, NoteKind.STOPPED_EARLY))
    return notes


def _describe_image(job: EmbedJob, plan: CropPlan) -> dict[str, list[Any]]:
    image = job.image
    return {
        "name": [image.name],
        "height_px": [image.shape[1]],
        "width_px": [image.shape[2]],
        # 0 stands for an unknown size, so that the column stays one of numbers.
        "pixel_size_um": [image.pixel_size_um or 0.0],
        "crop_window_px": [plan.window_px],
        "crop_basis": [plan.basis],
        "read_as": [image.read_as or _in_memory(image)],
        "cells_from": [job.cells_from],
    }


def _describe_crop(job: EmbedJob, plan: CropPlan) -> dict[str, Any]:
    config = job.encoder.config
    return {
        "size_px": plan.size_px,
        "neighbours": plan.neighbours,
        "hot_pixels": "replaced" if plan.replace_hot_pixels else "kept",
        # 0 where the encoder knows no physical field.
        "field_um": job.crop.field_um or config.field_um or 0.0,
        "field_diameters": job.crop.field_diameters or config.field_diameters,
    }


def _in_memory(image: Image) -> str:
    slices = [f"{axis}={index}" for axis, index in image.position]
    return ", ".join(["pixels in memory", *slices])


def describe_settings(
    task: FieldTask,
    roles: ChannelAssignment | None,
    encoder: Encoder,
    options: RunOptions,
    segmenting: SegmentOptions,
    crop: CropSpec,
) -> dict[str, Any]:
    """Everything that decides the vectors of a folder of fields, in addition to the fields.

    The names are those that `settings.json` has had from the start.
    """
    reading = task.source.reading if task.source is not None else ReadOptions()
    labels = task.labels if isinstance(task.labels, LabelSource) else None
    return {
        **_flat(reading, segmenting, crop, options),
        "context": list(roles.context) if roles is not None else [],
        "concept": list(roles.concept) if roles is not None else [],
        "labels": None if labels is None else labels.path,
        "labels_channel": None if labels is None else labels.channel,
        "number_cells": labels is not None and labels.number_cells,
        "encoder": encoder.name,
        "weights": encoder.weights_hash,
    }


def default_settings() -> dict[str, Any]:
    """What `settings.json` says where nothing was chosen.

    A folder that was made before a setting could be chosen was made with its default.
    """
    from napari_c3r.core.segment.options import SegmentOptions

    return {
        **_flat(ReadOptions(), SegmentOptions(), CropSpec(), RunOptions()),
        "number_cells": False,
    }


def _flat(
    reading: ReadOptions, segmenting: SegmentOptions, crop: CropSpec, options: RunOptions
) -> dict[str, Any]:
    found = asdict(segmenting)
    return {
        **asdict(reading),
        # Which scene a field is, its files say.
        "scene": reading.scene or 0,
        "nucleus_size_um": found.pop("nucleus_diameter_um"),
        "nucleus_size_px": found.pop("nucleus_diameter_px"),
        **found,
        "crop": asdict(crop),
        **asdict(options),
    }
