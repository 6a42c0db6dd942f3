"""Masked context distillation: a student that sees less context learns what the teacher sees.

Student and teacher are context-concept encoders with heads; the teacher is a moving average of the
student. Of two large and several small views of each cell, the student sees some context channels
and, in the large ones, not all patches; the teacher sees the large ones whole. Three losses: iBOT's
on class tokens and on masked patches, and a contrast between antibodies (C3R, section 3.3).

The context is drawn from the context group only, wherever its channels are in the image; the
official code takes the first channels of the image, whatever they are.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from napari_c3r.core.encoder import EncoderConfig
from napari_c3r.core.encoder.families.cce import CceConfig
from training.augment import global_views, local_views, to_unit_range
from training.backbones import BACKBONES, Draws, Shown
from training.distributed import gather_rows
from training.heads import Head, Projector
from training.losses import DistillationLoss, effective_rank, supervised_contrast
from training.masks import draw_masks
from training.mcd_options import Channels, McdOptions
from training.objectives import Batch, Objective, Progress
from training.optim import move_towards
from training.schedules import Cosine, Plan, Ramp
from training.transfer import to_device, true_places

_TRAINING_ONLY: Final = ("masked_embed", "proxies")


@dataclass(frozen=True)
class Views:
    """What student and teacher see of a batch of n cells.

    Parameters
    ----------
    large, small
        ``(2, n, C, H, W)`` and ``(views, n, C, h, w)`` in [0, 1]. Small ones may be none.
    masks
        ``(2, n, rows, columns)`` boolean on the CPU, patches of the large views that the student
        lacks.
    ids
        ``(n,)``.
    concept
        Concept channels; of other families what `training.backbones.Material` says.
    teacher_context, large_context, small_context
        Context channels for the teacher, and for the student in the large and in the small views:
        one subset for all views, or one for each. Of other families the channels that are shown.
    """

    large: Tensor
    small: Tensor
    masks: Tensor
    ids: Tensor
    concept: Channels
    teacher_context: Shown
    large_context: Shown
    small_context: Shown


class Side(nn.Module):
    """Student or teacher: a backbone and what reads it.

    Parameters
    ----------
    backbone
        From images, context, concept and mask to tokens.
    head
        Of iBOT.
    projector
        For the antibody loss, or None.
    """

    def __init__(self, backbone: nn.Module, head: Head, projector: Projector | None) -> None:
        super().__init__()
        self.backbone, self.head, self.projector = backbone, head, projector

    def tokens(
        self,
        views: Tensor,
        contexts: Shown,
        concept: Channels,
        masks: Tensor | None = None,
    ) -> Tensor:
        """Encode ``(V, n, C, H, W)`` to ``(V, n, T, D)``, all views at once if that can be."""
        if isinstance(contexts, Tensor) or len(contexts) == 1:
            flat = None if masks is None else masks.flatten(0, 1)
            shown = contexts.flatten(0, 1) if isinstance(contexts, Tensor) else contexts[0]
            found = self.backbone(views.flatten(0, 1), shown, concept, flat)
            return found.unflatten(0, views.shape[:2])
        each = [None] * len(views) if masks is None else masks
        return torch.stack(
            [
                self.backbone(view, context, concept, mask)
                for view, context, mask in zip(views, contexts, each, strict=True)
            ]
        )


class MaskedContextDistillation(Objective):
    """The objective of C3R; see the module's text.

    Parameters
    ----------
    encoder, options, plan
        As in `Objective`.
    """

    Options = McdOptions

    @classmethod
    def encoder_config(cls, encoder: CceConfig, options: McdOptions) -> EncoderConfig:
        """Describe the encoder that is trained, of the family that the settings name."""
        return BACKBONES[options.backbone](options).describe(encoder)

    @classmethod
    def describe_for(
        cls, encoder: EncoderConfig, options: McdOptions, names: Sequence[Sequence[str]]
    ) -> EncoderConfig:
        """Complete it with the channels of the crop sets, where the family knows them."""
        return BACKBONES[options.backbone](options).describe_for(encoder, names)

    def __init__(self, encoder: EncoderConfig, options: McdOptions, plan: Plan) -> None:
        super().__init__()
        self.options, self.encoder = options, encoder
        self.family = BACKBONES[options.backbone](options)
        head = Head(
            encoder.width,
            hidden=options.head_hidden,
            bottleneck=options.head_bottleneck,
            logits=options.head_logits,
        )
        wants_projector = options.antibody_features == "projector"
        projector = Projector(encoder.width) if wants_projector else None
        backbone = self.family.make(encoder, options.drop_path, mask_token=True)
        self.student = Side(backbone, head, projector)

        still = self.family.make(encoder, 0.0, mask_token=False)
        shared = {k: v for k, v in backbone.state_dict().items() if k != "masked_embed"}
        still.load_state_dict(shared)
        self.teacher = Side(still, copy.deepcopy(head), copy.deepcopy(projector))
        self.teacher.requires_grad_(False)

        self.loss = DistillationLoss(
            options.head_logits,
            student_temperature=options.student_temperature,
            center_momentum=options.center_momentum,
            divergence=options.divergence,
        )
        self._momentum = Cosine(options.momentum, options.end_momentum, plan.steps)
        self._patch_temperature = Ramp(
            options.start_patch_temperature,
            options.patch_temperature,
            options.patch_temperature_epochs,
            options.mask_start_epoch,
        )

    def forward(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Compute the loss of a batch and move the centres.

        Returns
        -------
        dict
            ``loss``, and its parts ``class``, ``patch``, ``antibody`` and those of the family; on
            steps to be reported also ``rank``, the effective rank of the teacher's class tokens.
        """
        views = self.make_views(batch, progress)
        options, concept = self.options, views.concept

        with torch.no_grad():
            seen = self.teacher.tokens(views.large, views.teacher_context, concept)
            teacher_class = self.teacher.head(seen[:, :, 0])
            patches = self.teacher.head.project(seen[:, :, 1:])
        masks = to_device(views.masks, views.large.device)
        found = self.student.tokens(views.large, views.large_context, concept, masks)
        classes = [*found[:, :, 0]]
        if len(views.small):
            classes += [*self.student.tokens(views.small, views.small_context, concept)[:, :, 0]]
        student_class = self.student.head(torch.stack(classes))

        # Only masked patches enter the loss, so only they need logits. The mean of the logits of
        # all patches, for the centre, is that of the linear last layer on the mean feature.
        # A family with the patches of several channels hides the same places in each; the mean over
        # all of them is that of the channels' mean at each place.
        mask = views.masks.flatten(2)
        mask = mask.repeat(1, 1, (found.shape[2] - 1) // mask.shape[2])
        masked = true_places(mask, views.large.device)
        student_patch = self.student.head(found[:, :, 1:].flatten(0, 2).index_select(0, masked))
        with torch.no_grad():
            teacher_patch = self.teacher.head.last_layer(
                patches.flatten(0, 2).index_select(0, masked)
            )
            mean_patch = self.teacher.head.last_layer(patches.mean((0, 1, 2)))

        patch_temperature = self._patch_temperature.at(progress.epoch)
        parts = {
            "class": self.loss.class_loss(
                student_class, teacher_class, options.teacher_temperature
            ),
            "patch": self.loss.patch_loss(student_patch, teacher_patch, mask, patch_temperature),
            "antibody": self._contrast(views.ids, found, seen, student_class, teacher_class),
        }
        weights = (options.class_weight, options.patch_weight, options.antibody_weight)
        loss = sum(w * part for w, part in zip(weights, parts.values(), strict=True))
        draws = Draws(views.teacher_context, views.large_context, views.small_context)
        extra = self.family.extra_losses(
            self.student.backbone, views.large, views.small, draws, concept
        )
        for name, (weight, part) in extra.items():
            loss, parts[name] = loss + weight * part, part
        self.loss.update_centers(teacher_class.mean((0, 1)), mean_patch)
        rank = {"rank": effective_rank(seen[0, :, 0])} if progress.report else {}
        return {"loss": torch.as_tensor(loss), **parts, **rank}

    def make_views(self, batch: Batch, progress: Progress) -> Views:
        """Draw views, masks and context channels for a batch."""
        options, random = self.options, progress.generator
        material = self.family.prepare(batch, to_unit_range(batch.images), self.encoder, random)
        images = material.images
        size, patch = self.encoder.input_size, self.encoder.patch_size
        grid = (size // patch, size // patch)
        n = len(images)
        large = global_views(images, material.readout, size, random, progress.host)
        if progress.epoch < options.mask_start_epoch:
            masks = torch.zeros(2 * n, *grid, dtype=torch.bool)
        else:
            ratios, variations = options.mask_ratios, options.mask_variations
            masks = draw_masks(2 * n, grid, ratios, variations, options.mask_shape, progress.host)

        draws = self.family.draw(material, progress, self.teacher.backbone, self.student.backbone)
        return Views(
            large=large,
            small=local_views(
                images, options.local_views, options.local_size, random, progress.host
            ),
            masks=masks.unflatten(0, (2, n)),
            ids=batch.ids,
            concept=material.concept,
            teacher_context=draws.teacher,
            large_context=draws.large,
            small_context=draws.small,
        )

    def trainable(self) -> nn.Module:
        """The student."""
        return self.student

    def encoder_weights(self) -> dict[str, Tensor]:
        """The backbone of the side to export, without what serves training only."""
        side = self.teacher if self.options.export == "teacher" else self.student
        weights = side.backbone.state_dict()
        return {name: value for name, value in weights.items() if name not in _TRAINING_ONLY}

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Begin with these in the backbones of both sides."""
        self.student.backbone.load_state_dict(dict(weights), strict=False)
        self.teacher.backbone.load_state_dict(dict(weights), strict=False)

    def before_update(self, progress: Progress) -> None:
        """Keep the prototypes as they are in the first epochs."""
        if progress.epoch < self.options.freeze_last_layer_epochs:
            for parameter in self.student.head.last_layer.parameters():
                parameter.grad = None

    @torch.no_grad()
    def after_step(self, progress: Progress) -> None:
        """Move the teacher towards the student."""
        student = dict(self.student.named_parameters())
        move_towards(
            dict(self.teacher.named_parameters()), student, 1 - self._momentum.at(progress.step)
        )

    def _contrast(
        self,
        ids: Tensor,
        found: Tensor,
        seen: Tensor,
        student_class: Tensor,
        teacher_class: Tensor,
    ) -> Tensor:
        """The antibody loss between the first large view and the second."""
        by_student = self.options.antibody_second_view == "student"
        if self.student.projector is None:
            first, second = student_class[0], (student_class if by_student else teacher_class)[1]
        else:
            side, tokens = (self.student, found) if by_student else (self.teacher, seen)
            assert side.projector is not None
            first = self.student.projector(found[0, :, 0])
            second = side.projector(tokens[1, :, 0])
        if self.options.antibody_gather:
            first, second, ids = gather_rows(first), gather_rows(second), gather_rows(ids)
        both = torch.cat([first, second])
        return supervised_contrast(both, ids.repeat(2), self.options.antibody_temperature)
