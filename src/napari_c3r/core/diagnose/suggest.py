"""Roles suggested from the data and the names, with how sure the suggestion is."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment, Role, stains
from napari_c3r.core.diagnose.parity import cluster_shares, entropy_bits
from napari_c3r.core.errors import InputError

RESAMPLES = 25
"""Times the cells are drawn anew to see how stable the data's answer is."""

MIN_CELLS = 10
"""Below so many cells, the data have no say."""

# How much to trust each source. A stain that is named settles a role; what the data say is a
# tendency: the paper's own ER channel of JUMP-CP (Table 6) would come out as a concept.
_NAMED_STAIN = 0.95
_NAMED_LIKE_A_GENE = 0.85
_NAMED_BY_WAVELENGTH = 0.7
_DATA_AT_MOST = 0.7


@dataclass(frozen=True)
class RoleSuggestion:
    """A role for every channel, and where it comes from.

    Attributes
    ----------
    assignment
        The suggested roles, with reasons.
    confidence
        Probability of the suggested role, 0.5 to 1, by channel.
    by_data
        Share of resamples in which the data alone call the channel context, by channel; empty
        where there are too few cells.
    by_name
        Probability of context by the name alone, by channel.
    """

    assignment: ChannelAssignment
    confidence: dict[str, float]
    by_data: dict[str, float]
    by_name: dict[str, float]

    def data_role(self, name: str) -> Role | None:
        """What the data alone say of a channel; None where they have no say."""
        if name not in self.by_data:
            return None
        return Role.CONTEXT if self.by_data[name] >= 0.5 else Role.CONCEPT


def suggest_roles(
    features: NDArray[np.float32], channel_names: tuple[str, ...], *, seed: int = 0
) -> RoleSuggestion:
    """Suggest roles: channels that look alike in every cell are context (C3R, section 3.1).

    The paper shows that context channels have higher parity and lower entropy, and leaves the
    threshold to the reader. Here the channels are put in order of parity minus relative
    entropy and divided at the widest gap, once for each of `RESAMPLES` draws of the cells;
    how often a channel falls on the upper side is what the data say. What the name says is
    added to it as evidence of its own (log-odds).

    Parameters
    ----------
    features
        (cells, channels, F), as for `parity_and_entropy`.
    channel_names
        Name of each channel.
    seed
        Of the resamples and of k-means.

    Raises
    ------
    InputError
        Fewer than two channels.
    """
    if len(channel_names) < 2:
        raise InputError("Roles are suggested by comparing channels; give at least two")
    by_name = {name: _context_by_name(name, channel_names) for name in channel_names}
    spread = features.std(axis=0).max(axis=1)
    constant = {name for name, s in zip(channel_names, spread, strict=True) if s < 1e-6}
    usable = [name for name in channel_names if name not in constant]
    by_data: dict[str, float] = {}
    if len(features) >= MIN_CELLS and len(usable) >= 2:
        kept = features[:, [channel_names.index(name) for name in usable]]
        by_data = dict(zip(usable, _context_share(kept, seed), strict=True))
    odds = {name: _log_odds(by_name[name]) + _data_odds(by_data, name) for name in channel_names}
    roles = {name: Role.CONTEXT if odds[name] >= 0 else Role.CONCEPT for name in channel_names}
    roles |= dict.fromkeys(constant, Role.IGNORE)
    for name, stain in stains.identify_all(channel_names).items():
        if stain is stains.Stain.TRANSMITTED:
            roles[name] = Role.IGNORE
    _fill_empty_group(roles, odds)
    reasons = {name: _reason(name, name in constant, by_data, by_name) for name in channel_names}
    confidence = {
        name: 1 / (1 + exp(-abs(odds[name]))) if _agrees(roles[name], odds[name]) else 0.5
        for name in channel_names
    }
    return RoleSuggestion(ChannelAssignment(roles, reasons), confidence, by_data, by_name)


def _context_share(features: NDArray[np.float32], seed: int) -> NDArray[np.float64]:
    """Share of resamples in which each channel lies above the widest gap, (channels,)."""
    rng = np.random.default_rng(seed)
    n_cells, n_channels, _ = features.shape
    above = np.zeros(n_channels)
    for number in range(RESAMPLES):
        rows = rng.integers(0, n_cells, n_cells)
        shares = cluster_shares(features[rows], seed=seed + number, n_init=2)
        scores = shares.max(axis=1) - entropy_bits(shares) / np.log2(n_channels)
        order = np.argsort(scores)
        gap = int(np.argmax(np.diff(scores[order])))
        above[order[gap + 1 :]] += 1
    return above / RESAMPLES


def _context_by_name(name: str, names: tuple[str, ...]) -> float:
    stain = stains.identify_all(names)[name]
    if stain is not None:
        return _NAMED_STAIN if stains.INFO[stain].structural else 1 - _NAMED_STAIN
    if stains.is_gene_or_antibody(name):
        return 1 - _NAMED_LIKE_A_GENE
    wavelength = stains.excitation_nm(name)
    if wavelength is None:
        return 0.5
    nuclear = stains.is_nuclear_excitation(wavelength)
    return _NAMED_BY_WAVELENGTH if nuclear else 1 - _NAMED_BY_WAVELENGTH


def _log_odds(probability: float) -> float:
    return log(probability / (1 - probability))


def _data_odds(by_data: dict[str, float], name: str) -> float:
    if name not in by_data:
        return 0.0
    return _log_odds(0.5 + (by_data[name] - 0.5) * 2 * (_DATA_AT_MOST - 0.5))


def _fill_empty_group(roles: dict[str, Role], odds: dict[str, float]) -> None:
    """Give an empty group the channel that leans to it most, in place."""
    used = [name for name, role in roles.items() if role is not Role.IGNORE]
    if len(used) < 2:
        for name in used:
            roles[name] = Role.BOTH
        return
    if all(roles[name] is Role.CONCEPT for name in used):
        roles[max(used, key=lambda name: odds[name])] = Role.CONTEXT
    elif all(roles[name] is Role.CONTEXT for name in used):
        roles[min(used, key=lambda name: odds[name])] = Role.CONCEPT


def _agrees(role: Role, odds: float) -> bool:
    return role is (Role.CONTEXT if odds >= 0 else Role.CONCEPT)


def _reason(name: str, constant: bool, by_data: dict[str, float], by_name: dict[str, float]) -> str:
    if constant:
        return "constant in every cell: it tells none apart"
    parts = []
    if by_name[name] != 0.5:
        parts.append(f"the name says {'context' if by_name[name] > 0.5 else 'concept'}")
    if name in by_data:
        share = by_data[name]
        side = "alike" if share >= 0.5 else "different"
        parts.append(f"{side} from cell to cell in {max(share, 1 - share):.0%} of resamples")
    return "; ".join(parts) or "too few cells, and a name that says nothing"
