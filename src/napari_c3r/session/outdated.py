"""Why cells or a result no longer fit what was done since: a kind and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.table.result import read_as

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
    return _read_otherwise(cells.read_as, image)


def _read_otherwise(before: str, image: Image) -> OutdatedReason | None:
    """Why what was made of other planes of the same files no longer fits."""
    if not before or not image.read_as or before == image.read_as:
        return None
    return OutdatedReason(Outdated.IMAGE, "out of date: its files are read in another way now")


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
    if (otherwise := _read_otherwise(read_as(result.table, image.name), image)) is not None:
        return otherwise
    if labels.current is not None and result.cells_ids[image.name] != labels.current.id:
        return OutdatedReason(Outdated.CELLS, "out of date: the cells changed")
    if labels.edited:
        return OutdatedReason(Outdated.EDITS, _edits_sentence(labels.edits))
    if result.encoder != encoder:
        return OutdatedReason(Outdated.ENCODER, "out of date: the encoder changed")
    return _roles_outdated(result.assignment, roles)


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
