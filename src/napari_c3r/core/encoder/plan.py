"""What a network is run on for one assignment of roles, and what the columns of its result are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

from napari_c3r.core.channels import ChannelAssignment, check_channel_names
from napari_c3r.core.encoder.config import ConceptMode, Readout
from napari_c3r.core.errors import InputError

Channels = tuple[int, ...]
"""Indices of channels."""


@dataclass(frozen=True)
class Pass:
    """One run of the network over every crop, which gives one vector for each.

    Parameters
    ----------
    label
        What its columns show, for example ``"RNA"``.
    groups
        Channels that enter, in the groups that the family tells apart; indices into the channels
        of the plan.
    """

    label: str
    groups: tuple[Channels, ...]


@dataclass(frozen=True)
class Plan:
    """What is computed for one assignment of roles.

    Parameters
    ----------
    channels
        Names of the channels that take part, in image order.
    passes
        What the network is run on. Their vectors are joined in this order.
    readout
        How tokens become a vector.
    notes
        What the user should know of it, in sentences.
    """

    channels: tuple[str, ...]
    passes: tuple[Pass, ...]
    readout: Readout
    notes: tuple[str, ...] = ()

    @property
    def largest_group(self) -> int:
        """Channels in the largest group of all passes."""
        return max(len(group) for each in self.passes for group in each.groups)

    def columns(self, width: int) -> tuple[tuple[str, str], ...]:
        """Label of the pass and part of the readout, for every column of the result."""
        return tuple(
            (each.label, part)
            for each in self.passes
            for part in self.readout.split("+")
            for _ in range(width)
        )

    def for_channels(self, channels: Sequence[str]) -> Plan:
        """The same passes over images that hold other channels too.

        Parameters
        ----------
        channels
            Names of the channels of those images, all of this plan's among them.
        """
        place = [channels.index(name) for name in self.channels]
        moved = tuple(
            Pass(each.label, tuple(tuple(place[i] for i in group) for group in each.groups))
            for each in self.passes
        )
        return replace(self, channels=tuple(channels), passes=moved)


def check_modes(
    concept_mode: ConceptMode, readout: Readout, readouts: Sequence[Readout] = ("cls", "cls+std")
) -> None:
    """Refuse a concept mode that does not exist, or a readout that a family does not have.

    Parameters
    ----------
    concept_mode, readout
        What is wanted.
    readouts
        Those of the family, as `EncoderConfig.readouts` says.

    Raises
    ------
    InputError
        With those that there are.
    """
    modes = get_args(ConceptMode)
    if concept_mode not in modes:
        raise InputError(f"unknown concept mode {concept_mode!r}: choose {' or '.join(modes)}")
    if readout not in readouts:
        raise InputError(f"the encoder has no readout {readout!r}: choose {' or '.join(readouts)}")


def used_channels(assignment: ChannelAssignment, channel_names: Sequence[str]) -> tuple[str, ...]:
    """Names of the channels that are not ignored, in image order, for a family without roles.

    Raises
    ------
    InputError
        If all are ignored, or one is unknown or named twice.
    """
    check_channel_names(channel_names)
    channels = assignment.for_channels(channel_names).used
    if not channels:
        raise InputError(
            "All channels are ignored; give at least one of them a role, whichever it is"
        )
    return channels


def plan_of_each(
    assignment: ChannelAssignment, channel_names: Sequence[str], readout: Readout
) -> Plan:
    """Plan a pass for each channel that is not ignored, for a family that sees them alone.

    Raises
    ------
    InputError
        As `used_channels`.
    """
    channels = used_channels(assignment, channel_names)
    passes = tuple(Pass(name, ((index,),)) for index, name in enumerate(channels))
    return Plan(channels, passes, readout)


def plan_of_all(
    assignment: ChannelAssignment, channel_names: Sequence[str], readout: Readout
) -> Plan:
    """Plan one pass of all channels that are not ignored, for a family without roles.

    Raises
    ------
    InputError
        As `used_channels`.
    """
    channels = used_channels(assignment, channel_names)
    group = tuple(range(len(channels)))
    return Plan(channels, (Pass("+".join(channels), (group,)),), readout)
