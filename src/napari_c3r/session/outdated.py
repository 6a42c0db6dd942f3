"""Why cells or a result no longer fit what was done since: a kind and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.session.reading import differences, in_words

if TYPE_CHECKING:
    from napari_c3r.core.embed.edits import Edits
    from napari_c3r.core.images import Image
    from napari_c3r.session.fields import Fields
    from napari_c3r.session.labels import LabelStore
    from napari_c3r.session.result import EmbeddingResult


class Outdated(StrEnum):
    """What no longer fits."""

    IMAGE = "image"
    """Made on another image."""
    FIELD_MISSING = "field missing"
    """Made on other fields than the displayed one, which takes nothing from those."""
    READING = "reading"
    """The files are read otherwise."""
    CELLS = "cells"
    """The cells were replaced."""
    EDITS = "edits"
    """Labels were edited by hand."""
    ENCODER = "encoder"
    """Another encoder was chosen."""
    ROLES = "roles"
    """Channels have other roles."""
    RESULT = "result"
    """Other cells were embedded since."""


@dataclass(frozen=True)
class OutdatedReason:
    """Why something no longer fits.

    Attributes
    ----------
    kind
        For whoever decides by it.
    sentence
        For the user.
    """

    kind: Outdated
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def cells_outdated(fields: Fields, labels: LabelStore) -> OutdatedReason | None:
    """Why the displayed cells no longer fit the displayed image, or None."""
    cells, image = labels.current, fields.image
    if cells is None or image is None:
        return None
    if cells.image_name != image.name:
        return OutdatedReason(Outdated.IMAGE, f"out of date: made on '{cells.image_name}'")
    # Of layers, and of labels of a saved session, it is not known which planes of files they are.
    if cells.read_as and image.read_as and cells.read_as != image.read_as:
        words = in_words(["slice or time"])
        return OutdatedReason(Outdated.READING, f"out of date: its files are read with {words}")
    return None


def result_outdated(
    result: EmbeddingResult | None,
    fields: Fields,
    labels: LabelStore,
    roles: ChannelAssignment | None,
    encoder: str,
) -> OutdatedReason | None:
    """Why the result no longer fits what was chosen since, or None."""
    image = fields.image
    if result is None or image is None or roles is None:
        return None
    if image.name not in result.cells_ids:
        if any(source.name in result.cells_ids for source in fields.sources):
            return OutdatedReason(Outdated.FIELD_MISSING, "this field is not in it yet")
        first = next(iter(result.cells_ids))
        return OutdatedReason(Outdated.IMAGE, f"out of date: made on '{first}'")
    if words := _read_otherwise(result, fields, image):
        return OutdatedReason(Outdated.READING, f"out of date: its files are read with {words}")
    if labels.current is not None and result.cells_ids[image.name] != labels.current.id:
        return OutdatedReason(Outdated.CELLS, "out of date: the cells changed")
    if labels.edited:
        return OutdatedReason(Outdated.EDITS, _edits_sentence(labels.edits))
    if result.encoder != encoder:
        return OutdatedReason(Outdated.ENCODER, "out of date: the encoder changed")
    return _roles_outdated(result.assignment, roles)


def _read_otherwise(result: EmbeddingResult, fields: Fields, image: Image) -> str:
    """What of reading the displayed image is other than when its cells were embedded."""
    from napari_c3r.core.images.sources import opened_images

    then = next((each for each in opened_images(result.images) if each.name == image.name), None)
    if then is not None:
        # Of layers it is not known which planes of the files they are.
        if not (image.read_as and then.read_as) or then.source != image.source:
            return ""
        read, size = then.read_as != image.read_as, then.pixel_size_um != image.pixel_size_um
        return in_words(["slice or time"] * read + ["pixel size"] * size)
    # Those of a session that was saved are opened when they are asked for.
    source = getattr(result.images, "sources", {}).get(image.name)
    if source is None or fields.source is None:
        return ""
    return differences(source.reading, fields.source.reading)


def _edits_sentence(edits: Edits | None) -> str:
    """Say how many cells were edited by hand, as far as that is known."""
    if edits is None:
        return "out of date: the labels were edited"
    words = f"out of date: {edits.count} cell{'s' if edits.count > 1 else ''} edited by hand"
    affected_neighbours = len(edits.affected_neighbours)
    return (
        f"{words}, {affected_neighbours} neighbour{'s' * (affected_neighbours > 1)} affected"
        if affected_neighbours
        else words
    )


def _roles_outdated(before: ChannelAssignment, now: ChannelAssignment) -> OutdatedReason | None:
    if before == now:
        return None
    changed = [name for name, role in now.roles.items() if before.roles.get(name) != role]
    what = f"the role of {changed[0]}" if len(changed) == 1 else f"{len(changed)} channels"
    return OutdatedReason(Outdated.ROLES, f"out of date: {what} changed")
