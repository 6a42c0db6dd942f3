"""What the network runs on, and whether its weights are whole."""

from __future__ import annotations

import os
from collections.abc import Iterator

from napari_c3r.cli.doctor.result import CheckResult, one_line
from napari_c3r.core.cores import usable_cores
from napari_c3r.core.errors import InputError

_GIGA = 1e9


def processor() -> Iterator[CheckResult]:
    """Cores and memory."""
    import psutil

    yield CheckResult("cores", f"{usable_cores()} usable of {os.cpu_count()}")
    memory = psutil.virtual_memory()
    free, total = memory.available / _GIGA, memory.total / _GIGA
    yield CheckResult("memory", f"{free:.1f} of {total:.1f} GB free")


def pytorch() -> Iterator[CheckResult]:
    """Whether PyTorch can be loaded, here where no window is, and on what it computes."""
    from napari_c3r.core.encoder.loading import torch_problem

    try:
        problem = torch_problem()
    except InputError as error:
        problem = str(error)
    if problem:
        yield CheckResult("PyTorch", f"does not load ({problem})", broken=True)
        return
    import torch

    threads = torch.get_num_threads()
    yield CheckResult("PyTorch", f"loads, {threads} thread{'s' if threads > 1 else ''}")
    yield from _devices()


def _devices() -> Iterator[CheckResult]:
    """Each device, and whether it has the precision that is taken by itself where it is."""
    import torch

    from napari_c3r.core.encoder.runtime import available_devices, choose_precision

    for name in available_devices():
        device = torch.device(name)
        native = choose_precision("auto", device) == "bfloat16"
        words = "bfloat16 in hardware" if native else "no bfloat16 in hardware, so float32"
        if device.type == "cuda":
            facts = torch.cuda.get_device_properties(device)
            words = f"{facts.name}, {facts.total_memory / _GIGA:.0f} GB, {words}"
        yield CheckResult(f"device {name}", words)


def bundled_encoder() -> Iterator[CheckResult]:
    """Whether the encoder that comes with the package is what was shipped."""
    from napari_c3r.core.encoder import load_encoder

    try:
        encoder = load_encoder()
    except InputError as error:
        yield CheckResult("bundled encoder", str(error), broken=True)
        return
    # A folder beside it, or the disk, may be at fault in ways that no one thought of.
    except Exception as error:
        yield CheckResult("bundled encoder", f"cannot be loaded ({one_line(error)})", broken=True)
        return
    state = "trained" if encoder.trained else "untrained"
    whole = f"weights {encoder.weights_hash[:12]} match their checksum"
    yield CheckResult("bundled encoder", f"{encoder.name}, {state}, {whole}")
    encoder.release()
