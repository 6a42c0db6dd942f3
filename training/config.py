"""The configuration of a run: every setting, its default and why it is that."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from napari_c3r.core.encoder import EncoderConfig
from napari_c3r.core.encoder.config import NO_HOT_PIXELS, Neighbours
from napari_c3r.core.encoder.families.cce.config import Aggregation, CceConfig, auto_joint_depth
from napari_c3r.core.errors import InputError
from training.objectives import OBJECTIVES, find_objective
from training.schedules import Plan
from training.settings import build, merge, parse_overrides, read_toml

# These say where and for how long a run continues, not what comes out of it.
_FREE_TO_CHANGE = (
    *("out", "device", "max_minutes", "resident_gb", "log_steps"),
    *("checkpoint_steps", "checkpoint_minutes", "folder_minutes", "keep_epochs"),
)

# Settings that had other names once; configurations that have them are still read.
_FORMER_NAMES = {
    "antibodies": "classes_per_batch",
    "cells": "samples_per_class",
    "batches": "accumulation_steps",
    "clip": "max_grad_norm",
    "minutes": "max_minutes",
}

# Values that had other names once, by the names of their tables and settings.
_FORMER_VALUES = {("mcd", "backbone"): {"vit-1": "base-sc"}}

# What runs did before there was a setting for it.
_BEFORE_THEY_WERE_SETTINGS = {"passes_per_epoch": 1, "whole_experiments": False, "patch_size": 16}


def _renamed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings under the names that they have now, and their values too."""
    renamed = {_FORMER_NAMES.get(name, name): value for name, value in values.items()}
    for (table, name), values_now in _FORMER_VALUES.items():
        inside = renamed.get(table)
        if isinstance(inside, Mapping) and inside.get(name) in values_now:
            renamed[table] = {**inside, name: values_now[inside[name]]}
    return renamed


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of a run, whatever its objective.

    The defaults are those of the official training code. Where the paper says otherwise, the
    setting names both.

    Parameters
    ----------
    out
        Folder of the run: checkpoints, log and model folder. A run that is there continues.
    data
        Folders of crop sets.
    weights
        How often each set is drawn from, relative to the others; empty for in proportion to its
        antibodies, so that each is seen equally often.
    split
        Rows whose column `split` says this are used; empty for all rows.
    data_share
        Part of every set's antibodies that is used. The official default trains on a fiftieth,
        the paper on everything; the files in ``training/configs`` say 1.
    objective
        Name of the objective; its own settings are in a table of that name.

    size
        Published size of the encoder: T, S, B or L.
    width, heads
        Sizes of an unpublished encoder, instead of `size`; 0 for that of `size`.
    branch_depth
        Blocks of each branch; the paper's choice is 2. With 0 only the stems are grouped ("h_c"
        in the paper's table of components, which the official code cannot build).
    joint_depth
        Blocks of the joint encoder; -1 for as many as keep the parameters of a plain ViT.
    aggregation
        ``"post"``: channels are averaged after the branches, as in the paper. ``"pre"``: right
        after the stems; the official instructions do so where they train without MCD.
    input_size
        Side in pixels of the large views and of crops in the plugin.
    patch_size
        Side of a patch in pixels. Half the side sees finer structure at four times the tokens.
    position_grid
        Side of the grid of positions in patches; 0 for that of `input_size`.
    field_um
        Field that a crop covers, in micrometres; 0 for that of the crop sets.
    neighbours, readout, name, licence
        As in `napari_c3r.core.encoder.EncoderConfig`. An empty licence becomes those of the sets.

    classes_per_batch
        Antibodies of a batch in each process. The paper's 80 images for ViT-S and 48 for ViT-B
        are 10 and 6 of them with 8 cells each, on each of 8 GPUs.
    samples_per_class
        Cells of each antibody, spread over its cell lines and plates.
    whole_experiments
        Whether a batch takes all ids of one cell line before those of the next, as those of a
        simulated experiment, each of which has a cell line of its own.
    accumulation_steps
        Batches of a step in each process, each from a set of its own; gradients are averaged. One
        GPU with 8 takes the steps of the paper's 8 GPUs.
    epochs
        The paper has 100 for ViT-S and 50 for ViT-B.
    passes_per_epoch
        Passes over the antibodies that make an epoch. The official cells lie in four files for
        each antibody, and an epoch is a pass over the files. All that is counted in epochs follows.
    steps_per_epoch
        Steps that make an epoch; 0 for as many as `passes_per_epoch` need.
    learning_rate, min_learning_rate
        Peak, for 256 images and scaled linearly to those of a step, and end.
    warmup_epochs
        Epochs from 0 to the peak.
    weight_decay, end_weight_decay
        At the start and at the end. Official baselines use 0.1 to 0.5.
    max_grad_norm
        Largest norm of the gradient of each tensor by itself. Official baselines use 3.
    precision
        ``"float16"`` with scaled gradients is official; ``"bfloat16"`` needs no scaling.
        ``"auto"`` is bfloat16 where the device computes in it, else float16 on CUDA, else
        float32.

    start
        Model folder of an encoder of the same sizes, whose weights the run begins with; empty for
        random ones. A training of one's own can continue from the bundled weights this way. The
        patches may have another size: their projection and positions are resampled.
    seed
        Of everything random.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.
    resident_gb
        Crop sets are kept on the device up to this many GB together and read batch by batch
        beyond; -1 for half of what is free on a GPU and a quarter of the memory of a CPU.
    max_minutes
        Stop, with a checkpoint, after this time; 0 for never.
    log_steps
        Steps that a line of the log stands for.
    checkpoint_steps, checkpoint_minutes
        Write a checkpoint this often; 0 for never for that reason.
    folder_minutes
        Write the model folder this often; it is also written at the end.
    keep_epochs
        Write a model folder that stays, ``model-epoch-0010`` …, this often; 0 for never.
    """

    out: str
    data: tuple[str, ...]
    weights: tuple[float, ...] = ()
    split: str = "train"
    data_share: float = 0.02
    objective: str = "mcd"

    size: Literal["T", "S", "B", "L"] = "S"
    width: int = 0
    heads: int = 0
    branch_depth: int = 2
    joint_depth: int = -1
    aggregation: Aggregation = "post"
    input_size: int = 224
    patch_size: int = 16
    position_grid: int = 0
    field_um: float = 0.0
    neighbours: Neighbours = "mask"
    readout: Literal["cls", "cls+std"] = "cls"
    name: str = ""
    licence: str = ""

    classes_per_batch: int = 10
    samples_per_class: int = 8
    whole_experiments: bool = False
    accumulation_steps: int = 1
    epochs: int = 400
    passes_per_epoch: int = 4
    steps_per_epoch: int = 0
    learning_rate: float = 5e-4
    min_learning_rate: float = 1e-6
    warmup_epochs: int = 10
    weight_decay: float = 0.04
    end_weight_decay: float = 0.4
    max_grad_norm: float = 0.3
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"

    start: str = ""
    seed: int = 0
    device: str = "auto"
    resident_gb: float = -1.0
    max_minutes: float = 0.0
    log_steps: int = 20
    checkpoint_steps: int = 0
    checkpoint_minutes: float = 10.0
    folder_minutes: float = 30.0
    keep_epochs: int = 10

    def __post_init__(self) -> None:
        self._check("data", len(self.data) > 0, "must name at least one crop set")
        fits = len(self.weights) in (0, len(self.data)) and all(w > 0 for w in self.weights)
        self._check("weights", fits, "must be empty or one number above 0 per crop set")
        self._check("data_share", 0 < self.data_share <= 1, "must be above 0 and at most 1")
        for name in (
            "classes_per_batch",
            "samples_per_class",
            "accumulation_steps",
            "epochs",
            "passes_per_epoch",
            "log_steps",
        ):
            self._check(name, getattr(self, name) >= 1, "must be 1 or more")
        for name in ("steps_per_epoch", "warmup_epochs", "max_grad_norm", "learning_rate", "seed"):
            self._check(name, getattr(self, name) >= 0, "must be 0 or more")
        both = (self.width > 0) == (self.heads > 0)
        self._check("heads", both, "must be given together with width")

    def _check(self, name: str, valid: bool, wanted: str) -> None:
        if not valid:
            raise InputError(f"config: {name} {wanted}, not {getattr(self, name)!r}")

    @property
    def images_per_batch(self) -> int:
        """Cells of a batch in each process."""
        return self.classes_per_batch * self.samples_per_class

    def images_per_step(self, processes: int) -> int:
        """Cells of a step in all processes together."""
        return self.images_per_batch * self.accumulation_steps * processes

    def plan(self, classes: int, processes: int) -> Plan:
        """The length of the run.

        Parameters
        ----------
        classes
            Antibodies that are drawn from.
        processes
            How many train together.
        """
        per_step = self.classes_per_batch * self.accumulation_steps * processes
        passes = max(1, self.passes_per_epoch * classes // per_step)
        return Plan(self.epochs, self.steps_per_epoch or passes)

    def encoder(self) -> CceConfig:
        """Sizes of the encoder, as a context-concept encoder has them.

        Raises
        ------
        InputError
            If they make no network.
        """
        values: dict[str, Any] = {
            "branch_depth": self.branch_depth,
            "joint_depth": self.joint_depth,
            "aggregation": self.aggregation,
            "input_size": self.input_size,
            "patch_size": self.patch_size,
            "position_grid": self.position_grid or max(1, self.input_size // self.patch_size),
            "neighbours": self.neighbours,
            "readout": self.readout,
            "normalisation": NO_HOT_PIXELS,
        }
        if self.name:
            values["name"] = self.name
        if not self.width:
            return CceConfig.of_size(self.size, **values)
        if self.joint_depth == -1:
            values["joint_depth"] = auto_joint_depth(self.width, self.branch_depth)
        return CceConfig(**{"name": "C3R"} | values, width=self.width, heads=self.heads)


@dataclass(frozen=True)
class RunConfig:
    """The settings of a run and those of its objective.

    Parameters
    ----------
    run
        For the loop.
    options
        An instance of the objective's `Options`.
    """

    run: Config
    options: Any

    def encoder(self) -> EncoderConfig:
        """Describe the encoder that the objective trains.

        Raises
        ------
        InputError
            If the sizes make no network.
        """
        objective = find_objective(self.run.objective)
        return objective.encoder_config(self.run.encoder(), self.options)

    def to_json(self) -> str:
        """Write as one JSON object, the objective's settings under its name."""
        values = dataclasses.asdict(self.run)
        values[self.run.objective] = dataclasses.asdict(self.options)
        return json.dumps(values)

    def changed_since(self, earlier: str) -> list[str]:
        """Settings that differ from those of an earlier `to_json` and change what comes out."""
        now = json.loads(self.to_json())
        then = {**_BEFORE_THEY_WERE_SETTINGS, **_renamed(json.loads(earlier))}
        objective = self.run.objective
        if isinstance(then.get(objective), dict):
            # Settings of an objective are added with defaults that change nothing.
            plain = json.loads(json.dumps(dataclasses.asdict(type(self.options)())))
            then[objective] = {**plain, **then[objective]}
        names = [name for name in {**now, **then} if name not in _FREE_TO_CHANGE]
        return [name for name in names if now.get(name) != then.get(name)]


def load_config(arguments: Sequence[str]) -> RunConfig:
    """Read a configuration from the command line.

    Parameters
    ----------
    arguments
        The path of a TOML file, or none, followed by ``--key value`` and ``--objective.key value``
        pairs, which win over the file.

    Raises
    ------
    InputError
        If a setting is unknown, missing or wrong.
    """
    values: dict[str, Any] = {}
    where = "command line"
    if arguments and not arguments[0].startswith("--"):
        where = arguments[0]
        values, arguments = _renamed(read_toml(Path(where))), arguments[1:]
    overrides = _renamed(parse_overrides(arguments))
    objective = overrides.get("objective", values.get("objective", Config.objective))
    # A file may hold the settings of several objectives.
    values = {k: v for k, v in values.items() if k == objective or k not in OBJECTIVES}
    values = merge(values, overrides)
    kind = find_objective(objective)
    options = build(kind.Options, values.pop(objective, {}), f"{where}, [{objective}]")
    return RunConfig(build(Config, values, where), options)
