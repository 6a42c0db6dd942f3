"""Supervised contrast of treatments and prediction of descriptors: how the bundled weights come.

Cells of one antibody or treatment attract each other (Khosla et al. 2020, eq. 2). In addition, the
class token, the deviation of the patch tokens and the patch tokens themselves predict what the crop
looks like in numbers (`descriptors`), so that a vector holds more than what parts the treatments
of the training set. Every step draws which channels form the groups, as masked context distillation
does, hides a part of the patches behind the mask token and leaves another part out.

One network without a teacher, no small crops: about a tenth of the cost of `mcd` for each cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder
from napari_c3r.core.encoder.families.cce.network import CONCEPT, CONTEXT
from training.descriptors import OCTAVES, PER_CHANNEL, PER_PAIR, Descriptors, describe
from training.losses import effective_rank, supervised_contrast
from training.objectives import Batch, Objective, Progress
from training.optim import move_towards
from training.schedules import Plan
from training.transfer import indices
from training.views import ViewOptions, draw_views

_N_GLOBAL = 2 * PER_CHANNEL + PER_PAIR
_N_LOCAL = 2 * OCTAVES
_LIMIT = 5.0  # descriptors beyond this many deviations are no longer distinguished


@dataclass(frozen=True, kw_only=True)
class ContrastOptions:
    """Settings of `Contrast`.

    Parameters
    ----------
    contrast, descriptors, local
        Weights of the terms.
    temperature
        Of the contrast.
    projection
        Width of the space in which the contrast is measured.
    within_experiments
        Whether only cells of one experiment are compared, so that neither plates nor cell lines
        tell treatments apart. It goes with ``whole_experiments`` of the run.
    left_out
        Largest share of the patches of a view that do not enter the network at all.
    hidden
        Share of the others that are hidden behind the mask token.
    any_role
        How often the groups are drawn from all channels instead of the assignment.
    drop_path
        Stochastic-depth rate.
    momentum
        Of the moving average of the weights, which becomes the encoder.
    views
        How far views of cells differ.
    """

    contrast: float = 1.0
    descriptors: float = 2.0
    local: float = 1.0
    temperature: float = 0.1
    projection: int = 128
    within_experiments: bool = False
    left_out: float = 0.5
    hidden: float = 0.2
    any_role: float = 0.3
    drop_path: float = 0.05
    momentum: float = 0.995
    views: ViewOptions = field(default_factory=ViewOptions)


class Groups(NamedTuple):
    """The channels that a step shows.

    Attributes
    ----------
    context, concept
        Of the two groups.
    whole
        The context before some of its channels were dropped.
    """

    context: list[int]
    concept: list[int]
    whole: list[int]


class Seen(NamedTuple):
    """Views of n cells, and what the student makes of them.

    Attributes
    ----------
    views
        ``(n, C, H, W)`` of the channels shown.
    context, concept
        Which of these are in the groups.
    keep
        ``(n, K)``, the patches that entered.
    tokens
        ``(n, 1 + K, D)``, float32.
    cls
        ``(n, D)``, class tokens, each feature of mean 0 and deviation 1 over the cells.
    """

    views: Tensor
    context: list[int]
    concept: list[int]
    keep: Tensor
    tokens: Tensor
    cls: Tensor


class Contrast(Objective):
    """The objective; see the module.

    Parameters
    ----------
    encoder
        Sizes.
    options
        `ContrastOptions`.
    plan
        Length of the run.
    """

    Options = ContrastOptions
    options: ContrastOptions

    def __init__(self, encoder: CceConfig, options: ContrastOptions, plan: Plan) -> None:
        super().__init__()
        self.options = options
        self.side = encoder.input_size
        self.student = self.make_student(encoder)
        self.average = ContextConceptEncoder(encoder).requires_grad_(False)
        self.average.load_state_dict(self._student_weights())
        self.global_scale = RunningScale(_N_GLOBAL)
        self.local_scale = RunningScale(_N_LOCAL)

    def make_student(self, encoder: CceConfig) -> Student:
        """The encoder in training and what reads it."""
        return Student(encoder, self.options)

    def trainable(self) -> nn.Module:
        """Encoder, projector and predictors."""
        return self.student

    def encoder_weights(self) -> dict[str, Tensor]:
        """The moving average."""
        return self.average.state_dict()

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Begin with these in the student and in the average."""
        self.student.encoder.load_state_dict(dict(weights), strict=False)
        self.average.load_state_dict(weights)

    def forward(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Draw one view of each cell and compute the loss."""
        groups = draw_groups(batch.context, batch.concept, self.options.any_role, progress.shared)
        seen = self.look(batch.images, groups, progress)
        with torch.autocast(seen.views.device.type, enabled=False):
            # In 16 bits the cosines of cells that are still alike would all be the same.
            return self.summed(self.losses(seen, batch), seen, progress)

    def look(self, images: Tensor, groups: Groups, progress: Progress) -> Seen:
        """Draw one view of each cell and encode it, with some patches hidden and some left out."""
        used = sorted({*groups.context, *groups.concept})
        context, concept = ([used.index(c) for c in group] for group in groups[:2])
        images = images.index_select(1, indices(tuple(used), images.device))
        views = draw_views(images, self.side, self.options.views, progress.generator)
        grid = self.side // self.student.encoder.patch_embed.patch_size
        keep, hidden = self._draw_patches(len(views), grid, progress)
        tokens = self._encode(views, context, concept, keep, hidden).float()
        with torch.autocast(views.device.type, enabled=False):
            cls = self.student.norm_cls(tokens[:, 0])
        return Seen(views, context, concept, keep, tokens, cls)

    def losses(self, seen: Seen, batch: Batch) -> dict[str, Tensor]:
        """Contrast, and how far the descriptors are from what tokens say of them."""
        patches = seen.tokens[:, 1:]
        grid = self.side // self.student.encoder.patch_embed.patch_size
        wanted = group_descriptors(describe(seen.views, grid), seen.context, seen.concept)
        deviation = self.student.norm_std(patches.std(1, correction=0))
        predicted = torch.stack([self.student.from_cls(seen.cls), self.student.from_std(deviation)])
        target = self.global_scale(wanted[0])
        places = seen.keep[:, :, None].expand(-1, -1, _N_LOCAL)
        local = self.local_scale(wanted[1]).gather(1, places)
        experiments = batch.experiments if self.options.within_experiments else None
        contrast = supervised_contrast(
            self.student.projector(seen.cls), batch.ids, self.options.temperature, experiments
        )
        return {
            "contrast": contrast,
            "descriptors": F.mse_loss(predicted, target.expand_as(predicted)),
            "local": F.mse_loss(self.student.from_patch(patches), local),
        }

    def summed(
        self, losses: dict[str, Tensor], seen: Seen, progress: Progress
    ) -> dict[str, Tensor]:
        """Losses with their weighted sum as ``"loss"``."""
        weighted = [getattr(self.options, name) * value for name, value in losses.items()]
        losses = losses | {"loss": torch.stack(weighted).sum()}
        if progress.report:
            losses["rank"] = effective_rank(seen.tokens[:, 0].detach())
        return losses

    @torch.no_grad()
    def after_step(self, progress: Progress) -> None:
        """Move the average towards the student."""
        # Early on an average over few steps is nearer to the student than to the first weights.
        momentum = min(self.options.momentum, (progress.step + 1) / (progress.step + 10))
        move_towards(self.average.state_dict(), self._student_weights(), 1 - momentum)

    def _student_weights(self) -> dict[str, Tensor]:
        weights = self.student.encoder.state_dict()
        return {name: value for name, value in weights.items() if name != "masked_embed"}

    def _draw_patches(self, n: int, grid: int, progress: Progress) -> tuple[Tensor, Tensor]:
        """Which patches enter, ``(n, K)`` indices, and which are hidden, ``(n, h, w)``."""
        generator, total = progress.generator, grid * grid
        share = torch.rand((), generator=progress.shared).item() * self.options.left_out
        order = torch.rand((n, total), device=generator.device, generator=generator).argsort(1)
        keep = order[:, : max(1, round(total * (1 - share)))]
        n_hidden = round(keep.shape[1] * self.options.hidden)
        hidden = torch.zeros((n, total), dtype=torch.bool, device=generator.device)
        hidden.scatter_(1, keep[:, :n_hidden], True)
        return keep, hidden.unflatten(1, (grid, grid))

    def _encode(
        self,
        views: Tensor,
        context: Sequence[int],
        concept: Sequence[int],
        keep: Tensor,
        hidden: Tensor,
    ) -> Tensor:
        """Run the patches that enter: ``(n, 1 + K, D)``."""
        encoder = self.student.encoder
        index = F.pad(keep + 1, (1, 0))[:, None, :, None]
        branches = []
        for group, channels in ((CONTEXT, context), (CONCEPT, concept)):
            rows = encoder.embed_channels(views, channels, group, hidden)
            entering = index.expand(-1, rows.shape[1], -1, rows.shape[3])
            branches.append(encoder.encode_branch(rows.gather(2, entering), group))
        return encoder.encode_joint(*branches)


class Student(nn.Module):
    """The encoder in training, and what reads its tokens.

    Parameters
    ----------
    config
        Sizes of the encoder.
    options
        Of the objective.
    """

    def __init__(self, config: CceConfig, options: ContrastOptions) -> None:
        super().__init__()
        width = config.width
        self.encoder = ContextConceptEncoder(config, drop_path=options.drop_path, mask_token=True)
        # The first vectors of a transformer are all alike: what parts them is brought out here,
        # or the contrast would find nothing to pull at.
        self.norm_cls = nn.BatchNorm1d(width, affine=False)
        self.norm_std = nn.BatchNorm1d(width, affine=False)
        self.projector = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, options.projection)
        )
        self.from_cls = nn.Linear(width, _N_GLOBAL)
        self.from_std = nn.Linear(width, _N_GLOBAL)
        self.from_patch = nn.Linear(width, _N_LOCAL)


class RunningScale(nn.Module):
    """Brings numbers to mean 0 and deviation 1 by what was seen so far.

    Parameters
    ----------
    features
        How many numbers.
    """

    count: Tensor
    mean: Tensor
    variance: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("variance", torch.ones(features))

    @torch.no_grad()
    def forward(self, values: Tensor) -> Tensor:
        """Scale ``(..., features)``, within some deviations."""
        rows = values.flatten(0, -2)
        self.count += 1
        # A mean over all batches at first; later a moving one, in case the data change.
        share = 1 / self.count.clamp(max=500)
        self.mean.lerp_(rows.mean(0), share)
        self.variance.lerp_((rows - self.mean).square().mean(0), share)
        return ((values - self.mean) / (self.variance + 1e-6).sqrt()).clamp(-_LIMIT, _LIMIT)


def group_descriptors(
    crops: Descriptors, context: Sequence[int], concept: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """Average descriptors over the channels of the groups, as the combiner averages tokens.

    Returns
    -------
    whole : Tensor
        ``(n, 2 PER_CHANNEL + PER_PAIR)``: of the context, of the concept, of their pairs.
    local : Tensor
        ``(n, N, 2 OCTAVES)``, patches in rows first.
    """
    device = crops.channel.device
    groups = [indices(tuple(context), device), indices(tuple(concept), device)]
    channel = [crops.channel.index_select(1, group).mean(1) for group in groups]
    pair = crops.pair.index_select(1, groups[0]).index_select(2, groups[1]).mean((1, 2))
    local = torch.cat([crops.local.index_select(1, group).mean(1) for group in groups], dim=1)
    return torch.cat([*channel, pair], dim=1), local.flatten(2).transpose(1, 2)


def draw_groups(
    context: Sequence[int], concept: Sequence[int], any_role: float, generator: torch.Generator
) -> Groups:
    """Draw the channels of the two groups.

    Mostly some of the context and one concept channel, or all; at times any channels, so that
    the encoder knows every stain in either role, and now and then one channel in both.

    Parameters
    ----------
    context, concept
        The assignment.
    any_role
        How often the assignment is ignored.
    generator
        On the CPU.
    """

    def chance() -> float:
        return torch.rand((), generator=generator).item()

    def some(channels: Sequence[int]) -> list[int]:
        count = 1 + int(chance() * len(channels))
        order = torch.randperm(len(channels), generator=generator).tolist()
        return [channels[i] for i in order[:count]]

    if chance() < any_role:
        channels = sorted({*context, *concept})
        chosen = channels[int(chance() * len(channels))]
        others = [channel for channel in channels if channel != chosen]
        if not others or chance() < 0.2:
            return Groups([chosen], [chosen], [chosen])
        return Groups(some(others), [chosen], others)
    one = [concept[int(chance() * len(concept))]]
    return Groups(some(context), one if chance() < 0.75 else list(concept), list(context))
