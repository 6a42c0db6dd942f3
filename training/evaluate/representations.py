"""What turns crops into vectors: an encoder, trained or not, and hand-made features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import Encoder, EncoderConfig, LocalEncoder
from napari_c3r.core.encoder.config import ConceptMode, Readout
from napari_c3r.core.encoder.families import family_of
from napari_c3r.core.encoder.folder import ModelFolder
from napari_c3r.core.encoder.options import RunOptions
from training.evaluate.features import intensity_features, texture_features
from training.evaluate.metrics import standardised
from training.teacher import photograph_features

# Crops are resampled and embedded in pieces, so that their enlarged copies do not fill the memory.
_PIECE: Final = 256


@dataclass(frozen=True)
class ReadoutSpec:
    """One row of the table: which representation, and how it is read.

    Attributes
    ----------
    name
        Of the representation.
    readout, concept_mode
        As in `napari_c3r.core.encoder.Encoder.embed`; empty for hand-made features.
    """

    name: str
    readout: str = ""
    concept_mode: str = ""


@dataclass(frozen=True)
class Vectors:
    """Cells as a representation sees them.

    Attributes
    ----------
    values
        float32 ``(n, d)``.
    cls
        ``(d,)``, which columns come from class tokens; none of hand-made features do.
    """

    values: NDArray[np.float32]
    cls: NDArray[np.bool_]


class Representation(Protocol):
    """Turns crops into vectors, in one or several readings that share the work."""

    @property
    def name(self) -> str:
        """How it is called in the table."""

    def __call__(
        self, crops: NDArray[np.generic], assignment: ChannelAssignment
    ) -> dict[ReadoutSpec, Vectors]:
        """Represent crops.

        Parameters
        ----------
        crops
            ``(n, C, H, W)``, raw intensities.
        assignment
            Role of each of the C channels, in order.

        Returns
        -------
        dict
            The vectors of each reading.
        """


@dataclass(frozen=True)
class Fixed:
    """Features of the channels that have a role: hand-made, or of a network that knows no roles."""

    name: str
    function: Callable[[NDArray[np.generic]], NDArray[np.float32]]

    def __call__(
        self, crops: NDArray[np.generic], assignment: ChannelAssignment
    ) -> dict[ReadoutSpec, Vectors]:
        """Represent crops; see `Representation`."""
        used = [assignment.names.index(name) for name in assignment.used]
        values = self.function(crops[:, used])
        return {ReadoutSpec(self.name): Vectors(values, np.zeros(values.shape[1], bool))}


TEXTURE: Final = Fixed("texture", texture_features)
INTENSITY: Final = Fixed("intensity", intensity_features)


def photographs(device: str = "auto") -> Fixed:
    """Features of a network trained on photographs, channel after channel."""

    def features(crops: NDArray[np.generic]) -> NDArray[np.float32]:
        return photograph_features(crops, device=device).reshape(len(crops), -1)

    return Fixed("photographs", features)


@dataclass(frozen=True)
class EncoderReadings:
    """An encoder with the readouts and concept modes to compare.

    Crops are resampled to the encoder's input size, as the plugin does it when it cuts them out.

    Parameters
    ----------
    name
        How it is called in the table.
    encoder
        The encoder.
    readouts, concept_modes
        By default, and where the encoder has none of the readouts, only what the model recommends.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"``, …
    """

    name: str
    encoder: Encoder
    readouts: Sequence[Readout] = ()
    concept_modes: Sequence[ConceptMode] = ()
    device: str = "auto"

    def __call__(
        self, crops: NDArray[np.generic], assignment: ChannelAssignment
    ) -> dict[ReadoutSpec, Vectors]:
        """Represent crops; see `Representation`."""
        readings = {}
        there = self.encoder.config
        readouts = [each for each in self.readouts if each in there.readouts] or [there.readout]
        for mode in self.concept_modes or (self.encoder.config.concept_mode,):
            # cls is a part of cls+std, so one pass serves both.
            widest = max(readouts, key=len)
            vectors, parts = self._embed(crops, assignment, mode, widest)
            for readout in readouts:
                kept = np.isin(parts, readout.split("+"))
                reading = ReadoutSpec(self.name, readout, mode)
                readings[reading] = Vectors(vectors[:, kept], parts[kept] != "std")
        return readings

    def _embed(
        self,
        crops: NDArray[np.generic],
        assignment: ChannelAssignment,
        mode: ConceptMode,
        readout: Readout,
    ) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
        """Vectors ``(n, d)``, and the part of the readout that each of the d columns is."""
        size = self.encoder.config.input_size
        with self.encoder.start(
            assignment,
            assignment.names,
            replace(RunOptions(self.device), concept_mode=mode, readout=readout),
        ) as run:
            vectors = [
                run.run(resampled(crops[start : start + _PIECE], size))
                for start in range(0, len(crops), _PIECE)
            ]
            return np.concatenate(vectors), np.array([part for _, part in run.columns])


def untrained_like(config: EncoderConfig, seed: int = 0) -> Encoder:
    """Draw an encoder of the same family and sizes with initial weights.

    Parameters
    ----------
    config
        The sizes, and what is recommended.
    seed
        Of the weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        weights = family_of(config).make_network(config).state_dict()
    untrained = replace(config, name=f"{config.name} (untrained)", trained=False)
    return LocalEncoder(ModelFolder(untrained, weights, "", ""))


def join_standardised(first: Vectors, second: Vectors) -> Vectors:
    """Join two representations of the same cells, every feature standardised over the cells."""
    parts = [standardised(part.values).astype(np.float32) for part in (first, second)]
    values = np.concatenate(parts, axis=1)
    return Vectors(values, np.zeros(values.shape[1], bool))


def sizes_of(config: EncoderConfig) -> tuple[object, ...]:
    """What makes two untrained encoders differ: family, the network's sizes and its reading."""
    return (
        config.architecture,
        *config.network_sizes().items(),
        config.input_size,
        config.readout,
        config.concept_mode,
    )


def resampled(crops: NDArray[np.generic], size: int) -> NDArray[np.generic]:
    """Crops of a size, the way the encoder itself resamples those that are not whole patches."""
    if crops.shape[2:] == (size, size):
        return crops
    images = torch.from_numpy(crops.astype(np.float32))
    return F.interpolate(images, (size, size), mode="bilinear", antialias=True).numpy()
