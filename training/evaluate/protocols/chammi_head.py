"""CHAMMI-ZS: a perceptron trained on frozen features of all collections with the proxy loss."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from napari_c3r.core.encoder.runtime import choose_device
from napari_c3r.core.errors import InputError
from training.diversity import proxy_loss
from training.evaluate.metrics import standardised
from training.evaluate.protocols.features import Features
from training.evaluate.protocols.heads import outputs
from training.evaluate.protocols.protocol import ProtocolOptions


@dataclass(frozen=True, kw_only=True)
class HeadOptions(ProtocolOptions):
    """Settings of the perceptron; CHAMMI's own where the paper names no others.

    Parameters
    ----------
    hidden, width
        Of its two layers.
    standardise
        Whether features are standardised on the cells trained on.
    temperature
        Of the proxy loss.
    seeds
        A perceptron for each.
    learning_rate, end_learning_rate, warmup_learning_rate, warmup_epochs, weight_decay
        Of AdamW: a straight line up, then half a cosine down.
    epochs, batch
        Of the training.
    """

    hidden: int = 512
    width: int = 256
    standardise: bool = True
    temperature: float = 1 / 9
    seeds: tuple[int, ...] = (0, 1, 2)
    learning_rate: float = 5e-4
    end_learning_rate: float = 1e-6
    warmup_learning_rate: float = 1e-5
    warmup_epochs: int = 3
    weight_decay: float = 5e-5
    epochs: int = 15
    batch: int = 128


def adapted(features: Features, options: HeadOptions, seed: int) -> Features:
    """Train on the cells of the split train, and give what the perceptron makes of all cells.

    Parameters
    ----------
    features
        Of all collections, all of one length, with ``dataset``, ``split`` and ``label``.
    options
        How.
    seed
        Of weights, proxies and the order of cells.

    Raises
    ------
    InputError
        Vectors of the collections are of different lengths.
    """
    try:
        features = features.require_finite()
    except InputError as error:
        raise InputError(
            "vectors of the collections differ in length, or hold NaN; with --join mean and "
            "--run.concept_mode joint all are of one length"
        ) from error
    train = features.text("split") == "train"
    # A label is one of its collection.
    both = np.char.add(np.char.add(features.text("dataset"), "/"), features.text("label"))
    names, labels = np.unique(both[train], return_inverse=True)
    shown = features.vectors.astype(np.float32)
    if options.standardise:
        shown = standardised(features.vectors, features.vectors[train]).astype(np.float32)
    device = choose_device(options.run.device)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Linear(shown.shape[1], options.hidden),
            nn.GELU(),
            nn.Linear(options.hidden, options.width),
        ).to(device)
        proxies = nn.Parameter(torch.randn(len(names), options.width, device=device) / 8)
        _train(
            network,
            proxies,
            torch.from_numpy(shown[train]).to(device),
            torch.from_numpy(labels).to(device),
            options,
        )
    return Features(outputs(network.eval(), shown), features.table)


def _train(
    network: nn.Module, proxies: nn.Parameter, rows: Tensor, labels: Tensor, options: HeadOptions
) -> None:
    optimiser = torch.optim.AdamW(
        [*network.parameters(), proxies], options.learning_rate, weight_decay=options.weight_decay
    )
    for epoch in range(options.epochs):
        for group in optimiser.param_groups:
            group["lr"] = _rate(epoch, options)
        for step in torch.randperm(len(rows)).split(options.batch):
            optimiser.zero_grad()
            proxy_loss(network(rows[step]), proxies, labels[step], options.temperature).backward()
            optimiser.step()


def _rate(epoch: int, options: HeadOptions) -> float:
    """Learning rate of an epoch."""
    if epoch < options.warmup_epochs:
        share = epoch / options.warmup_epochs
        return options.warmup_learning_rate * (1 - share) + options.learning_rate * share
    share = (epoch - options.warmup_epochs) / max(1, options.epochs - options.warmup_epochs)
    reach = options.learning_rate - options.end_learning_rate
    return options.end_learning_rate + reach * (1 + math.cos(math.pi * share)) / 2
