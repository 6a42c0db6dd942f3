"""The network of CellPainTR: a token per feature, one for the source, one for the profile."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_c3r.core.profiles.cellpaintr.config import CellPainTRConfig
from napari_c3r.core.profiles.cellpaintr.hyena import Hyena


class Block(nn.Module):
    """A Hyena operator and an MLP, each on normalised tokens and added to them.

    Parameters
    ----------
    config
        The sizes.
    longest
        Tokens of the longest sequence.
    """

    def __init__(self, config: CellPainTRConfig, longest: int) -> None:
        super().__init__()
        width = config.width
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.hyena = Hyena(width, longest, config.filter_width, config.filter)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Transform tokens: ``(B, L, D)`` to ``(B, L, D)``."""
        tokens = tokens + self.hyena(self.norm1(tokens))
        hidden = F.gelu(self.fc1(self.norm2(tokens)), approximate="tanh")
        return tokens + self.fc2(hidden)


class ProfileNetwork(nn.Module):
    """Profiles and where they are from, to one vector each.

    Parameters
    ----------
    config
        The sizes D and choices.
    n_features, n_sources
        Features F and sources S that it is fitted on.
    """

    def __init__(self, config: CellPainTRConfig, n_features: int, n_sources: int) -> None:
        super().__init__()
        width = config.width
        self.config = config
        self.adaptor = nn.Linear(1, width)
        self.cls = nn.Parameter(torch.zeros(width))
        self.mask_token = nn.Parameter(torch.zeros(width))
        # The class token has the first of the names.
        self.names = nn.Embedding(1 + n_features, width)
        self.sources = nn.Embedding(n_sources, width)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config, n_features + 2) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(width)
        self.regressor = nn.Sequential(
            nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width), nn.Linear(width, 1)
        )

    def forward(self, values: Tensor, hidden: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
        """Encode profiles.

        Parameters
        ----------
        values
            ``(B, F)``, in the order of the features it is fitted on.
        hidden
            ``(B, F)`` boolean: where the mask token stands for the value.
        source
            ``(B, D)``, token of each profile's source.

        Returns
        -------
        profile
            ``(B, D)``, the class token.
        features
            ``(B, F, D)``, from which `regressor` tells the values.
        """
        tokens = torch.where(hidden[..., None], self.mask_token, self.adaptor(values[..., None]))
        cls = self.cls.expand(len(values), 1, -1)
        tokens = torch.cat([cls, tokens], dim=1) + self.names.weight
        last = self.config.source_place == "last"
        n_before = tokens.shape[1] if last else 1
        tokens = torch.cat([tokens[:, :n_before], source[:, None], tokens[:, n_before:]], dim=1)
        tokens = self.dropout(tokens)
        for block in self.blocks:
            tokens = block(tokens)
        tokens = self.norm(tokens)
        first = 1 if last else 2
        return tokens[:, 0], tokens[:, first : first + values.shape[1]]
