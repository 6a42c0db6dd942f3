"""Small networks on frozen features: layers, the focal loss, and early stopping."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from napari_c3r.core.encoder.runtime import choose_device

OptimiserName = Literal["adamw", "adam"]
OPTIMISERS: Final = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}


@dataclass(frozen=True)
class Fitting:
    """How a network is trained.

    Parameters
    ----------
    epochs
        At most so many.
    patience
        Epochs without improvement of the validation score after which training stops; an equal
        score counts as one.
    rate_patience
        Epochs without improvement that are waited for before the learning rate is halved; None
        leaves it.
    batch
        Rows of a step.
    learning_rate, optimiser
        ``"adamw"`` with its usual weight decay of 0.01, or ``"adam"`` without.
    """

    epochs: int
    patience: int
    rate_patience: int | None
    batch: int
    learning_rate: float
    optimiser: OptimiserName


def perceptron(sizes: Sequence[int], dropout: float) -> nn.Sequential:
    """Linear layers, with ReLU and dropout between them."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers[:-2])


def focal_loss(logits: Tensor, targets: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Sigmoid focal loss of each number (Lin et al. 2017).

    Parameters
    ----------
    logits, targets
        Of one shape; targets 0 or 1.
    alpha
        Weight of positives; that of negatives is the rest to 1.
    gamma
        By which power of the share that is wrong a number is weighted.

    Returns
    -------
    Tensor
        Of the same shape.
    """
    plain = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    share = torch.sigmoid(logits)
    wrong = torch.where(targets > 0.5, 1 - share, share)
    weight = torch.where(targets > 0.5, alpha, 1 - alpha)
    return weight * wrong**gamma * plain


def fit(
    make: Callable[[], nn.Module],
    rows: NDArray[np.floating],
    targets: NDArray[np.floating],
    loss: Callable[[nn.Module, Tensor, Tensor], Tensor],
    validate: Callable[[nn.Module], float],
    fitting: Fitting,
    *,
    seed: int,
    device: str,
) -> nn.Module:
    """Train a network and give the best one by the validation score, in evaluation mode.

    Parameters
    ----------
    make
        Builds it; weights are drawn under the seed.
    rows, targets
        ``(n, d)`` and ``(n, k)``.
    loss
        Of the network, rows and targets of a step.
    validate
        The higher the better, after every epoch.
    fitting
        How.
    seed
        Of weights, dropout and the order of rows.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"``, …
    """
    where = choose_device(device)
    devices = [where] if where.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        network = make().to(where)
        shown, wanted = (
            torch.as_tensor(each, dtype=torch.float32).to(where) for each in (rows, targets)
        )
        optimiser = OPTIMISERS[fitting.optimiser](network.parameters(), fitting.learning_rate)
        rate = None
        if fitting.rate_patience is not None:
            rate = ReduceLROnPlateau(optimiser, "max", 0.5, fitting.rate_patience)
        best, best_score, since = copy.deepcopy(network), -np.inf, 0
        for _ in range(fitting.epochs):
            network.train()
            for step in torch.randperm(len(shown)).split(fitting.batch):
                optimiser.zero_grad()
                loss(network, shown[step], wanted[step]).backward()
                optimiser.step()
            score = validate(network.eval())
            since += 1
            if score >= best_score:
                best, best_score, since = copy.deepcopy(network), score, 0
            if since >= fitting.patience:
                break
            if rate is not None:
                rate.step(score)
    return best.eval()


@torch.inference_mode()
def outputs(
    network: nn.Module, rows: NDArray[np.floating], batch: int = 65536
) -> NDArray[np.float32]:
    """What a network makes of rows ``(n, d)``: ``(n, k)``."""
    where = next(network.parameters()).device
    parts = torch.as_tensor(rows, dtype=torch.float32).split(batch)
    return torch.cat([network(part.to(where)).cpu() for part in parts]).numpy()
