"""Several assignments of roles embedded from the same crops, sharing what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.config import ConceptMode, EncoderConfig
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.encoder.plan import Pass, Plan
from napari_c3r.core.encoder.protocol import Assigned
from napari_c3r.core.encoder.run import InferenceRun


class VariantsRun(InferenceRun):
    """An encoder ready to embed crops under several assignments at once.

    `run` embeds with the first assignment, as `InferenceRun` does; `run_all` with every one.
    Crops are prepared once, and what the assignments have in common is computed once, as far as
    the family shares it; see `EncoderFamily.vectors_of_variants`.

    Parameters
    ----------
    network, config
        Of a frozen encoder.
    assignments
        As for `Encoder.start_variants`. The columns of a pass are called by its context.
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
        network: nn.Module,
        config: EncoderConfig,
        assignments: Sequence[Assigned],
        channel_names: Sequence[str],
        options: RunOptions,
    ) -> None:
        first = assignments[0]
        assert isinstance(first, ChannelAssignment)
        super().__init__(network, config, first, channel_names, options)
        self._plans = [self._plan_of(assigned) for assigned in assignments]
        self.all_columns = tuple(self._family.columns(config, plan) for plan in self._plans)

    def _plan_of(self, assigned: Assigned) -> Plan:
        """What is run for one assignment, or for several passes, on the crops' channels."""
        if isinstance(assigned, ChannelAssignment):
            return self._fitted(assigned, self.concept_mode)
        passes: list[Pass] = []
        for roles in assigned:
            planned = self._fitted(roles, "joint").passes
            # A family that knows no groups calls its passes by their channels.
            called = "+".join(roles.context) if len(planned) == 1 else None
            passes += [replace(each, label=called or each.label) for each in planned]
        return Plan(self._plan.channels, tuple(passes), self.readout)

    def _fitted(self, roles: ChannelAssignment, mode: ConceptMode) -> Plan:
        plan = self._family.plan_for(self._config, roles, self._channel_names, mode, self.readout)
        return plan.for_channels(self._plan.channels)

    def run_all(self, crops: ArrayLike) -> list[NDArray[np.float32]]:
        """Embed crops under every assignment.

        Parameters
        ----------
        crops
            As for `run`.

        Returns
        -------
        list of ndarray
            float32 (n, D) for each assignment; D differs where the number of passes does.
        """
        together = self._map(self._all_vectors, crops)
        ends = np.cumsum([len(columns) for columns in self.all_columns])
        return np.split(together, ends[:-1], axis=1)

    def _all_vectors(self, images: Tensor) -> Tensor:
        """``(B, C, H, W)`` to the vectors of all assignments next to each other."""
        return self._family.vectors_of_variants(self._live, images, self._plans)
