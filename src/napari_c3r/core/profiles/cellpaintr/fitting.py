"""Fitting a CellPainTR on a profile table: one stage after the other, batch by batch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_c3r.core.encoder.runtime import choose_device
from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.cellpaintr.checkpoint import Place, read_checkpoint, write_checkpoint
from napari_c3r.core.profiles.cellpaintr.config import STAGES, CellPainTRConfig, FitOptions
from napari_c3r.core.profiles.cellpaintr.corrector import CellPainTR, encoded
from napari_c3r.core.profiles.cellpaintr.names import feature_groups, plain_names
from napari_c3r.core.profiles.cellpaintr.network import ProfileNetwork
from napari_c3r.core.profiles.cellpaintr.objective import (
    compound_contrast,
    draw_batches,
    draw_hidden,
    masked_error,
)
from napari_c3r.core.profiles.cellpaintr.rows import Rows, require_complete, rows_of
from napari_c3r.core.profiles.frame import Controls, as_profiles, require_columns

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_LARGEST_GRADIENT: Final = 1.0
_FEWEST_FEATURES: Final = 2


@dataclass(frozen=True)
class FitProgress:
    """How far a fit is.

    Attributes
    ----------
    stage
        Of `STAGES`.
    done
        Share of the whole fit, 0 to 1.
    loss
        Of the last batch.
    skipped
        Batches so far whose loss was no number, so that nothing was learned from them.
    """

    stage: str
    done: float
    loss: float
    skipped: int


def fit_cellpaintr(
    table: AnnData | pd.DataFrame,
    source: str = "plate",
    treatment: str = "compound",
    controls: Controls | None = None,
    *,
    plate: str | None = None,
    config: CellPainTRConfig | None = None,
    options: FitOptions | None = None,
    checkpoint: str | Path | None = None,
) -> CellPainTR:
    """Fit a CellPainTR on a profile table.

    Parameters
    ----------
    table
        Any table that `as_profiles` takes, one row a well. What is missing was not measured.
    source
        Column of what has a token of its own, such as the laboratory, the batch or the plate.
    treatment
        Column of what replicates share. Rows without a value have no replicates: leave out the
        treatments that are to be judged afterwards, as those that the fit is told are made alike.
    controls
        Column and value of the negative controls, to whose scale each plate is brought; where
        None, all rows of a plate stand for them.
    plate
        Column of what is brought to scale by itself; by default `source`.
    config, options
        The network, and how it is fitted; ours for small tables by default, see
        `CellPainTRConfig.published` and `FitOptions.published`.
    checkpoint
        File that is written after every epoch; from one of the same table and settings the fit
        goes on, to the same numbers.

    Returns
    -------
    CellPainTR
        The same for the same table, settings and seed on one machine.

    Raises
    ------
    InputError
        A missing column, one source only, no treatment in two sources, too few features or
        controls, or a checkpoint of another fit.
    """
    steps = fit_steps(
        table,
        source,
        treatment,
        controls,
        plate=plate,
        config=config,
        options=options,
        checkpoint=checkpoint,
    )
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def fit_steps(
    table: AnnData | pd.DataFrame,
    source: str = "plate",
    treatment: str = "compound",
    controls: Controls | None = None,
    *,
    plate: str | None = None,
    config: CellPainTRConfig | None = None,
    options: FitOptions | None = None,
    checkpoint: str | Path | None = None,
) -> Generator[FitProgress, None, CellPainTR]:
    """As `fit_cellpaintr`, which yields after every batch and returns the fit."""
    config, options = config or CellPainTRConfig(), options or FitOptions()
    profiles = as_profiles(table)
    names = tuple(plain_names([str(name) for name in profiles.var_names]))
    if len(names) < _FEWEST_FEATURES:
        raise InputError(
            f"The table has {len(names)} feature, where {_FEWEST_FEATURES} are the least: "
            "CellPainTR learns from how features go together"
        )
    sources, of_source = _sources(profiles, source)
    told, compounds = _compounds(profiles, treatment, source)
    rows = rows_of(profiles, names, plate or source, controls, options.clip_percent, config)
    scale = rows.spread() if options.scale == "unit" else 1.0
    rows = rows.divided(scale)
    fit = _Fit(
        config,
        options,
        rows,
        of_source,
        compounds,
        feature_groups([str(name) for name in profiles.var_names])
        if options.masking == "groups"
        else np.arange(len(names)),
        _fingerprint(rows, of_source, compounds, names, config, options),
    )
    network = fit.start(len(names), len(sources))
    yield from fit.run(network, None if checkpoint is None else Path(checkpoint))
    network = network.eval().requires_grad_(False).cpu()
    typical = None
    if rows.is_control is not None:
        chosen = rows.is_control
        few = Rows(rows.values[chosen], rows.measured[chosen], None)
        found = encoded(network, few, network.sources.weight[torch.from_numpy(of_source[chosen])])
        typical = torch.from_numpy(np.stack([found.mean(axis=0), found.std(axis=0) + 1e-6])).float()
    return CellPainTR(config, options, names, sources, told, scale, network, typical)


@dataclass(frozen=True)
class _Fit:
    """Rows, their sources and compounds, and how the network learns from them."""

    config: CellPainTRConfig
    options: FitOptions
    rows: Rows
    of_source: NDArray[np.intp]
    compounds: NDArray[np.intp]
    groups: NDArray[np.intp]
    fingerprint: str

    def start(self, n_features: int, n_sources: int) -> ProfileNetwork:
        """A network with its first weights, on the device."""
        device = choose_device(self.options.device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.options.seed)
            return ProfileNetwork(self.config, n_features, n_sources).to(device).train()

    def run(
        self, network: ProfileNetwork, checkpoint: Path | None
    ) -> Generator[FitProgress, None, None]:
        """All stages, from where a checkpoint is."""
        optimiser = torch.optim.AdamW(network.parameters(), lr=0.0, weight_decay=0.0)
        reached = Place()
        if checkpoint is not None:
            reached = read_checkpoint(checkpoint, network, optimiser, self.fingerprint)
        skipped, options = reached.skipped, self.options
        epochs = options.all_epochs
        for number in range(reached.epoch, epochs):
            stage = options.stage_of(number)
            batches = self._batches(stage, number)
            for turn, batch in enumerate(batches):
                done, step = (number + turn / len(batches)) / epochs, number * len(batches) + turn
                optimiser.param_groups[0]["lr"] = options.rate_at(stage, done, step)
                loss = self._learn(network, optimiser, batch, stage, (number, turn))
                skipped += not np.isfinite(loss)
                done = (number + (turn + 1) / len(batches)) / epochs
                yield FitProgress(STAGES[stage], done, loss, skipped)
            if checkpoint is not None:
                place = Place(number + 1, skipped)
                write_checkpoint(checkpoint, network, optimiser, self.fingerprint, place)

    def _batches(self, stage: int, number: int) -> list[NDArray[np.intp]]:
        size = self.options.rows_at_once(stage, *self.rows.values.shape)
        everything = np.arange(len(self.of_source))
        within = [everything[self.of_source == each] for each in range(self.of_source.max() + 1)]
        groups = within if stage < len(STAGES) - 1 else [everything]
        paired = stage > 0 and self.options.draw == "paired"
        # Drawn from the number of the epoch, so that a fit that goes on draws the same.
        rng = np.random.default_rng([self.options.seed, number])
        return draw_batches(groups, self.compounds, size, rng, paired=paired)

    def _learn(
        self,
        network: ProfileNetwork,
        optimiser: torch.optim.Optimizer,
        batch: NDArray[np.intp],
        stage: int,
        turn: tuple[int, int],
    ) -> float:
        rng = np.random.default_rng([self.options.seed, *turn, 1])
        share = rng.uniform(self.options.least_hidden, self.options.most_hidden)
        drawn = draw_hidden(self.rows.measured[batch], self.groups, share, rng)
        device = network.cls.device
        devices = [device] if device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(int(rng.integers(2**31)))
            loss = self._loss(network, batch, torch.from_numpy(drawn).to(device), stage)
        if not torch.isfinite(loss):
            return float("nan")
        optimiser.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
        if not torch.isfinite(norm):
            return float("nan")
        optimiser.step()
        return loss.item()

    def _loss(
        self, network: ProfileNetwork, batch: NDArray[np.intp], drawn: Tensor, stage: int
    ) -> Tensor:
        device = drawn.device
        values = torch.from_numpy(self.rows.values[batch]).to(device)
        hidden = drawn
        if self.config.missing == "mask":
            hidden = drawn | ~torch.from_numpy(self.rows.measured[batch]).to(device)
        source = network.sources(torch.from_numpy(self.of_source[batch]).to(device))
        profile, features = network(values, hidden, source)
        loss = masked_error(network.regressor(features)[..., 0], values, drawn)
        if stage == 0:
            return loss
        compounds = torch.from_numpy(self.compounds[batch]).to(device)
        return loss + compound_contrast(profile, compounds, self.options.temperature)


def _sources(profiles: AnnData, source: str) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Names of the sources in order, and the number of each row's."""
    column = profiles.obs[require_complete(profiles, source)].astype(str)
    names, numbers = np.unique(column.to_numpy(str), return_inverse=True)
    if len(names) < 2:
        raise InputError(f"All rows have the '{source}' '{names[0]}': nothing to correct")
    return tuple(map(str, names)), numbers.astype(np.intp)


def _compounds(
    profiles: AnnData, treatment: str, source: str
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Treatments that have replicates, and a number for each row's; one of its own without."""
    require_columns(profiles, [treatment])
    column = profiles.obs[treatment]
    labels = column.astype(str).where(column.notna())
    spread = profiles.obs[source].astype(str).groupby(labels.to_numpy(object)).nunique()
    if not (spread > 1).any():
        raise InputError(
            f"No '{treatment}' is in two values of '{source}', so nothing shows in what they "
            "differ: choose another column, or add controls that are in all"
        )
    names = sorted(set(labels.dropna()))
    place = {name: number for number, name in enumerate(names)}
    numbers = labels.map(place).to_numpy(float, na_value=np.nan)
    # A row without a treatment has no other of its own.
    numbers = np.where(np.isnan(numbers), len(names) + np.arange(len(labels)), numbers)
    return tuple(names), numbers.astype(np.intp)


def _fingerprint(
    rows: Rows,
    of_source: NDArray[np.intp],
    compounds: NDArray[np.intp],
    names: tuple[str, ...],
    config: CellPainTRConfig,
    options: FitOptions,
) -> str:
    """A hash of all that decides what a fit comes to."""
    settings = {**asdict(config), **asdict(options), "names": names}
    made = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for part in (rows.values, rows.measured, of_source, compounds):
        made.update(np.ascontiguousarray(part).tobytes())
    return made.hexdigest()
