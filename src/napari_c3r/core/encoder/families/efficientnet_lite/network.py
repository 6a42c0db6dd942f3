"""EfficientNet-Lite for one channel, its batch norms folded into the convolutions."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_c3r.core.encoder.families.efficientnet_lite.config import (
    BlockSizes,
    EfficientNetLiteConfig,
)


class EfficientNetLite(nn.Module):
    """EfficientNet (Tan and Le 2019) without squeeze and excitation, up to its last features.

    Parameters
    ----------
    config
        Its sizes.
    """

    def __init__(self, config: EfficientNetLiteConfig) -> None:
        super().__init__()
        self.mean, self.deviation = config.mean, config.deviation
        inputs = (config.stem, *(each.width for each in config.blocks))
        self.stem = Convolution(1, config.stem, kernel=3, stride=2)
        self.blocks = nn.ModuleList(
            InvertedResidual(width, sizes)
            for width, sizes in zip(inputs[:-1], config.blocks, strict=True)
        )
        self.head = Convolution(inputs[-1], config.width)

    def forward(self, images: Tensor) -> Tensor:
        """See images.

        Parameters
        ----------
        images
            ``(B, 1, H, W)`` in [0, 1].

        Returns
        -------
        Tensor
            float32 ``(B, N, D)``, the N places of the last layer, rows first.
        """
        *_, last = self.layers(images)
        return last.float().flatten(2).mT

    def layers(self, images: Tensor) -> Iterator[Tensor]:
        """See images, and give what comes out of every block, and of the last layer.

        Parameters
        ----------
        images
            ``(B, 1, H, W)`` in [0, 1].

        Yields
        ------
        Tensor
            ``(B, width, h, w)``.
        """
        scaled = (images - self.mean) / self.deviation
        planes = F.relu6(self.stem(scaled.to(self.stem.weight.dtype)))
        # Depthwise convolutions take about half the time with the planes of a pixel together.
        planes = planes.contiguous(memory_format=torch.channels_last)
        for block in self.blocks:
            planes = block(planes)
            yield planes
        yield F.relu6(self.head(planes))


class InvertedResidual(nn.Module):
    """Expand, filter every plane by itself, project; what came in is added where it fits.

    Parameters
    ----------
    inputs
        Planes that come in.
    sizes
        The others.
    """

    def __init__(self, inputs: int, sizes: BlockSizes) -> None:
        super().__init__()
        self.expand = Convolution(inputs, sizes.hidden) if sizes.hidden != inputs else None
        self.depthwise = Convolution(
            sizes.hidden,
            sizes.hidden,
            kernel=sizes.kernel,
            stride=sizes.stride,
            groups=sizes.hidden,
        )
        self.project = Convolution(sizes.hidden, sizes.width)
        self.adds = sizes.stride == 1 and sizes.width == inputs

    def forward(self, planes: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, width, h / stride, w / stride)``."""
        hidden = planes if self.expand is None else F.relu6(self.expand(planes))
        projected: Tensor = self.project(F.relu6(self.depthwise(hidden)))
        return projected + planes if self.adds else projected


class Convolution(nn.Conv2d):
    """A convolution whose result has 1 / stride of the pixels, rounded up.

    What is missing is padded with zeros, an odd pixel at the right and below, as TensorFlow does,
    where these networks were trained.

    Parameters
    ----------
    inputs, outputs
        Planes.
    kernel, stride, groups
        As of `torch.nn.Conv2d`.
    """

    def __init__(
        self, inputs: int, outputs: int, *, kernel: int = 1, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride, groups=groups)
        self.kernel, self.step = kernel, stride

    def forward(self, planes: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, outputs, h / stride, w / stride)``."""
        (above, below), (left, right) = map(self._padding, planes.shape[2:])
        if (above, left) != (below, right):
            planes = F.pad(planes, (left, right, above, below))
            above = left = 0
        return F.conv2d(
            planes, self.weight, self.bias, self.step, (above, left), groups=self.groups
        )

    def _padding(self, side: int) -> tuple[int, int]:
        """Pixels before and after a side, so that the windows fit."""
        steps = -(-side // self.step)
        missing = max(0, (steps - 1) * self.step + self.kernel - side)
        return missing // 2, missing - missing // 2
