"""How the cells of an image are found: one type for docks, shell, plates and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from napari_c3r.core.options import Checked, changed, option

if TYPE_CHECKING:
    from napari_c3r.core.channels import ChannelAssignment

NO_CELL_CHANNEL = ""
"""In place of a cell channel: nuclei are widened by a set distance."""


@dataclass(frozen=True)
class SegmentOptions(Checked):
    """On which channels, how, and of what size cells are looked for.

    Parameters
    ----------
    nucleus
        Name of the channel that shows nuclei, bright on dark. None: suggested from the names of
        the channels in use, else the first context channel.
    cell
        Name of the channel that shows how far cells reach. None: suggested from the names of the
        channels in use. `NO_CELL_CHANNEL`: no channel shows it, and nuclei are widened by a set
        distance.
    method
        A name of :func:`napari_c3r.core.segment.method_names`.
    nucleus_diameter_um, nucleus_diameter_px
        The usual nucleus diameter, in micrometres or pixels; None finds it from the image.
    cell_distance_um, cell_distance_px
        How far nuclei are widened without a cell channel; by default 0.6 diameters.
    """

    nucleus: str | None = option(
        None, "Nucleus", "Channel of the nuclei", unset="as the names suggest"
    )
    cell: str | None = option(
        None,
        "Cell",
        "Channel that shows how far cells reach; the nucleus channel where none does",
        unset="as the names suggest",
    )
    method: str = option("classical", "Method", "How nuclei are found")
    nucleus_diameter_um: float | None = option(
        None,
        "Nucleus size",
        "Nucleus diameter",
        unit="µm",
        unset="found from the image",
        minimum=0.01,
        maximum=1e5,
        shell="nucleus_size_um",
    )
    nucleus_diameter_px: float | None = option(
        None,
        "Nucleus size",
        "The same where the pixel size is unknown",
        unit="px",
        minimum=0.01,
        maximum=1e5,
        shell="nucleus_size_px",
    )
    cell_distance_um: float | None = option(
        None,
        "Cell distance",
        "How far nuclei are widened where no channel shows the cells",
        unit="µm",
        unset="0.6 nucleus diameters",
        minimum=0.01,
        maximum=1e5,
    )
    cell_distance_px: float | None = option(
        None,
        "Cell distance",
        "The same where the pixel size is unknown",
        unit="px",
        minimum=0.01,
        maximum=1e5,
    )

    def for_roles(self, roles: ChannelAssignment) -> Self:
        """Choose the channels that were left open; the nucleus channel shows no cells.

        Parameters
        ----------
        roles
            Of the image's channels, at least one of them context.
        """
        from napari_c3r.core.channels import suggest_cell, suggest_nucleus

        nucleus = self.nucleus or suggest_nucleus(roles.used) or roles.context[0]
        cell = suggest_cell(roles.used) if self.cell is None else self.cell
        none = cell is None or cell == nucleus
        return replace(self, nucleus=nucleus, cell=NO_CELL_CHANNEL if none else cell)

    def keywords(self) -> dict[str, Any]:
        """As keywords of :func:`napari_c3r.segment_cells`, those at their defaults left out."""
        return {name: value for name, value in changed(self).items() if value != NO_CELL_CHANNEL}

    @classmethod
    def from_keywords(cls, keywords: Mapping[str, Any]) -> Self:
        """What keywords of :func:`napari_c3r.segment_cells` ask for."""
        return cls(**{**keywords, "cell": keywords.get("cell") or NO_CELL_CHANNEL})

    @property
    def call(self) -> str:
        """In words, the call that finds the cells again."""
        given = ", ".join(f"{name}={value!r}" for name, value in self.keywords().items())
        return f"segment_cells({given})"
