"""Crops to a device and vectors back, on a graphics card while it computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_c3r.core.encoder.crops import needs_double, to_unit_range


class Transfer:
    """The way of crops to a device, in their own data type, and of results back.

    On a CUDA device both go over pinned memory: crops on a stream of their own, so that those of
    the next batch are copied while this one is computed, and nothing waits until a result is read.

    Parameters
    ----------
    device
        Where the network is.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None

    @property
    def in_flight(self) -> int:
        """Batches that are worth being begun before the result of the first is read."""
        return 1 if self._stream is None else 2

    def up(self, crops: NDArray[np.generic], channels: Sequence[int]) -> Tensor:
        """Bring some channels of crops to the device.

        Parameters
        ----------
        crops
            ``(n, C, H, W)``, any real dtype.
        channels
            Which, in this order.

        Returns
        -------
        Tensor
            ``(n, len(channels), H, W)`` in the crops' data type; rescaled to [0, 1] already where
            only float64 holds the pixels exactly, which not every device computes in.
        """
        pinned = self._stream is not None
        shape = (len(crops), len(channels), *crops.shape[2:])
        host = torch.empty(shape, dtype=_dtype_of(crops), pin_memory=pinned)
        pixels = host.numpy()
        for place, channel in enumerate(channels):
            pixels[:, place] = crops[:, channel]
        if self._device.type == "cpu":
            return host
        if needs_double(host.dtype):
            host = to_unit_range(host)
            host = host.pin_memory() if pinned else host
        if self._stream is None:
            return host.to(self._device)
        with torch.cuda.stream(self._stream):
            there = host.to(self._device, non_blocking=True)
        computing = torch.cuda.current_stream(self._device)
        computing.wait_stream(self._stream)
        # Its memory was taken on the other stream, and must not be given away before this is done.
        there.record_stream(computing)
        return there

    def down(self, results: Tensor) -> Callable[[], Tensor]:
        """Begin to bring results back.

        Parameters
        ----------
        results
            On the device.

        Returns
        -------
        callable
            Gives them as float32 on the CPU, once they are there.
        """
        rows = results.to(torch.float32)
        if self._stream is None:
            arrived = rows.cpu()
            return lambda: arrived
        host = torch.empty(rows.shape, pin_memory=True)
        host.copy_(rows, non_blocking=True)
        done = torch.cuda.Event()
        done.record()

        def wait() -> Tensor:
            done.synchronize()
            return host

        return wait


def _dtype_of(crops: NDArray[np.generic]) -> torch.dtype:
    """The data type of PyTorch that holds the pixels."""
    native = crops.dtype.newbyteorder("=")
    # PyTorch has no longer floating-point numbers.
    known = np.dtype(np.float64) if native.kind == "f" and native.itemsize > 8 else native
    return torch.from_numpy(np.empty(0, known)).dtype
