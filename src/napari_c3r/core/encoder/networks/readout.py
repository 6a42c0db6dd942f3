"""How tokens become a vector."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_c3r.core.encoder.config import Readout


def read_out(tokens: Tensor, readout: Readout) -> Tensor:
    """Turn tokens into a vector.

    Parameters
    ----------
    tokens
        ``(B, 1 + N, D)``, class token first.
    readout
        ``"cls"``, ``"cls+std"`` or ``"mean"``.

    Returns
    -------
    Tensor
        The class token ``(B, D)``; for ``"cls+std"``, ``(B, 2 D)``: the class token, then for each
        feature the population standard deviation (divided by N) over the N patch tokens, which
        says how unevenly it is spread over the cell, and is 0 for a single patch; for ``"mean"``,
        the mean of the patch tokens ``(B, D)``.

    Raises
    ------
    ValueError
        For a readout that takes weights.
    """
    if readout == "mean":
        return tokens[:, 1:].mean(dim=1)
    if readout not in ("cls", "cls+std"):
        raise ValueError(f"the readout '{readout}' takes weights")
    cls_token = tokens[:, 0]
    if readout == "cls":
        return cls_token
    return torch.cat([cls_token, tokens[:, 1:].std(dim=1, correction=0)], dim=1)
