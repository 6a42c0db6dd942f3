"""Many fields with the same settings: one after the other, resumable, into one table."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_c3r.core.atomic import replacing, require_folder
from napari_c3r.core.channels import ChannelAssignment, Role, suggest_cell, suggest_nucleus
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.embed.job import EmbedJob, EmbedProgress, FieldEmbedder, segmented_with
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image, ImageFiles, read_image, read_labels
from napari_c3r.core.table import join_results, read, write

if TYPE_CHECKING:
    from napari_c3r.core.encoder import Encoder


@dataclass(frozen=True)
class FieldSettings:
    """What is done with every field of view.

    Parameters
    ----------
    names
        New channel names by the names that the files give.
    context, concept
        Channels of the two groups; with neither, roles are suggested from the names.
    scene, t, z, swap
        As for :func:`napari_c3r.read_image`.
    pixel_size_um
        In place of what the files say, in micrometres.
    labels, labels_channel
        A label image to use instead of segmenting.
    nucleus, cell
        Channels to segment on; None chooses by name.
    nucleus_size_um, nucleus_size_px
        Diameter of a nucleus in micrometres, or in pixels; None finds it from the image.
    method
        As for :func:`napari_c3r.segment_cells`.
    crop
        How cells are cut out.
    options
        Where and how the encoder runs.
    """

    names: dict[str, str] = field(default_factory=dict)
    context: tuple[str, ...] = ()
    concept: tuple[str, ...] = ()
    scene: int = 0
    t: int = 0
    z: str | int = "max"
    swap: str = ""
    pixel_size_um: float | None = None
    labels: str | None = None
    labels_channel: str | None = None
    nucleus: str | None = None
    cell: str | None = None
    nucleus_size_um: float | None = None
    nucleus_size_px: float | None = None
    method: str = "classical"
    crop: CropSpec = field(default_factory=CropSpec)
    options: RunOptions = field(default_factory=RunOptions)

    def assignment(self, image: Image) -> ChannelAssignment:
        """Roles of an image's channels.

        Raises
        ------
        InputError
            A channel named is not in the image, or one of the groups is empty.
        """
        if not (self.context or self.concept):
            return ChannelAssignment.suggest(image.channel_names).require_usable()
        roles = dict.fromkeys(self.context, Role.CONTEXT)
        for name in self.concept:
            roles[name] = Role.BOTH if name in roles else Role.CONCEPT
        return ChannelAssignment(roles).for_channels(image.channel_names).require_usable()


def require_possible(settings: FieldSettings, encoder: Encoder) -> None:
    """Refuse what no image could be embedded with, before any is read.

    Raises
    ------
    InputError
        A segmentation, device, precision, batch size or mode that cannot be had.
    """
    from napari_c3r.core.segment import require_method

    if settings.labels is None:
        require_method(settings.method)
    # The images' channels are not known yet; what is asked for here does not depend on them.
    any_channel = ChannelAssignment({"channel": Role.BOTH})
    encoder.start(any_channel, any_channel.names, settings.options).close()


def prepare_field(files: ImageFiles, settings: FieldSettings, encoder: Encoder) -> EmbedJob:
    """Read a field and find its cells, ready to be embedded.

    Raises
    ------
    InputError
        The image cannot be read, the roles do not fit, or there is no cell.
    """
    image = read_image(
        files,
        scene=settings.scene,
        t=settings.t,
        z=settings.z,
        swap=settings.swap,
        names=settings.names,
        pixel_size_um=settings.pixel_size_um,
    )
    assignment = settings.assignment(image)
    nuclei, cells, cells_from = _find_cells(image, assignment, settings)
    return EmbedJob(
        image,
        cells,
        assignment,
        encoder,
        nuclei=nuclei,
        crop=settings.crop,
        options=settings.options,
        cells_from=cells_from,
    )


def _find_cells(
    image: Image, assignment: ChannelAssignment, settings: FieldSettings
) -> tuple[Any, Any, str]:
    """Nuclei, where they are known, cells, and where they come from."""
    if settings.labels is not None:
        labels = read_labels(settings.labels, settings.labels_channel)
        return None, labels, f"labels of {Path(settings.labels).name}"
    from napari_c3r.core.segment import segment_cells

    used = assignment.used
    nucleus = settings.nucleus or suggest_nucleus(used) or assignment.context[0]
    cell = settings.cell or suggest_cell(used)
    keywords: dict[str, Any] = {
        "nucleus": nucleus,
        "cell": None if cell == nucleus else cell,
        "method": settings.method,
        "nucleus_diameter_um": settings.nucleus_size_um,
        "nucleus_diameter_px": settings.nucleus_size_px,
    }
    return *segment_cells(image, **keywords), segmented_with(keywords)


@dataclass(frozen=True)
class PlateProgress:
    """How far a plate is.

    Attributes
    ----------
    done, total
        Fields.
    name
        The field at hand.
    state
        ``"embedding"``, ``"done"``, ``"kept"`` from an earlier run, or ``"failed"``.
    problem
        Why it failed, in one line.
    cells
        Progress within the field, while embedding.
    """

    done: int
    total: int
    name: str
    state: str
    problem: str = ""
    cells: EmbedProgress | None = None


def embed_plate(
    images: Sequence[ImageFiles], settings: FieldSettings, encoder: Encoder, out: Path
) -> Iterator[PlateProgress]:
    """Embed many fields into a folder, keeping every field as soon as it is done.

    Each field becomes ``fields/<name>.parquet``; in the end all are joined in
    ``cells.parquet``. A field that cannot be embedded is named in ``failed.json`` and does not
    stop the others. Run again with the same settings, fields that are done are kept; with other
    settings everything is refused, so that no table mixes two.

    Parameters
    ----------
    images
        From :func:`napari_c3r.find_images`.
    settings
        The same for all fields.
    encoder
        A frozen encoder.
    out
        Folder to write to; made if it is missing.

    Yields
    ------
    PlateProgress
        After every batch and every field.

    Raises
    ------
    InputError
        The folder cannot be written to or holds fields made with other settings, the settings
        are impossible, or no field could be embedded.
    """
    require_possible(settings, encoder)
    fields = require_folder(require_folder(out) / "fields")
    _require_same_settings(out / "settings.json", settings, encoder)
    failed: dict[str, str] = {}
    finished: list[Path] = []
    for number, files in enumerate(images):
        path = fields / f"{_file_name(files.name)}.parquet"
        state = "kept"
        if not path.exists():
            try:
                run = FieldEmbedder(prepare_field(files, settings, encoder))
                for step in run.steps():
                    yield PlateProgress(number, len(images), files.name, "embedding", cells=step)
                write(run.result(), path)
                state = "done"
            except InputError as error:
                failed[files.name] = str(error)
        if path.exists():
            finished.append(path)
        problem = failed.get(files.name, "")
        state = "failed" if problem else state
        yield PlateProgress(number + 1, len(images), files.name, state, problem)
    _write_json(out / "failed.json", failed)
    if not finished:
        raise InputError(
            f"None of the {len(images)} fields could be embedded; the first says: "
            f"{next(iter(failed.values()))}"
        )
    write(join_results([read(path) for path in finished]), out / "cells.parquet")


def _file_name(name: str) -> str:
    """A field's name as a file name, still different for different fields."""
    safe = re.sub(r"[^\w.-]+", "_", name)
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _require_same_settings(path: Path, settings: FieldSettings, encoder: Encoder) -> None:
    wanted = json.loads(
        json.dumps({**asdict(settings), "encoder": encoder.name, "weights": encoder.weights_hash})
    )
    if not path.exists():
        _write_json(path, wanted)
        return
    before = _read_settings(path)
    other = [name for name in wanted if before.get(name) != wanted[name]]
    if other:
        raise InputError(
            f"'{path.parent}' holds fields made with another {other[0]}, "
            f"{before.get(other[0])!r} and not {wanted[other[0]]!r}; choose another folder"
        )


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        before = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"'{path}' cannot be read ({error}), so with which settings its folder was made is "
            "not known; choose another folder"
        ) from error
    return before if isinstance(before, dict) else {}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
