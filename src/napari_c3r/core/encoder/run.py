"""Crops in, vectors out: one encoder on one device with one assignment of roles."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.config import EncoderConfig
from napari_c3r.core.encoder.crops import (
    as_given,
    check_crops,
    require_finite,
    resample,
    size_in_network,
)
from napari_c3r.core.encoder.families import family_of
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.encoder.runtime import (
    Batches,
    DeviceFullError,
    cast_matrix_products,
    choose_batch_size,
    choose_device,
    choose_precision,
    is_out_of_memory,
    keep_freed_memory,
    release_memory,
)
from napari_c3r.core.encoder.transfer import Transfer
from napari_c3r.core.errors import InputError


class InferenceRun:
    """An encoder ready to embed crops, batch after batch; made by `Encoder.start`.

    Use it in a ``with`` block, or `close` it, to give its memory back.

    Attributes
    ----------
    device, precision : str
        Where it computes, and the data type of its matrix products. A device that was chosen
        automatically and has no memory left gives way to the processor.
    concept_mode, readout : str
        As in `Encoder.embed`.
    columns : tuple of (str, str)
        Label (the concept, ``"RNA"``, or ``"RNA+AGP"`` when joint) and readout part (``"cls"``,
        ``"std"``, ``"mean"`` or ``"pool"``) of every column of the result.
    numbers : tuple of str
        Names of what the encoder says of a cell beside its vector.
    """

    def __init__(
        self,
        network: nn.Module,
        config: EncoderConfig,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        options: RunOptions,
    ) -> None:
        chosen = options.recommended_by(config)
        assert chosen.concept_mode is not None
        assert chosen.readout is not None
        self._config = config
        self._channel_names = tuple(channel_names)
        self._family = family_of(config)
        self._plan = self._family.plan_for(
            config, assignment, channel_names, chosen.concept_mode, chosen.readout
        )
        self._used = [self._channel_names.index(name) for name in self._plan.channels]
        self._options = chosen
        self._original = network
        self.concept_mode = chosen.concept_mode
        self.readout = chosen.readout
        self.columns = self._family.columns(config, self._plan)
        self.numbers = self._family.numbers(config, self._plan)
        self._network: nn.Module | None = None
        self._notes = list(self._plan.notes)
        try:
            self._settle(choose_device(chosen.device))
        except DeviceFullError as error:
            self._settle_on_processor(error)

    @property
    def batch_size(self) -> int:
        """Crops that are computed at once."""
        return self._batches.size

    @property
    def notes(self) -> list[str]:
        """What the user should know of how it went, in sentences."""
        return [*self._notes, *self._batches.notes]

    def run(self, crops: ArrayLike) -> NDArray[np.float32]:
        """Embed crops.

        Parameters
        ----------
        crops
            ``(n, C, H, W)`` with the channels that the run was started with, any real dtype and
            intensity scale.

        Returns
        -------
        ndarray
            float32 ``(n, len(columns))``.

        Raises
        ------
        InputError
            If the crops are unfit, hold NaN or infinite pixels, or if the memory does not suffice
            for one of them.
        """
        return self._map(self._vectors, crops)

    def run_with_numbers(self, crops: ArrayLike) -> NDArray[np.float32]:
        """Embed crops and say of each what the encoder says beside its vector.

        Parameters
        ----------
        crops
            As in `run`.

        Returns
        -------
        ndarray
            float32 ``(n, len(columns) + len(numbers))``, the numbers behind the vector.
        """
        return self._map(self._vectors_and_numbers, crops)

    def tokens(self, crops: ArrayLike) -> NDArray[np.float32]:
        """Encode crops and return every token, the features of all passes joined.

        Parameters
        ----------
        crops
            ``(n, C, H, W)`` with the channels that the run was started with, their intensities as
            `Encoder.tokens` says.

        Returns
        -------
        ndarray
            float32 ``(n, 1 + N, passes * D)``.
        """
        if not self._family.scales_intensities(self._config):
            return self._map(self._tokens, crops, self._as_given)
        return self._map(self._tokens, crops)

    def close(self) -> None:
        """Give the memory of the device back. The run is of no use afterwards."""
        self._network = None
        release_memory(self._device)

    def _settle(self, device: torch.device) -> None:
        """Compute on a device from now on."""
        self._device = device
        self.device = str(device)
        self.precision = choose_precision(self._options.precision, device)
        size = self._config.input_size
        self._transfer = Transfer(device)
        fitting = self._fitting_batch_size(size, size)
        self._batches = Batches(fitting, device, self._transfer.in_flight)
        self._network = self._install(self._original)

    def _settle_on_processor(self, error: DeviceFullError) -> None:
        """Continue on the processor, if the device was ours to choose; else raise the error."""
        wanted = self._options
        # The processor has no float16.
        if wanted.device != "auto" or wanted.precision == "float16" or self._device.type == "cpu":
            raise error
        full = self.device
        self._notes = self.notes
        self._network = None
        release_memory(self._device)
        self._settle(torch.device("cpu"))
        self._notes.append(
            f"Out of memory on {full}, which another program may hold; went on on the processor "
            f"in {self.precision}."
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _install(self, network: nn.Module) -> nn.Module:
        """Put a network on the device in the precision of the run, leaving the original alone."""
        keep_freed_memory(self._device)
        if self.precision == "float32" and self._device.type == "cpu":
            return network
        installed = copy.deepcopy(network)
        cast_matrix_products(installed, self.precision)
        try:
            return installed.to(self._device)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise DeviceFullError(self._device, "for the network itself") from error

    def _fitting_batch_size(self, height: int, width: int) -> int:
        needed = self._family.activation_bytes(self._config, self._plan, height, width)
        return choose_batch_size(self._options.batch_size, self._device, needed)

    def _map(
        self,
        function: Callable[[Tensor], Tensor],
        crops: ArrayLike,
        prepare: Callable[[NDArray[np.generic]], Tensor] | None = None,
    ) -> NDArray[np.float32]:
        """Apply a function of images on the device to crops, in batches."""
        begin = partial(self._begin, function, prepare or self._prepared)
        array = check_crops(crops, self._channel_names)
        size = size_in_network(array.shape[2], array.shape[3], self._config)
        self._batches.size = min(self._batches.size, self._fitting_batch_size(*size))

        with torch.inference_mode():
            if len(array) == 0:
                # One blank crop tells the shape of the rows that there are none of.
                blank = np.zeros((1, *array.shape[1:]), np.uint8)
                return begin(blank)()[:0].numpy()
            try:
                return self._compute(begin, array)
            except DeviceFullError as error:
                self._settle_on_processor(error)
            self._batches.size = min(self._batches.size, self._fitting_batch_size(*size))
            return self._compute(begin, array)

    def _compute(
        self,
        begin: Callable[[NDArray[np.generic]], Callable[[], Tensor]],
        crops: NDArray[np.generic],
    ) -> NDArray[np.float32]:
        rows = torch.cat(self._batches.map(begin, crops)).numpy()
        if not np.isfinite(rows).all():
            # Looked for only then: on a graphics card it would be waited for at every batch.
            used = crops[:, self._used]
            require_finite(used, self._plan.channels)
            raise InputError(
                f"the network gives no finite numbers for pixels from {used.min():g} to "
                f"{used.max():g}: scale the crops"
            )
        return rows

    def _begin(
        self,
        function: Callable[[Tensor], Tensor],
        prepare: Callable[[NDArray[np.generic]], Tensor],
        batch: NDArray[np.generic],
    ) -> Callable[[], Tensor]:
        """Have the device compute a batch; what is given back waits for the result."""
        return self._transfer.down(function(prepare(batch)))

    def _prepared(self, batch: NDArray[np.generic]) -> Tensor:
        """Crops of any intensity scale, on the device as the family's network takes them."""
        return self._family.prepare(self._transfer.up(batch, self._used), self._config)

    def _as_given(self, batch: NDArray[np.generic]) -> Tensor:
        """Crops with their own intensities, on the device in a size that the network takes."""
        return resample(self._transfer.up(as_given(batch), self._used), self._config)

    def _vectors(self, images: Tensor) -> Tensor:
        """``(B, C, H, W)`` to ``(B, len(columns))``."""
        return self._family.vectors(self._live, images, self._plan)

    def _vectors_and_numbers(self, images: Tensor) -> Tensor:
        """``(B, C, H, W)`` to ``(B, len(columns) + len(numbers))``."""
        return self._family.vectors_and_numbers(self._live, images, self._plan)

    def _tokens(self, images: Tensor) -> Tensor:
        """``(B, C, H, W)`` to ``(B, T, passes * D)``."""
        tokens = [
            self._family.tokens(self._live, images, each.groups) for each in self._plan.passes
        ]
        return torch.cat(tokens, dim=2)

    @property
    def _live(self) -> nn.Module:
        if self._network is None:
            raise RuntimeError("this run is closed; start another")
        return self._network
