"""An encoder in this process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.bundled import MODELS, bundled_folders
from napari_c3r.core.encoder.encoder import Encoder
from napari_c3r.core.encoder.folder import ModelFolder, read_model_folder
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.encoder.protocol import Assigned
from napari_c3r.core.encoder.run import InferenceRun
from napari_c3r.core.encoder.runtime import available_devices, release_memory
from napari_c3r.core.encoder.variants import VariantsRun


class LocalEncoder(Encoder):
    """A frozen encoder, computed in this process.

    Parameters
    ----------
    folder
        A model folder that was read.

    Attributes
    ----------
    network : torch.nn.Module
        float32, on the CPU, in evaluation mode.
    """

    def __init__(self, folder: ModelFolder) -> None:
        super().__init__(folder.config, folder.card, folder.weights_hash)
        self.network = folder.make_network()

    @classmethod
    def load(cls, source: str | Path) -> Self:
        """Read a bundled folder by its name, or a model folder; raises as `load_encoder`."""
        folder = bundled_folders(MODELS).get(source) if isinstance(source, str) else None
        return cls(read_model_folder(folder or source))

    @property
    def devices(self) -> tuple[str, ...]:
        """What this machine can compute on, best first."""
        return available_devices()

    @property
    def n_weights(self) -> int:
        """Numbers that were learned."""
        return sum(weight.numel() for weight in self.network.parameters())

    def release(self) -> None:
        """Give memory that is kept for later back to the devices."""
        for device in self.devices:
            release_memory(torch.device(device))

    def start(
        self,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        options: RunOptions = RunOptions(),
    ) -> InferenceRun:
        """Get ready to embed crops that come bit by bit, as `Encoder.start` says."""
        return InferenceRun(self.network, self.config, assignment, channel_names, options)

    def start_variants(
        self,
        assignments: Sequence[Assigned],
        channel_names: Sequence[str],
        options: RunOptions = RunOptions(),
    ) -> VariantsRun:
        """Get ready to embed crops under several assignments, as `Encoder.start_variants` says."""
        return VariantsRun(self.network, self.config, assignments, channel_names, options)
