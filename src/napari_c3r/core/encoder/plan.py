"""What is computed for one assignment of roles, and how tokens become a vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, get_args

from napari_c3r.core.channels import ChannelAssignment, check_channel_names
from napari_c3r.core.encoder.config import ConceptMode, Readout
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Plan:
    """What is computed for one assignment of roles.

    Parameters
    ----------
    channels
        Names of the channels that take part.
    context
        Their indices in the context group.
    concepts
        Label and indices of every set of concept channels that meets the context: one of all
        (``"joint"``), or one for each channel (``"each"``).
    readout
        How tokens become a vector.
    """

    channels: tuple[str, ...]
    context: tuple[int, ...]
    concepts: tuple[tuple[str, tuple[int, ...]], ...]
    readout: Readout

    @classmethod
    def make(
        cls,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        concept_mode: ConceptMode,
        readout: Readout,
    ) -> Self:
        """Plan for an assignment.

        Raises
        ------
        InputError
            If a group is empty, a channel is unknown or named twice, or a mode is unknown.
        """
        for name, value, choices in (
            ("concept mode", concept_mode, get_args(ConceptMode)),
            ("readout", readout, get_args(Readout)),
        ):
            if value not in choices:
                raise InputError(f"unknown {name} {value!r}: choose {' or '.join(choices)}")
        check_channel_names(channel_names)
        roles = assignment.for_channels(channel_names).require_usable()
        channels = roles.used
        context = tuple(channels.index(name) for name in roles.context)
        concept = tuple(channels.index(name) for name in roles.concept)
        if concept_mode == "each":
            sets = tuple((channels[index], (index,)) for index in concept)
            return cls(channels, context, sets, readout)
        return cls(channels, context, (("+".join(roles.concept), concept),), readout)

    def columns(self, width: int) -> tuple[tuple[str, str], ...]:
        """Concept label and readout part of every column of the result."""
        return tuple(
            (label, part)
            for label, _ in self.concepts
            for part in self.readout.split("+")
            for _ in range(width)
        )


def read_out(tokens: Tensor, readout: Readout) -> Tensor:
    """Turn tokens into a vector.

    Parameters
    ----------
    tokens
        ``(B, 1 + N, D)``, class token first.
    readout
        ``"cls"`` or ``"cls+std"``.

    Returns
    -------
    Tensor
        The class token ``(B, D)``; for ``"cls+std"``, ``(B, 2 D)``: the class token, then for each
        feature the population standard deviation (divided by N) over the N patch tokens, which
        says how unevenly it is spread over the cell, and is 0 for a single patch.
    """
    # The rest of this module plans for windows that cannot load it, too.
    import torch

    cls_token = tokens[:, 0]
    if readout == "cls":
        return cls_token
    return torch.cat([cls_token, tokens[:, 1:].std(dim=1, correction=0)], dim=1)
