"""The encoder as users meet it: give it crops and roles, get one vector per cell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.config import ConceptMode, EncoderConfig, Readout
from napari_c3r.core.encoder.families import AnyFamily, family_of
from napari_c3r.core.encoder.options import RunOptions

if TYPE_CHECKING:
    from napari_c3r.core.encoder.protocol import Assigned, Run, VariantsRun


class Encoder(ABC):
    """A frozen encoder of any family, in this process or in one of its own.

    Parameters
    ----------
    config
        Its sizes and what it recommends.
    card
        The model card, in Markdown.
    weights_hash
        SHA-256 of the weights file, 64 hexadecimal digits.
    """

    def __init__(self, config: EncoderConfig, card: str, weights_hash: str) -> None:
        self.config = config
        self.card = card
        self.weights_hash = weights_hash

    def __repr__(self) -> str:
        state = "trained" if self.trained else "untrained"
        return f"<Encoder '{self.name}', {state}, weights {self.weights_hash[:12]}>"

    @property
    def name(self) -> str:
        """How the encoder is called in results and menus."""
        return self.config.name

    @property
    def family(self) -> AnyFamily:
        """What kind of encoder it is."""
        return family_of(self.config)

    @property
    def trained(self) -> bool:
        """Whether the weights were trained. If not, its vectors mean little."""
        return self.config.trained

    @property
    @abstractmethod
    def devices(self) -> tuple[str, ...]:
        """What this machine can compute on, best first."""

    @property
    @abstractmethod
    def n_weights(self) -> int:
        """Numbers that were learned."""

    @abstractmethod
    def release(self) -> None:
        """Give memory back that is only kept to be faster the next time."""

    def n_dims(
        self,
        assignment: ChannelAssignment,
        concept_mode: ConceptMode | None = None,
        readout: Readout | None = None,
    ) -> int:
        """Length of a cell's vector.

        Parameters
        ----------
        assignment, concept_mode, readout
            As in `embed`.
        """
        plan = self.family.plan_for(
            self.config,
            assignment,
            assignment.names,
            concept_mode or self.config.concept_mode,
            readout or self.config.readout,
        )
        return len(self.family.columns(self.config, plan))

    def embed(
        self,
        crops: ArrayLike,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        *,
        device: str = "auto",
        precision: str = "auto",
        batch_size: int | str = "auto",
        concept_mode: ConceptMode | None = None,
        readout: Readout | None = None,
    ) -> NDArray[np.float32]:
        """Turn single-cell crops into vectors.

        Every channel of every crop is rescaled to [0, 1] by its own minimum and maximum, unless
        the family does otherwise, so the scale and offset of intensities do not matter. Crops
        whose height or width is not a whole number of patches are resampled to the encoder's
        input size (bilinear, antialiased); others are used as they are.

        Parameters
        ----------
        crops
            ``(N, C, H, W)``, any real dtype. N may be 0.
        assignment
            Role of each channel; which roles must be there depends on the family.
        channel_names
            Name of each of the C channels.
        device, precision, batch_size, concept_mode, readout
            As for :class:`napari_c3r.core.encoder.options.RunOptions`.

        Returns
        -------
        ndarray
            float32 ``(N, D')``, with D' from `n_dims`.

        Raises
        ------
        InputError
            If the family cannot embed the assignment, a name is unknown, the crops are unfit or
            hold NaN or infinite pixels, or the device, precision or batch size is not available.
        """
        options = RunOptions(device, precision, batch_size, concept_mode, readout)
        with self.start(assignment, channel_names, options) as run:
            return run.run(crops)

    def predict(
        self,
        crops: ArrayLike,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        options: RunOptions = RunOptions(),
    ) -> dict[str, NDArray[np.float32]]:
        """Say of single-cell crops what the encoder says beside their vectors.

        Parameters
        ----------
        crops, assignment, channel_names
            As in `embed`.
        options
            Where and how to run.

        Returns
        -------
        dict
            float32 ``(N,)`` by name, such as the probability ``location_nucleoplasm``. Empty for an
            encoder that gives vectors only.
        """
        with self.start(assignment, channel_names, options) as run:
            numbers = run.run_with_numbers(crops)[:, len(run.columns) :]
            return dict(zip(run.numbers, numbers.T, strict=True))

    def tokens(
        self,
        crops: ArrayLike,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        *,
        device: str = "auto",
        precision: str = "auto",
        batch_size: int | str = "auto",
    ) -> NDArray[np.float32]:
        """Encode single-cell crops, all concept channels together, and return every token.

        This is the network's own door: intensities enter as they are, where `embed` first brings
        them to the scale that `normalisation` in the configuration names. Crops whose height or
        width is not a whole number of patches are resampled as in `embed`. What belongs to the
        network itself is done here too: the instance norm of C3R, the clip and histograms of
        CellRep, the scaling of all channels together of SubCell and of DINO4Cells, and `mean` and
        `deviation`. ChannelViT, DiChaViT, Base-SC, Base-HPA, Base-CP, Campfire and networks of
        photographs have no such scaling, so what they make of crops depends on their brightness.

        An encoder that needs several passes all the same gives the tokens of each, their features
        joined in the order of the passes.

        Parameters
        ----------
        crops
            ``(N, C, H, W)``: floats as they are, in [0, 1] as networks are trained; uint8 is
            divided by 255 and uint16 by 65535.
        assignment, channel_names, device, precision, batch_size
            As in `embed`.

        Returns
        -------
        ndarray
            float32 ``(N, 1 + P, passes × D)``: the class token, then the P patches, rows first.

        Raises
        ------
        InputError
            As in `embed`, or if the crops are integers of more than 16 bits.
        """
        options = RunOptions(device, precision, batch_size, concept_mode="joint")
        with self.start(assignment, channel_names, options) as run:
            return run.tokens(crops)

    @abstractmethod
    def start(
        self,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        options: RunOptions = RunOptions(),
    ) -> Run:
        """Get ready to embed crops that come bit by bit.

        Parameters
        ----------
        assignment, channel_names
            As in `embed`.
        options
            Where and how to run.

        Returns
        -------
        Run
            Holds the network on the device until it is closed.
        """

    @abstractmethod
    def start_variants(
        self,
        assignments: Sequence[Assigned],
        channel_names: Sequence[str],
        options: RunOptions = RunOptions(),
    ) -> VariantsRun:
        """Get ready to embed crops under several assignments at once.

        Parameters
        ----------
        assignments
            Every channel that takes part in one must take part in the first. Where one is a tuple,
            its members are passes: each is read out jointly, whatever the options say, and their
            vectors are joined. The first is no tuple.
        channel_names, options
            As in `start`.
        """
