"""Settings of masked context distillation, among them all in which paper and code differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from napari_c3r.core.encoder.families.channelvit.config import Unseen
from training.diversity import DiversityOptions
from training.losses import Divergence
from training.masks import MaskShape

Channels = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class McdOptions:
    """Settings of `training.mcd.MaskedContextDistillation`; by default those of the official code.

    Parameters
    ----------
    backbone
        Family to train, a name in `training.backbones.BACKBONES`. The names of settings are of
        ``"cce"``; ``"base-sc"`` is shown one channel, ``"fixed-stain"`` (Base-HPA and Base-CP)
        always the same, ``"channelvit"`` and ``"dichavit"`` some.
    drop_path
        Stochastic depth of the student.

    channels
        Names of the channels that a ChannelViT or DiChaViT is trained on; empty for those of the
        crop sets, one for each stain. Of ``"fixed-stain"`` the stains beside the readout; empty for
        the structural ones that all crop sets have.
    channels_shown
        How many of them a view shows: 2 in the frame of C3R; 0 for any number up to all, drawn for
        every batch, as in the official codes of both.
    unseen
        What an encoder of these families does with a stain that it was not trained on; see
        `napari_c3r.core.encoder.families.channelvit.ChannelVitConfig`. The papers leave it open.
    dichavit
        What DiChaViT has besides.

    student_keep
        Numbers of context channels that the student may see, drawn uniformly; those above the size
        of the group are left out. Empty for all channels always: no MCD.
    teacher_keep
        The same for the teacher; the official 3 of 3 channels is all of them.
    context_draw
        ``"forward"``: one subset for both large views and another for all small ones, for the
        whole batch, as the official code; ``"view"``: one for each view, as in the paper.

    local_views, local_size
        Small views of a cell, and their side in pixels.
    mask_ratios, mask_variations, mask_shape
        As in `training.masks.draw_masks`. The paper's text has 0.3 with 0.2 for ViT-S and 0.4 with
        0.3 for ViT-B.
    mask_start_epoch
        First epoch with masks; the paper names none.

    head_hidden, head_bottleneck, head_logits
        Sizes of the head.
    freeze_last_layer_epochs
        Epochs before the prototypes move.
    student_temperature, teacher_temperature
        Of class tokens; of the student's patches too.
    start_patch_temperature, patch_temperature, patch_temperature_epochs
        Of the teacher's patches: at the start and until masks begin, at the end, and the epochs of
        the straight line between.
    center_momentum
        Of the centres of the teacher's logits.
    momentum, end_momentum
        Of the teacher, along half a cosine.
    divergence
        ``"cross-entropy"``, or the paper's ``"kl"``, which has the same gradients.

    class_weight, patch_weight, antibody_weight
        Of the three losses.
    antibody_features
        What is contrasted: ``"head"``, the class token's logits, as the official code does, or
        ``"projector"``, as in the work that the loss is from.
    antibody_second_view
        Who sees the second view: the ``"teacher"``, without gradient, as in the official code, or
        the ``"student"``.
    antibody_temperature
        Divides the cosines.
    antibody_gather
        Whether antibodies are contrasted over all processes rather than within each.

    export
        Whose backbone is the encoder that a run leaves behind. Neither paper nor code say which
        was evaluated; the teacher's is customary.
    """

    backbone: Literal["cce", "base-sc", "fixed-stain", "channelvit", "dichavit"] = "cce"
    drop_path: float = 0.1

    channels: tuple[str, ...] = ()
    channels_shown: int = 2
    unseen: Unseen = "mean"
    dichavit: DiversityOptions = field(default_factory=DiversityOptions)

    student_keep: Channels = (1, 2, 3)
    teacher_keep: Channels = ()
    context_draw: Literal["forward", "view"] = "forward"

    local_views: int = 10
    local_size: int = 96
    mask_ratios: tuple[float, ...] = (0.0, 0.3)
    mask_variations: tuple[float, ...] = (0.0, 0.2)
    mask_shape: MaskShape = "rand"
    mask_start_epoch: int = 10

    head_hidden: int = 2048
    head_bottleneck: int = 256
    head_logits: int = 8192
    freeze_last_layer_epochs: int = 10
    student_temperature: float = 0.1
    teacher_temperature: float = 0.04
    start_patch_temperature: float = 0.04
    patch_temperature: float = 0.07
    patch_temperature_epochs: int = 30
    center_momentum: float = 0.9
    momentum: float = 0.996
    end_momentum: float = 1.0
    divergence: Divergence = "cross-entropy"

    class_weight: float = 1.0
    patch_weight: float = 1.0
    antibody_weight: float = 1.0
    antibody_features: Literal["head", "projector"] = "head"
    antibody_second_view: Literal["teacher", "student"] = "teacher"
    antibody_temperature: float = 0.1
    antibody_gather: bool = False

    export: Literal["teacher", "student"] = "teacher"
