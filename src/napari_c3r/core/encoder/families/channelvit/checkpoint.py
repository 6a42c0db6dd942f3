"""Official weights of ChannelViT and DiChaViT, and how the two are told apart.

The official codes write the embeddings of channels as ``(1, D, C, 1, 1)`` or as a table ``(C, D)``
of its own name, and the projection for volumes; the authors of C3R as ``(C, D, 1, 1)`` or
``(C, D)``, and the projection for images. DiChaViT alone has a proxy for each channel, which serves
its training only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from napari_c3r.core.encoder.channel_map import name_inputs
from napari_c3r.core.encoder.networks.sizes import heads_of
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

PROXIES: Final = "patch_embed.channel_emb_proxies"
_KERNEL: Final = "patch_embed.proj.weight"
_EMBED: Final = "patch_embed.channel_embed"
_TABLE: Final = f"{_EMBED}.weight"


def is_known(weights: Mapping[str, Tensor]) -> bool:
    """Whether weights are of a network with an embedding for every channel."""
    return _EMBED in weights or _TABLE in weights


def values_of(weights: Mapping[str, Tensor], values: Mapping[str, Any]) -> dict[str, Any]:
    """Read the fields of a configuration from the shapes and names of weights.

    Parameters
    ----------
    weights, values
        As `EncoderFamily.config_from_checkpoint` takes them; `channels` among the values is a
        mapping of names to indices.

    Returns
    -------
    dict
        By field.

    Raises
    ------
    InputError
        If a weight is not as any code has it, or a value is missing or wrong.
    """
    positions, kernel = weights.get("pos_embed"), weights.get(_KERNEL)
    known = positions is not None and positions.ndim == 3
    known = known and kernel is not None and kernel.ndim in (4, 5) and bool(kernel.numel())
    embeddings = _embeddings(weights)
    if not known or embeddings is None:
        raise InputError(f"lacks 'pos_embed', '{_KERNEL}' or '{_EMBED}' in a shape they have")
    assert positions is not None
    assert kernel is not None
    count, width = embeddings.shape
    blocks = (re.match(r"blocks\.(\d+)\.", name) for name in weights)
    sizes = {
        "width": width,
        "heads": heads_of(width, values),
        "depth": len({match[1] for match in blocks if match}),
        "patch_size": kernel.shape[-1],
        "position_grid": round((positions.shape[1] - 1) ** 0.5),
        "positions": "official",
        "unseen": "refuse",
    }
    if not (named := values.get("channels")):
        raise InputError(
            f"has {count} trained channels and no names of them: give channels=, in a shell "
            f"--channels NAME=0,… up to NAME={count - 1}"
        )
    return {**sizes, **values, "channels": name_inputs(named, count)}


def weights_of(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Bring official weights to the names and shapes of `ChannelViT`.

    What serves training only is left out.
    """
    dropped = (PROXIES, f"{PROXIES}.weight", "masked_embed", _TABLE)
    found = {name: value for name, value in weights.items() if name not in dropped}
    kernel, embeddings = weights[_KERNEL], _embeddings(weights)
    assert embeddings is not None
    found[_KERNEL] = kernel.flatten(2).unflatten(2, kernel.shape[-2:])
    found[_EMBED] = embeddings
    return found


def has_proxies(weights: Mapping[str, Tensor]) -> bool:
    """Whether weights are of DiChaViT."""
    return PROXIES in weights or f"{PROXIES}.weight" in weights


def _embeddings(weights: Mapping[str, Tensor]) -> Tensor | None:
    """Embeddings of the channels ``(C, D)``, or None where they are not as any code has them."""
    found = weights.get(_TABLE, weights.get(_EMBED))
    if found is None or not found.numel():
        return None
    if found.ndim == 5 and found.shape[0] == 1 and tuple(found.shape[3:]) == (1, 1):
        return found[0, :, :, 0, 0].T
    if found.ndim == 4 and tuple(found.shape[2:]) == (1, 1):
        return found[:, :, 0, 0]
    return found if found.ndim == 2 else None
