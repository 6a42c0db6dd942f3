"""What an objective is: a batch in, a loss out; and where the objectives are found by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final

import torch
from torch import Tensor, nn

from napari_c3r.core.encoder import EncoderConfig
from napari_c3r.core.encoder.families.cce import CceConfig
from napari_c3r.core.errors import InputError
from training.schedules import Plan

if TYPE_CHECKING:
    from training.data.cropset import CropSet

OBJECTIVES: Final = {
    "mcd": "training.mcd:MaskedContextDistillation",
    "contrast": "training.contrast:Contrast",
    "distil": "training.distil:Distil",
    "cellrep": "training.cellrep:CellRepDistillation",
    "campfire": "training.campfire:Reconstruction",
}
"""Home of every objective, as ``module:class``, by the name that a configuration gives."""


@dataclass(frozen=True)
class Batch:
    """Cells of one crop set, on the device.

    Rows are cell-major: ``row = cell * b + sample``, where a sample is one of the b antibodies.

    Parameters
    ----------
    images
        ``(n, C, H, W)``, uint8 or float of any scale.
    ids
        int64 ``(n,)``, the same number for cells of the same antibody or treatment.
    context, concept
        Which channels form the groups.
    name
        Of the crop set.
    experiments
        int64 ``(n,)``, the same number for cells of the same experiment, or None if not known.
    features
        ``(n, C, F)``, what the objective's `features_of` knows of the crops, or None.
    channel_names
        Name of every channel, or none.
    """

    images: Tensor
    ids: Tensor
    context: tuple[int, ...]
    concept: tuple[int, ...]
    name: str = ""
    experiments: Tensor | None = None
    features: Tensor | None = None
    channel_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """Where a run is, and the randomness of the step.

    Parameters
    ----------
    step
        From 0.
    plan
        Length of the run.
    generator
        On the device of the batch. Every process of a run has another stream.
    host
        On the CPU. Every process of a run has another stream.
    shared
        On the CPU. All processes of a run have the same stream.
    report
        Whether this step's numbers are about to be logged, so that costly ones are worth it.
    """

    step: int
    plan: Plan
    generator: torch.Generator
    host: torch.Generator
    shared: torch.Generator
    report: bool = False

    @property
    def epoch(self) -> int:
        """From 0."""
        return self.plan.epoch_of(self.step)


class Objective(nn.Module):
    """What is trained and towards what.

    All that must be the same after a resume is in its state dict. Every parameter of `trainable`
    takes part in every loss, if only by zero, so that several processes can join their gradients.

    It is made from three arguments: the configuration of the encoder to train, as
    `encoder_config` gives it, an instance of its `Options`, and the `Plan` of the run.
    """

    Options: ClassVar[type[Any]]
    """Dataclass of the settings; a table of the objective's name in a configuration file."""

    note: ClassVar[str] = ""
    """What a model card says of the objective, such as which choices are not the paper's."""

    @classmethod
    def encoder_config(cls, encoder: CceConfig, options: Any) -> EncoderConfig:
        """Describe the encoder that is trained; by default one of the sizes of the run.

        Parameters
        ----------
        encoder
            The sizes that the run gives.
        options
            An instance of `Options`.
        """
        return encoder

    @classmethod
    def describe_for(
        cls, encoder: EncoderConfig, options: Any, names: Sequence[Sequence[str]]
    ) -> EncoderConfig:
        """Complete the description with what the crop sets decide; by default nothing.

        Parameters
        ----------
        encoder
            From `encoder_config`.
        options
            An instance of `Options`.
        names
            Channels with a role of every crop set.
        """
        return encoder

    @classmethod
    def features_of(
        cls, options: Any, crops: CropSet, channels: Sequence[int], device: torch.device
    ) -> Tensor | None:
        """Look up what the objective needs of crops beside their pixels; by default nothing.

        Parameters
        ----------
        options
            An instance of `Options`.
        crops
            A crop set of the run.
        channels
            Those of its channels that have a role.
        device
            To compute on.

        Returns
        -------
        Tensor or None
            ``(N, C, F)`` of all N crops, on the CPU.
        """
        return None

    def fit(self, features: Sequence[Tensor]) -> None:
        """Learn scales from features before the first step; by default nothing.

        Parameters
        ----------
        features
            Of every crop set that has some, ``(n, C, F)`` of the crops that are drawn from.
        """

    def forward(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Compute the loss.

        Returns
        -------
        dict
            Scalars to log by name, among them ``"loss"``, which is minimised.
        """
        raise NotImplementedError

    def trainable(self) -> nn.Module:
        """The module whose parameters are optimised."""
        raise NotImplementedError

    def encoder_weights(self) -> dict[str, Tensor]:
        """The encoder so far, by the names that a model folder has."""
        raise NotImplementedError

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Begin with an encoder's weights, by the names that a model folder has.

        Parameters
        ----------
        weights
            Of an encoder of the same sizes.
        """
        raise NotImplementedError

    def before_update(self, progress: Progress) -> None:
        """Change gradients before they are clipped and used; by default nothing."""

    def after_step(self, progress: Progress) -> None:
        """Follow the optimiser's step, such as by a moving average; by default nothing."""


def find_objective(name: str) -> type[Objective]:
    """Find an objective by its name in `OBJECTIVES`.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in OBJECTIVES:
        raise InputError(f"unknown objective '{name}': choose one of {', '.join(OBJECTIVES)}")
    module, _, attribute = OBJECTIVES[name].partition(":")
    return getattr(import_module(module), attribute)
