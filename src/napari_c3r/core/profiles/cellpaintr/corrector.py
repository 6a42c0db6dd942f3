"""A fitted CellPainTR, as it is applied to profile tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_c3r.core.encoder.runtime import choose_device
from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.cellpaintr.config import CellPainTRConfig, FitOptions
from napari_c3r.core.profiles.cellpaintr.network import ProfileNetwork
from napari_c3r.core.profiles.cellpaintr.rows import Rows, require_complete, rows_of
from napari_c3r.core.profiles.frame import (
    TOLD,
    Controls,
    as_profiles,
    require_columns,
    with_step,
)

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

STEP: Final = "cellpaintr"
"""What the provenance of a corrected table calls it."""

MEAN, BY_CONTROLS = "mean", "controls"
"""Tokens for a source that the fit has not seen, besides that of one it has."""

_BYTES_AT_ONCE: Final = 64 * 2**20
_FEW_SHARED: Final = 0.5


@dataclass(frozen=True, eq=False)
class CellPainTR:
    """A fitted network, and what it was fitted on.

    Attributes
    ----------
    config, options
        The network, and how it was fitted.
    features, sources
        Plain names of features and names of sources, in the order of the network.
    told
        Treatments that the fit was told, as text. Profiles of one of these are alike because the
        fit made them so: how alike they are is no evidence.
    network
        On the CPU, in evaluation mode.
    scale
        By what prepared values are divided.
    typical
        ``(2, D)``: mean and standard deviation of the controls' profiles, None without controls.
    """

    config: CellPainTRConfig
    options: FitOptions
    features: tuple[str, ...]
    sources: tuple[str, ...]
    told: tuple[str, ...]
    scale: float
    network: ProfileNetwork = field(repr=False)
    typical: Tensor | None = field(repr=False, default=None)

    def encode(
        self,
        table: AnnData | pd.DataFrame,
        source: str | None = "plate",
        *,
        plate: str | None = None,
        controls: Controls | None = None,
        unseen: str = MEAN,
        treatment: str | None = None,
        device: str = "auto",
    ) -> AnnData:
        """Corrected profiles of any table.

        Parameters
        ----------
        table
            Any table that `as_profiles` takes. Features are found by name, whatever their order,
            case and underscores; those that it lacks count as not measured.
        source
            Column that says where a row is from; None where the fit has seen none of it.
        plate
            Column of what is brought to the scale of its controls by itself; by default `source`.
        controls
            Column and value of the controls; where None, all rows of a plate stand for them.
        unseen
            Token of a source that the fit has not seen: ``"mean"`` of all tokens,
            ``"controls"`` for that of the source with which these controls come out most like the
            controls of the fit, or the name of a source.
        treatment
            Column of the treatments, by which ``obs["told_to_fit"]`` says for each row whether the
            fit was told its treatment; None to look for them in every column.
        device
            Where it runs.

        Returns
        -------
        AnnData
            The same rows, with the `width` features ``cellpaintr_0000`` …, float64.

        Raises
        ------
        InputError
            A missing column, no shared feature, too few controls, or an unknown `unseen`.
        """
        profiles = as_profiles(table)
        rows = rows_of(
            profiles,
            self.features,
            plate or source,
            controls,
            self.options.clip_percent,
            self.config,
        ).divided(self.scale)
        self._require_token(unseen, rows)
        target = choose_device(device)
        network = self.network.to(target)
        try:
            tokens, notes = self._tokens(profiles, source, rows, unseen, target)
            values = encoded(network, rows, tokens)
        finally:
            self.network.to("cpu")
        made = _table_of(profiles, values)
        made.obs[TOLD] = self._told(profiles, treatment)
        return with_step(
            made,
            STEP,
            [*self._shared(profiles, rows), *notes],
            source=source or "",
            unseen=unseen,
            seed=self.options.seed,
        )

    def _told(self, profiles: AnnData, treatment: str | None) -> NDArray[np.bool_]:
        """Which rows have a treatment that the fit was told, ``(n,)``."""
        columns = [treatment] if treatment else [*map(str, profiles.obs.columns)]
        require_columns(profiles, columns)
        found = [profiles.obs[name].astype(str).isin(self.told).to_numpy() for name in columns]
        return np.asarray(np.any(found, axis=0) if found else np.zeros(len(profiles), bool))

    def _require_token(self, unseen: str, rows: Rows) -> None:
        if unseen not in (MEAN, BY_CONTROLS, *self.sources):
            raise InputError(
                f"unseen is '{unseen}'; give '{MEAN}', '{BY_CONTROLS}', or a source of the fit: "
                f"{', '.join(self.sources[:8])}"
            )
        if unseen == BY_CONTROLS and (self.typical is None or rows.is_control is None):
            whose = "The fit has" if self.typical is None else "The table names"
            raise InputError(f"{whose} no controls to choose a token by: give controls, or another")

    def _shared(self, profiles: AnnData, rows: Rows) -> list[str]:
        shared = int(rows.measured.any(axis=0).sum())
        total = len(self.features)
        if shared == total == profiles.n_vars:
            return []
        weak = ": too few for a close fit" if shared < _FEW_SHARED * total else ""
        return [
            f"{shared} of the {total} features of the fit are measured, and "
            f"{profiles.n_vars - shared} of the table are not used{weak}"
        ]

    def _tokens(
        self,
        profiles: AnnData,
        source: str | None,
        rows: Rows,
        unseen: str,
        device: torch.device,
    ) -> tuple[Tensor, list[str]]:
        """Token of each row ``(n, D)``, and what is to be said about them."""
        names = np.full(len(profiles), "", object)
        if source is not None:
            column = profiles.obs[require_complete(profiles, source)]
            names = column.astype(str).to_numpy(object)
        weight = self.network.sources.weight.detach()
        tokens = torch.empty(len(names), weight.shape[1], device=device)
        notes = []
        for name in dict.fromkeys(names):
            own = torch.from_numpy(names == name).to(device)
            if source is not None and name in self.sources:
                tokens[own] = weight[self.sources.index(name)]
                continue
            chosen = unseen
            if unseen == BY_CONTROLS:
                chosen = self._nearest(rows, names == name)
            tokens[own] = self._token(chosen)
            called = f"source '{name}'" if name else "all rows"
            as_what = "the mean of all tokens" if chosen == MEAN else f"the token of '{chosen}'"
            notes.append(f"{called}: not seen by the fit, taken with {as_what}")
        return tokens, notes

    def _token(self, name: str) -> Tensor:
        weight = self.network.sources.weight.detach()
        return weight.mean(0) if name == MEAN else weight[self.sources.index(name)]

    def _nearest(self, rows: Rows, own: NDArray[np.bool_]) -> str:
        """The token with which some controls come out most like those of the fit."""
        assert rows.is_control is not None
        assert self.typical is not None
        chosen = own & rows.is_control
        if not chosen.any():
            raise InputError("A source has no controls to choose a token by: give another")
        few = Rows(rows.values[chosen], rows.measured[chosen], None)
        middle, spread = self.typical.double().numpy()

        def away(name: str) -> float:
            found = encoded(self.network, few, self._token(name).expand(int(chosen.sum()), -1))
            return float((((found.mean(axis=0) - middle) / spread) ** 2).mean())

        return min((MEAN, *self.sources), key=away)


@torch.no_grad()
def encoded(network: ProfileNetwork, rows: Rows, tokens: Tensor) -> NDArray[np.float64]:
    """Class tokens of prepared rows, ``(n, D)``.

    Parameters
    ----------
    network
        In evaluation mode.
    rows
        Of n profiles.
    tokens
        Of their sources, ``(n, D)``, on the network's device.
    """
    n_tokens, width = network.names.weight.shape
    at_once = max(1, min(256, _BYTES_AT_ONCE // (12 * (n_tokens + 1) * width)))
    values = torch.from_numpy(rows.values)
    hidden = torch.from_numpy(~rows.measured & (network.config.missing == "mask"))
    found = [
        network(
            values[start : start + at_once].to(tokens.device),
            hidden[start : start + at_once].to(tokens.device),
            tokens[start : start + at_once],
        )[0].cpu()
        for start in range(0, len(values), at_once)
    ]
    return torch.cat(found).double().numpy()


def _table_of(profiles: AnnData, values: NDArray[np.float64]) -> AnnData:
    import pandas as pd
    from anndata import AnnData

    names = [f"{STEP}_{number:04d}" for number in range(values.shape[1])]
    return AnnData(
        X=values,
        obs=profiles.obs.copy(),
        var=pd.DataFrame(index=pd.Index(names, dtype=object)),
        uns=dict(profiles.uns),
    )
