"""The training of CellRep: a student that sees parts of a cell learns what its teacher sees of it.

Self-distillation as in DINO (Caron et al. 2021): of two large and several small views of a cell,
the teacher, a moving average of the student with all that is before its transformer, sees the large
ones. There are no labels, no masked patches and no dropped channels. Beside the agreement between
views, the student's outputs are kept from using few prototypes only.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_c3r.core.encoder.families.cce import CceConfig
from napari_c3r.core.encoder.families.cellrep import CellRepConfig, CellRepEncoder
from napari_c3r.core.encoder.families.cellrep.normalise import normalise
from training.augment import global_views, local_views, to_unit_range
from training.heads import Head
from training.losses import at_least_float32, centred_targets, effective_rank, move_center
from training.objectives import Batch, Objective, Progress
from training.optim import move_towards
from training.schedules import Cosine, Plan, Ramp
from training.sizes import plain_depth, plain_values


@dataclass(frozen=True, kw_only=True)
class CellRepOptions:
    """Settings of `CellRepDistillation`.

    The paper says which losses there are, that local views are weighted by ``lambda_local`` and the
    uniform outputs by ``lambda_reg``, that the outputs are centred by a moving average, and that
    masked patches did not help. It gives no numbers: all here are this project's choice, those of
    views, head and teacher after DINO and iBOT.

    Parameters
    ----------
    depth
        Blocks after the channels were averaged; 0 for those of a plain transformer of the run's
        size. The paper's ViT-L has 24.
    mixer_depth, content_channels, content_kernel
        As in `CellRepConfig`.
    clip_percent, histogram_tiles, histogram_bins, histogram_limit
        As in `CellRepConfig`; done to whole crops, before views are cut from them.
    drop_path
        Stochastic depth of the student.

    local_views, local_size
        Small views of a cell, and their side in pixels.
    local_weight, uniform_weight
        ``lambda_local`` and ``lambda_reg``.

    head_hidden, head_bottleneck, head_logits
        Sizes of the head.
    freeze_last_layer_epochs
        Epochs before the prototypes move.
    student_temperature
        Of the student's softmax.
    start_teacher_temperature, teacher_temperature, teacher_temperature_epochs
        Of the teacher's: at the start, at the end, and the epochs of the straight line between.
    center_momentum
        Of the centre of the teacher's logits.
    momentum, end_momentum
        Of the teacher, along half a cosine.
    export
        Whose network is the encoder that a run leaves behind.
    """

    depth: int = 0
    mixer_depth: int = 2
    content_channels: int = 64
    content_kernel: int = 8
    clip_percent: float = 0.1
    histogram_tiles: int = 4
    histogram_bins: int = 64
    histogram_limit: float = 2.0
    drop_path: float = 0.1

    local_views: int = 8
    local_size: int = 96
    local_weight: float = 1.0
    uniform_weight: float = 1.0

    head_hidden: int = 2048
    head_bottleneck: int = 256
    head_logits: int = 8192
    freeze_last_layer_epochs: int = 1
    student_temperature: float = 0.1
    start_teacher_temperature: float = 0.04
    teacher_temperature: float = 0.07
    teacher_temperature_epochs: int = 30
    center_momentum: float = 0.9
    momentum: float = 0.996
    end_momentum: float = 1.0

    export: Literal["teacher", "student"] = "teacher"


class Side(nn.Module):
    """Student or teacher: a network and what reads its class token.

    Parameters
    ----------
    backbone
        The network.
    head
        From class tokens to logits.
    """

    def __init__(self, backbone: CellRepEncoder, head: Head) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head

    def class_tokens(self, views: Tensor) -> Tensor:
        """Encode views of one size: ``(V, n, C, H, W)`` to ``(V, n, D)``."""
        return self.backbone(views.flatten(0, 1))[:, 0].unflatten(0, views.shape[:2])


class CellRepDistillation(Objective):
    """The objective of CellRep; see the module's text.

    Parameters
    ----------
    encoder, options, plan
        As in `Objective`.
    """

    Options = CellRepOptions
    note = (
        "CellRep's authors published neither code nor weights: sizes, weights of the losses, views "
        "and schedules are choices of this project, listed below, and not the paper's."
    )

    @classmethod
    def encoder_config(cls, encoder: CceConfig, options: CellRepOptions) -> CellRepConfig:
        """Describe the encoder of the run's size."""
        return CellRepConfig(
            **plain_values(encoder, "CellRep"),
            depth=options.depth or plain_depth(encoder),
            position_grid=encoder.position_grid,
            mixer_depth=options.mixer_depth,
            content_channels=options.content_channels,
            content_kernel=options.content_kernel,
            clip_percent=options.clip_percent,
            histogram_tiles=options.histogram_tiles,
            histogram_bins=options.histogram_bins,
            histogram_limit=options.histogram_limit,
        )

    center: Tensor

    def __init__(self, encoder: CellRepConfig, options: CellRepOptions, plan: Plan) -> None:
        super().__init__()
        self.options, self.encoder = options, encoder
        head = Head(
            encoder.width,
            hidden=options.head_hidden,
            bottleneck=options.head_bottleneck,
            logits=options.head_logits,
        )
        backbone = CellRepEncoder(encoder, drop_path=options.drop_path)
        self.student = Side(backbone, head)
        still = CellRepEncoder(encoder)
        still.load_state_dict(backbone.state_dict())
        self.teacher = Side(still, copy.deepcopy(head)).requires_grad_(False)
        self.register_buffer("center", torch.zeros(options.head_logits))
        self._momentum = Cosine(options.momentum, options.end_momentum, plan.steps)
        self._temperature = Ramp(
            options.start_teacher_temperature,
            options.teacher_temperature,
            options.teacher_temperature_epochs,
        )

    def forward(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Compute the loss of a batch and move the centre.

        Returns
        -------
        dict
            ``loss``, and its parts ``global``, ``local`` and ``uniform``; on steps to be reported
            also ``rank``, the effective rank of the teacher's class tokens.
        """
        options = self.options
        large, small = self.make_views(batch, progress)
        with torch.no_grad():
            seen = self.teacher.class_tokens(large)
            teacher = self.teacher.head(seen)
        classes = [self.student.class_tokens(large)]
        if len(small):
            classes.append(self.student.class_tokens(small))
        student = self.student.head(torch.cat(classes))

        temperature = self._temperature.at(progress.epoch)
        predictions = F.log_softmax(at_least_float32(student) / options.student_temperature, dim=-1)
        targets = centred_targets(teacher, self.center, temperature)
        parts = view_losses(predictions, targets)
        parts["uniform"] = distance_from_uniform(predictions[: len(large)])
        weights = {"global": 1.0, "local": options.local_weight, "uniform": options.uniform_weight}
        loss = sum((weights[name] * part for name, part in parts.items()), torch.zeros(()))
        move_center(self.center, teacher.mean((0, 1)), options.center_momentum)
        rank = {"rank": effective_rank(seen[0])} if progress.report else {}
        return {"loss": loss, **parts, **rank}

    def make_views(self, batch: Batch, progress: Progress) -> tuple[Tensor, Tensor]:
        """Normalise crops, and draw large and small views, all channels of one at the same place.

        Returns
        -------
        large, small : Tensor
            ``(2, n, C, H, W)`` and ``(views, n, C, h, w)``.
        """
        options, device, host = self.options, progress.generator, progress.host
        with torch.no_grad():
            images = normalise(to_unit_range(batch.images), self.encoder)
        large = global_views(images, (), self.encoder.input_size, device, host)
        return large, local_views(images, options.local_views, options.local_size, device, host)

    def trainable(self) -> nn.Module:
        """The student."""
        return self.student

    def encoder_weights(self) -> dict[str, Tensor]:
        """The network of the side to export."""
        side = self.teacher if self.options.export == "teacher" else self.student
        return side.backbone.state_dict()

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Begin with these in the networks of both sides."""
        for side in (self.student, self.teacher):
            side.backbone.load_state_dict(weights)

    def before_update(self, progress: Progress) -> None:
        """Keep the prototypes as they are in the first epochs."""
        if progress.epoch < self.options.freeze_last_layer_epochs:
            for parameter in self.student.head.last_layer.parameters():
                parameter.grad = None

    @torch.no_grad()
    def after_step(self, progress: Progress) -> None:
        """Move the teacher, all of it, towards the student."""
        teacher, student = (dict(side.named_parameters()) for side in (self.teacher, self.student))
        move_towards(teacher, student, 1 - self._momentum.at(progress.step))


def view_losses(predictions: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """Cross-entropies between the views of a cell, summed over pairs (CellRep, appendix A.1).

    Parameters
    ----------
    predictions
        Logarithms of the student's probabilities ``(views, n, K)``, the teacher's views first.
    targets
        The teacher's probabilities ``(teacher's views, n, K)``.

    Returns
    -------
    dict
        ``global``, over pairs of two different large views, and ``local``, over pairs of a large
        and a small view; means over the n cells.
    """
    own, n = targets.shape[:2]
    large, small = predictions[:own].sum(0), predictions[own:].sum(0)
    total = targets.sum(0)
    same = (targets * predictions[:own]).sum()
    return {
        "global": (same - (total * large).sum()) / n,
        "local": -(total * small).sum() / n,
    }


def distance_from_uniform(predictions: Tensor) -> Tensor:
    """How far mean probabilities are from uniform ones: KL(1 / K || mean).

    Parameters
    ----------
    predictions
        Logarithms of probabilities ``(..., K)``; the mean is over all axes but the last, within
        this process.

    Returns
    -------
    Tensor
        Scalar, 0 if the mean is uniform.
    """
    rows = predictions.flatten(0, -2)
    mean = rows.logsumexp(0) - math.log(len(rows))
    return -math.log(mean.numel()) - mean.mean()
