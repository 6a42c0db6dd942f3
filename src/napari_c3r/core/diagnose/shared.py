"""Several assignments of roles embedded from the same crops, sharing what they have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.cce import CONCEPT, CONTEXT
from napari_c3r.core.encoder.local import LocalEncoder
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.encoder.plan import Plan, read_out
from napari_c3r.core.encoder.run import InferenceRun

_Channels = tuple[int, ...]


class VariantsRun(InferenceRun):
    """An encoder ready to embed crops under several assignments at once.

    `run` embeds with the first assignment, as `InferenceRun` does; `run_all` with every one.
    Crops are prepared once, a channel runs once through a branch whatever the number of
    assignments that have it there, and two assignments that join the same context with the
    same concept share the joint encoder's work: leaving a context channel out is contained in
    using it as a concept when concepts are read out one at a time.

    Parameters
    ----------
    encoder
        A frozen encoder.
    assignments
        The assignments; every channel that takes part in one must take part in the first.
    channel_names
        Name of every channel of the crops.
    options
        Where and how to run.

    Attributes
    ----------
    all_columns : tuple
        For every assignment, what `InferenceRun.columns` says.
    """

    def __init__(
        self,
        encoder: LocalEncoder,
        assignments: Sequence[ChannelAssignment],
        channel_names: Sequence[str],
        options: RunOptions,
    ) -> None:
        super().__init__(encoder.network, encoder.config, assignments[0], channel_names, options)
        plans = [
            Plan.make(roles, channel_names, self.concept_mode, self.readout)
            for roles in assignments
        ]
        self.all_columns = tuple(plan.columns(encoder.config.width) for plan in plans)
        self._pairs = [self._pairs_of(plan) for plan in plans]

    def run_all(self, crops: ArrayLike) -> list[NDArray[np.float32]]:
        """Embed crops under every assignment.

        Parameters
        ----------
        crops
            As for `run`.

        Returns
        -------
        list of ndarray
            float32 (n, D) for each assignment; D differs where the number of concepts does.
        """
        together = self._map(self._all_vectors, crops)
        ends = np.cumsum([len(columns) for columns in self.all_columns])
        return np.split(together, ends[:-1], axis=1)

    def _pairs_of(self, plan: Plan) -> list[tuple[_Channels, _Channels]]:
        """Context and concept channels of every vector, as positions in the prepared images."""
        place = [self._plan.channels.index(name) for name in plan.channels]
        context = tuple(place[index] for index in plan.context)
        return [(context, tuple(place[i] for i in concept)) for _, concept in plan.concepts]

    def _all_vectors(self, images: Tensor) -> Tensor:
        """``(B, C, H, W)`` to the vectors of all assignments side by side."""
        contexts = self._branch(images, {pair[0] for part in self._pairs for pair in part}, CONTEXT)
        concepts = self._branch(images, {pair[1] for part in self._pairs for pair in part}, CONCEPT)
        joined: dict[tuple[_Channels, _Channels], Tensor] = {}
        for pair in dict.fromkeys(pair for part in self._pairs for pair in part):
            tokens = self._live.encode_joint(contexts[pair[0]], concepts[pair[1]])
            joined[pair] = read_out(tokens, self._plan.readout)
        return torch.cat([joined[pair] for part in self._pairs for pair in part], dim=1)

    def _branch(self, images: Tensor, sets: set[_Channels], group: int) -> dict[_Channels, Tensor]:
        """Branch tokens ``(B, C, T, d)`` of every set of channels."""
        if self._config.aggregation == "pre":
            # The channels of a set are averaged before the branch, so sets share nothing.
            return {s: self._live.encode_channels(images, s, group) for s in sets}
        channels = sorted({channel for s in sets for channel in s})
        # No more channels at once than the batch size was chosen for.
        step = max(len(self._plan.context), *(len(c) for _, c in self._plan.concepts))
        parts = [
            self._live.encode_channels(images, channels[start : start + step], group)
            for start in range(0, len(channels), step)
        ]
        tokens = torch.cat(parts, dim=1)
        return {s: tokens[:, [channels.index(channel) for channel in s]] for s in sets}
