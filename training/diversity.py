"""What sets the training of DiChaViT apart: which channels are shown, and two losses.

Channels are drawn so that those shown together differ; the tokens of an image are to point in
different directions; and the embedding of each channel is to be nearest its own proxy (Pham and
Plummer 2024). Losses are computed in float32, or float64 where that comes in, also under autocast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from training.losses import at_least_float32

_FEW = 1e-6  # added to the numbers of pairs, of which there may be none


@dataclass(frozen=True, kw_only=True)
class DiversityOptions:
    """Settings of DiChaViT; by default those for CHAMMI, which the authors of C3R took too.

    Those for JUMP-CP are a temperature of 1000, weights of pairs of 1 and 4, and weights of both
    losses of 0.001.

    Parameters
    ----------
    sampling_temperature
        Divides the distances of the first channel drawn from all others; a high one makes all of
        them equally likely.
    draw
        ``"forward"``, as in the frame of C3R: teacher and student, large and small views share the
        first channel, and each draws the others by its own embeddings. ``"shared"``: all see what
        the teacher drew.
    same_channel, other_channel
        Weights of the mean cosine between tokens of one channel and of several.
    token_weight, proxy_weight
        Of the two losses.
    proxy_temperature
        The square of the lengths that embeddings and proxies are scaled to is its inverse.
    embedding_init
        How embeddings of channels begin: ``"orthogonal"``, or ``"normal"`` with deviation 1.
    """

    sampling_temperature: float = 0.1
    draw: Literal["forward", "shared"] = "forward"
    same_channel: float = 0.5
    other_channel: float = 2.0
    token_weight: float = 1.0
    proxy_weight: float = 0.1
    proxy_temperature: float = 0.07
    embedding_init: Literal["orthogonal", "normal"] = "orthogonal"


def token_loss(
    patches: Tensor,
    same_channel: float,
    other_channel: float,
    *,
    towards_own: bool = False,
    squared: bool = False,
) -> Tensor:
    """How alike the tokens of an image are, within a channel and between channels.

    Parameters
    ----------
    patches
        ``(B, C, N, D)``, projected and not yet marked by their channel.
    same_channel, other_channel
        Weights of the mean cosine between different tokens of one channel, and between tokens of
        different channels.
    towards_own
        Whether tokens of one channel are to become alike instead.
    squared
        Whether the means are squared; with `towards_own` only the second.

    Returns
    -------
    Tensor
        Scalar, the mean over images.
    """
    tokens = F.normalize(at_least_float32(patches), dim=-1)
    with torch.autocast(tokens.device.type, enabled=False):
        # The products of all pairs add up to the square of the sum, so that none of the
        # (C N)^2 is ever written down.
        sums = tokens.sum(2)
        own = sums.square().sum((1, 2))
        every = sums.sum(1).square().sum(1)
        itself = tokens.square().sum((1, 2, 3))
    channels, count = patches.shape[1:3]
    same = (own - itself) / (channels * count * (count - 1) + _FEW)
    other = (every - own) / (channels * (channels - 1) * count**2 + _FEW)
    other = other.square() if squared else other
    if towards_own:
        same = 1 - same
    elif squared:
        same = same.square()
    return (same_channel * same + other_channel * other).mean()


def proxy_loss(embeddings: Tensor, proxies: Tensor, own: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of finding the own proxy by its distance (Teh et al. 2020, eq. 4).

    Parameters
    ----------
    embeddings
        ``(n, D)``.
    proxies
        ``(m, D)``.
    own
        int64 ``(n,)``, which proxy is whose.
    temperature
        Both are brought to the length ``sqrt(1 / temperature)``.

    Returns
    -------
    Tensor
        Scalar, the mean over embeddings.
    """
    rows, columns = (F.normalize(at_least_float32(each), dim=-1) for each in (embeddings, proxies))
    with torch.autocast(rows.device.type, enabled=False):
        # The negative square of a distance but for a number that is the same for all.
        scores = 2 / temperature * rows @ columns.T
    return F.cross_entropy(scores, own)


def scores_of_channels(embeddings: Tensor, first: Tensor, temperature: float) -> Tensor:
    """Logits by which channels are drawn to a first one, the further from it the likelier.

    Parameters
    ----------
    embeddings
        ``(C, D)``.
    first
        Index of the first, a scalar tensor.
    temperature
        Divides ``1 - cosine``.

    Returns
    -------
    Tensor
        float32 ``(C,)``, or float64 where that comes in.
    """
    rows = F.normalize(at_least_float32(embeddings.detach()), dim=-1)
    with torch.autocast(rows.device.type, enabled=False):
        return (1 - rows @ rows[first]) / temperature


def draw_channels(scores: Tensor, first: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Draw channels without replacement; the first takes the last place if it was not drawn.

    Parameters
    ----------
    scores
        ``(C,)`` from `scores_of_channels`.
    first
        Index of the first, a scalar tensor.
    count
        Channels to draw.
    generator
        On the device of the scores.

    Returns
    -------
    Tensor
        int64 ``(count,)`` in the order in which they were drawn.
    """
    # Ranks of logits with Gumbel noise are draws one after the other (Kool et al. 2019).
    uniform = torch.rand(scores.shape, generator=generator, device=scores.device)
    noise = -torch.log(-torch.log(uniform.clamp(1e-12, 1 - 1e-7)))
    drawn = (scores + noise).argsort(descending=True)[:count]
    there = (drawn == first).any()
    last = torch.where(there, drawn[-1], first)
    return torch.cat([drawn[:-1], last[None]])
