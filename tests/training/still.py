"""A run without randomness in its views, in float64, so that a batch may be split or not.

Run as a program, it is `training.pretrain` with this objective.
"""

from __future__ import annotations

import sys

import torch
import torch.nn.functional as F

from training import pretrain
from training.mcd import MaskedContextDistillation, Views
from training.objectives import OBJECTIVES, Batch, Progress

NAME = "still:Still"


class Still(MaskedContextDistillation):
    """The objective, with views that depend on nothing but the images."""

    def make_views(self, batch: Batch, progress: Progress) -> Views:
        images = batch.images.double() / 255
        large = torch.stack([F.interpolate(images, (32, 32)), images[..., :32, :32]])
        first = batch.ids % 2 == 0
        masks = torch.zeros(2, len(images), 2, 2, dtype=torch.bool)
        masks[:, :, 0] = first[:, None]
        context = (batch.context,)
        return Views(
            large=large,
            small=images[None, ..., -16:, -16:],
            masks=masks,
            ids=batch.ids,
            concept=batch.concept,
            teacher_context=context,
            large_context=context,
            small_context=context,
        )


def main(arguments: list[str]) -> int:
    OBJECTIVES["still"] = NAME
    torch.set_default_dtype(torch.float64)
    return pretrain.main([argument.replace("--mcd.", "--still.") for argument in arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
