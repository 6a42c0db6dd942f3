"""How alike each channel is from cell to cell: parity and entropy (C3R, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Parity:
    """Parity and entropy of every channel.

    Attributes
    ----------
    table
        One row per channel: ``channel``; ``role``; ``parity``, the share of its cells in the
        cluster where most are; ``entropy`` in bits; ``cluster``, that cluster;
        ``parity_one_to_one`` and ``cluster_one_to_one``, where no two channels may have the
        same cluster.
    shares
        (channels, clusters), rows adding up to 1: ``p_c^k`` of eq. 1.
    """

    table: pd.DataFrame
    shares: NDArray[np.float64]

    @property
    def by_group(self) -> pd.DataFrame:
        """Means over the channels of each role, as in Table 1."""
        return self.table.groupby("role", sort=False)[
            ["parity", "entropy", "parity_one_to_one"]
        ].mean()


def parity_and_entropy(
    features: NDArray[np.float32],
    channel_names: tuple[str, ...],
    assignment: ChannelAssignment | None = None,
    *,
    seed: int = 42,
    n_init: int = 10,
) -> Parity:
    """Cluster the single-channel vectors of all channels, as many clusters as channels.

    The paper takes the most frequent cluster of a channel as its own (argmax), so that two
    channels can share one; its code assigns one to one (Hungarian method). Both are given.
    The entropy (base 2) is the same for either.

    Parameters
    ----------
    features
        (cells, channels, F): each channel of each cell embedded alone. The paper takes
        features of photographs (DINOv2) for it; ours are the encoder's, with the channel in
        both groups, so the figures can be compared within a data set and not with the paper's.
    channel_names
        Name of each channel.
    assignment
        Roles to group by; without it the role is empty.
    seed, n_init
        Of k-means; 42 and scikit-learn's default, which is 1 since 1.4, in the official code.

    Raises
    ------
    InputError
        Fewer than two channels or two cells.
    """
    n_cells, n_channels, _ = features.shape
    if n_channels < 2 or n_cells < 2:
        raise InputError(
            f"Parity compares channels over cells, and there are {n_channels} channels of "
            f"{n_cells} cells; give at least two of each"
        )
    shares = cluster_shares(features, seed=seed, n_init=n_init)
    return parity_of_shares(shares, channel_names, assignment)


def parity_of_shares(
    shares: NDArray[np.float64],
    channel_names: tuple[str, ...],
    assignment: ChannelAssignment | None = None,
) -> Parity:
    """As `parity_and_entropy`, from the share of each channel's cells in each cluster."""
    import pandas as pd

    rows, one_to_one = _one_to_one(shares)
    roles = assignment.to_dict() if assignment is not None else {}
    table = pd.DataFrame(
        {
            "channel": channel_names,
            "role": [roles.get(name, "") for name in channel_names],
            "parity": shares.max(axis=1),
            "entropy": entropy_bits(shares),
            "cluster": shares.argmax(axis=1),
            "parity_one_to_one": shares[rows, one_to_one],
            "cluster_one_to_one": one_to_one,
        }
    )
    return Parity(table, shares)


def cluster_shares(
    features: NDArray[np.float32], *, seed: int = 42, n_init: int = 10
) -> NDArray[np.float64]:
    """Share of each channel's cells in each cluster, (channels, channels); rows add up to 1."""
    from sklearn.cluster import KMeans

    n_cells, n_channels, width = features.shape
    flat = features.reshape(n_cells * n_channels, width)
    k = min(n_channels, len(np.unique(flat, axis=0)))
    found = KMeans(k, n_init=n_init, random_state=seed).fit_predict(flat)
    clusters = found.reshape(n_cells, n_channels)
    counts = [np.bincount(clusters[:, c], minlength=n_channels) for c in range(n_channels)]
    return np.array(counts) / n_cells


def entropy_bits(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shannon entropy of each row, in bits, 0 to log2 of the number of columns."""
    logs = np.log2(np.where(shares > 0, shares, 1))
    # Adding 0 turns the −0 of a row with a single cluster into 0.
    return np.asarray(-(shares * logs).sum(axis=1) + 0.0)


def _one_to_one(shares: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-shares)
    return np.asarray(rows, np.intp), np.asarray(columns, np.intp)
