"""Where and how a network runs: device, precision and batch size."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from napari_c3r.core.errors import InputError

PRECISIONS: Final = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}

# On a processor, the activations of a batch should stay in its cache: once the largest is past some
# MiB, batches only get slower, because each layer then waits for memory.
_CPU_ACTIVATION_BYTES: Final = 4 * 2**20
# A graphics card also holds queries, keys, values and the residual stream, about three times the
# largest activation, and may be shared with a viewer.
_GPU_ACTIVATION_SHARE: Final = 0.1
_MAX_BATCH: Final = 256


def available_devices() -> tuple[str, ...]:
    """Devices that can run a network, best first: ``"cuda:0"``, …, ``"mps"``, ``"cpu"``."""
    cuda = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return (*cuda, *mps, "cpu")


def choose_device(device: str) -> torch.device:
    """Turn a user's wish into a device.

    Parameters
    ----------
    device
        ``"auto"`` for the best there is (CUDA, then MPS, then CPU), or ``"cuda"``, ``"cuda:1"``,
        ``"mps"``, ``"cpu"``.

    Raises
    ------
    InputError
        If the device is not there.
    """
    available = available_devices()
    if device == "auto":
        return torch.device(available[0])
    name = "cuda:0" if device == "cuda" else device
    if name not in available:
        raise InputError(
            f"device '{device}' is not available; choose 'auto' or one of: {', '.join(available)}"
        )
    return torch.device(name)


def choose_precision(precision: str, device: torch.device) -> str:
    """Turn a user's wish into the data type of the matrix products.

    Parameters
    ----------
    precision
        ``"auto"`` for bfloat16 where the device computes in it natively and float32 elsewhere, or
        ``"float32"``, ``"bfloat16"``, or, not on a CPU, ``"float16"``.
    device
        From `choose_device`.

    Returns
    -------
    str
        A key of `PRECISIONS`.

    Raises
    ------
    InputError
        If the precision is unknown or the device lacks it.
    """
    if precision == "auto":
        return "bfloat16" if _has_native_bfloat16(device) else "float32"
    if precision not in PRECISIONS:
        raise InputError(
            f"unknown precision {precision!r}: choose 'auto' or one of: {', '.join(PRECISIONS)}"
        )
    if precision == "float16" and device.type == "cpu":
        raise InputError("precision 'float16' needs a GPU: choose 'auto', 'bfloat16' or 'float32'")
    return precision


def _has_native_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 products are computed in hardware rather than emulated."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16"))
    return False


def cast_matrix_products(network: nn.Module, precision: str) -> None:
    """Cast the layers of a network that multiply matrices; all others stay float32.

    Parameters
    ----------
    network
        Changed in place.
    precision
        A key of `PRECISIONS`.
    """
    for module in network.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            module.to(PRECISIONS[precision])


def choose_batch_size(batch_size: int | str, device: torch.device, bytes_per_crop: int) -> int:
    """Turn a user's wish into a number of crops per batch.

    The same machine always gets the same number, so that results are reproducible to the bit.

    Parameters
    ----------
    batch_size
        A number of crops, or ``"auto"`` for what the device's memory holds.
    device
        From `choose_device`.
    bytes_per_crop
        Size of the largest activation of a crop, as `EncoderFamily.activation_bytes` says it.

    Raises
    ------
    InputError
        If it is neither ``"auto"`` nor a whole number above 0.
    """
    if batch_size != "auto":
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise InputError(f"batch size must be 'auto' or 1 or more, not {batch_size!r}")
        return int(batch_size)
    return max(1, min(_MAX_BATCH, _activation_budget(device) // bytes_per_crop))


def _activation_budget(device: torch.device) -> int:
    """Bytes that the largest activation of a batch may take."""
    if device.type == "cuda":
        memory = torch.cuda.get_device_properties(device).total_memory
    elif device.type == "mps":
        memory = torch.mps.recommended_max_memory()
    else:
        return _CPU_ACTIVATION_BYTES
    return int(memory * _GPU_ACTIVATION_SHARE)


class DeviceFullError(InputError):
    """A device has no memory left, not even for the network or a single crop."""

    def __init__(self, device: torch.device, what: str) -> None:
        super().__init__(
            f"out of memory on {device} {what}: use another device, smaller crops or fewer channels"
        )


class Batches:
    """Runs a function over crops in batches, and in smaller ones when memory runs out.

    Parameters
    ----------
    size
        Crops per batch to begin with.
    device
        Where the function works.
    in_flight
        Batches that are begun before the result of the first is waited for.

    Attributes
    ----------
    size : int
        Crops per batch now.
    notes : list of str
        A sentence for every time it was halved.
    """

    def __init__(self, size: int, device: torch.device, in_flight: int = 1) -> None:
        self.size = size
        self.device = device
        self._in_flight = in_flight
        self.notes: list[str] = []

    def map(
        self, begin: Callable[[np.ndarray], Callable[[], Tensor]], crops: np.ndarray
    ) -> list[Tensor]:
        """Apply a function to crops, batch by batch.

        Parameters
        ----------
        begin
            Takes ``(n, C, H, W)``, and gives back what waits for a tensor of n rows.
        crops
            ``(N, C, H, W)``.

        Returns
        -------
        list of Tensor
            N rows altogether.

        Raises
        ------
        DeviceFullError
            If memory does not suffice for a single crop.
        """
        results: list[Tensor] = []
        waiting: deque[Callable[[], Tensor]] = deque()
        start = 0
        while start < len(crops) or waiting:
            if start == len(crops) or len(waiting) == self._in_flight:
                results.append(waiting.popleft()())
                continue
            batch = crops[start : start + self.size]
            try:
                waiting.append(begin(batch))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            else:
                start += len(batch)
                continue
            # Outside the handler, where the error no longer keeps the tensors of the batch alive.
            while waiting:
                results.append(waiting.popleft()())
            self._halve(len(batch))
        return results

    def _halve(self, size: int) -> None:
        release_memory(self.device)
        if size == 1:
            raise DeviceFullError(self.device, "with a single crop")
        self.size = size // 2
        self.notes.append(
            f"Out of memory on {self.device} with {size} crops at once; went on with {self.size}."
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on any device."""
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    words = ("out of memory", "not enough memory", "can't allocate memory", "failed to allocate")
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in words)


def keep_freed_memory(device: torch.device) -> None:
    """Let the processor's batches use the memory of the batch before.

    Until it has seen a large block freed, glibc hands freed memory straight back to the system, and
    every batch waits for fresh pages: up to a tenth of its time. One untouched block of just under
    the 32 MiB that it learns from is enough. On other systems nothing comes of it.
    """
    if device.type == "cpu":
        torch.empty(31 * 2**20, dtype=torch.uint8)


def release_memory(device: torch.device) -> None:
    """Give memory that PyTorch keeps for later back to the device."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
