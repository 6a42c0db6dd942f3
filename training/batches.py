"""Crop sets on the device, and the batches of every step."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_c3r.core.errors import InputError
from training.config import Config
from training.data.cropset import CropSet
from training.distributed import Processes
from training.objectives import Batch
from training.sampling import Sampler, draw_sets
from training.transfer import to_device

_READ_AT_ONCE = 1024


class TrainingSet:
    """One crop set, ready to give crops as uint8 on a device.

    Only channels with a role are kept. Crops of 16 bits come as 8 bits between the minimum and the
    maximum of each channel of each crop, which is where the augmentation begins anyway.

    Parameters
    ----------
    path
        Folder of the crop set.
    config
        Of the run.
    processes
        Among them this one.

    Attributes
    ----------
    channels, channel_names
        Those kept, by their positions in the crop set, and their names.
    features
        ``(N, C, F)`` on the CPU, what the objective knows of the crops, or None.

    Raises
    ------
    InputError
        If the set lacks rows of the split, or a role.
    """

    def __init__(self, path: Path, config: Config, processes: Processes) -> None:
        self.crops = CropSet.open(path)
        assignment = self.crops.assignment.for_channels(self.crops.channel_names).require_usable()
        self.channel_names = assignment.used
        self.channels = [self.crops.channel_names.index(name) for name in assignment.used]
        self.context = tuple(assignment.used.index(name) for name in assignment.context)
        self.concept = tuple(assignment.used.index(name) for name in assignment.concept)
        self.name, self._device = path.name, processes.device
        self.sampler = Sampler(
            self.crops.table,
            self._rows_of(config.split, path),
            classes_per_batch=config.classes_per_batch * processes.count,
            samples_per_class=config.samples_per_class,
            seed=config.seed,
            share=config.data_share,
            whole_experiments=config.whole_experiments,
        )
        self.features: Tensor | None = None
        self._resident: Tensor | None = None

    def _rows_of(self, split: str, path: Path) -> NDArray[np.int64]:
        table = self.crops.table
        if not split:
            rows = np.arange(len(table))
        else:
            rows = np.flatnonzero(table["split"].to_numpy() == split)
        if not len(rows):
            found = ", ".join(sorted({repr(s) for s in table["split"]}))
            raise InputError(f"'{path}' has no crops of the split '{split}': it has {found}")
        return rows

    def nbytes(self) -> int:
        """Bytes of all crops on the device."""
        return len(self.crops) * self._read(np.arange(1)).nbytes

    def keep_resident(self) -> None:
        """Copy all crops to the device, once and for all."""
        shape = self._read(np.arange(1)).shape[1:]
        everything = torch.empty((len(self.crops), *shape), dtype=torch.uint8)
        for start in range(0, len(everything), _READ_AT_ONCE):
            stop = min(start + _READ_AT_ONCE, len(everything))
            everything[start:stop] = torch.from_numpy(self._read(np.arange(start, stop)))
        self._resident = everything.to(self._device)

    def images(self, rows: NDArray[np.int64]) -> Tensor:
        """Crops by their positions in the table: uint8 ``(n, C, H, W)`` on the device."""
        if self._resident is not None:
            return self._resident[to_device(torch.from_numpy(rows), self._device)]
        return to_device(torch.from_numpy(self._read(rows)), self._device)

    def _read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        crops: NDArray[Any] = self.crops.read(rows)[:, self.channels]
        if crops.dtype == np.uint8:
            return crops
        low = crops.min(axis=(2, 3), keepdims=True).astype(np.float32)
        high = crops.max(axis=(2, 3), keepdims=True).astype(np.float32)
        scaled = (crops - low) * (255 / np.maximum(high - low, 1))
        return np.rint(scaled).astype(np.uint8)


class Batches:
    """The batches of a run, by number.

    Parameters
    ----------
    sets
        Crop sets to draw from.
    config
        Of the run.
    processes
        Among them this one; each takes its part of the antibodies.
    total
        Batches of the whole run.
    """

    def __init__(
        self, sets: Sequence[TrainingSet], config: Config, processes: Processes, total: int
    ) -> None:
        self._sets, self._config, self._rank = sets, config, processes.rank
        weights = config.weights or [float(each.sampler.n_used) for each in sets]
        self._which = draw_sets(weights, total, config.seed)
        self._offsets = np.cumsum([0, *(len(each.sampler.ids) for each in sets)])
        self._reader = ThreadPoolExecutor(1)
        self._ahead: tuple[int, Future[Batch]] | None = None

    def get(self, number: int) -> Batch:
        """A batch by its number from 0; the next one is read meanwhile."""
        if self._ahead is not None and self._ahead[0] == number:
            batch = self._ahead[1].result()
        else:
            batch = self._make(number)
        self._ahead = None
        if number + 1 < len(self._which):
            self._ahead = number + 1, self._reader.submit(self._make, number + 1)
        return batch

    def close(self) -> None:
        """Stop reading ahead."""
        self._reader.shutdown(cancel_futures=True)

    def _make(self, number: int) -> Batch:
        index = int(self._which[number])
        source = self._sets[index]
        earlier = int(np.count_nonzero(self._which[:number] == index))
        rows, ids = source.sampler.draw(earlier)
        mine = slice(
            self._rank * self._config.classes_per_batch,
            (self._rank + 1) * self._config.classes_per_batch,
        )
        images = source.images(rows[:, mine].ravel())
        known = {"ids": ids[mine] + self._offsets[index]}
        known["experiments"] = source.sampler.experiments[ids[mine]]
        on_device = {
            name: to_device(
                torch.from_numpy(np.tile(each, self._config.samples_per_class)), images.device
            )
            for name, each in known.items()
        }
        features = None
        if source.features is not None:
            wanted = source.features[torch.from_numpy(rows[:, mine].ravel())]
            features = to_device(wanted, images.device)
        return Batch(
            images=images,
            **on_device,
            context=source.context,
            concept=source.concept,
            name=source.name,
            features=features,
            channel_names=source.channel_names,
        )


def open_sets(config: Config, processes: Processes) -> list[TrainingSet]:
    """Open the crop sets of a run, and keep on the device those that fit, in their order.

    Raises
    ------
    InputError
        If one is missing or of no use.
    """
    sets = [TrainingSet(Path(path), config, processes) for path in config.data]
    left = _budget(config.resident_gb, processes)
    for each in sets:
        size = each.nbytes()
        if size <= left:
            each.keep_resident()
            left -= size
    return sets


def _budget(gigabytes: float, processes: Processes) -> float:
    """Bytes that crops may take on the device of this process."""
    if gigabytes >= 0:
        return gigabytes * 1e9
    if processes.device.type == "cuda":
        return torch.cuda.mem_get_info(processes.device)[0] / 2
    return _memory() / 4 / processes.count


def _memory() -> float:
    """Bytes of memory of this machine, or a modest guess where the system does not say."""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    return 8e9
