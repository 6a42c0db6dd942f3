"""Learning from a network that was trained on photographs, beside `contrast`.

From a view of a cell with dropped context channels, hidden patches and patches left out, the class
token predicts what the frozen network (`teacher`) sees in the whole crop: the mean over *all*
context channels, as the teacher of `mcd` sees them, and the mean over the concept channels. In
addition, cells that the network finds alike shall have class tokens that are alike. What all
cells of a batch have in common is taken off, so that it is the differences between cells of one
experiment that are learnt, and not how a stain or a microscope looks.

The features of the network are reduced to their principal components. Half whitening, which divides
each by the fourth root of its variance, keeps a few from being all that counts, and noise from
counting as much as they do.

A batch has cells of one crop set, so sets of real and of simulated cells are mixed within a step by
``accumulation_steps``. Sets can be for the teacher, for the contrast and descriptors, or for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_c3r.core.encoder.families.cce import CceConfig
from napari_c3r.core.errors import InputError
from training.contrast import Contrast, ContrastOptions, Groups, Seen, Student, draw_groups
from training.data.cropset import CropSet
from training.log import say
from training.objectives import Batch, Progress
from training.schedules import Plan
from training.targets import teacher_features
from training.teacher import WIDTH, Layer
from training.transfer import indices

_ROWS_OF_A_SET = 4000  # crops that the components are learnt from, of each set


@dataclass(frozen=True, kw_only=True)
class DistilOptions(ContrastOptions):
    """Settings of `Distil`, and those of `Contrast`.

    Parameters
    ----------
    teacher
        Weight of the error with which the teacher's features are predicted, as a share of their
        variance.
    likeness
        Weight of 1 less the correlation, over pairs of cells, between the cosines of class tokens
        and those of the teacher's features.
    layers
        Of the teacher.
    components
        Principal components of its features.
    whitening
        Power of a component's variance that it is divided by: 0 for none, 0.5 for equal
        variances.
    taught, contrasted
        Names of the crop sets with the teacher's terms, and of those with contrast and
        descriptors; all sets where empty.
    """

    teacher: float = 2.0
    likeness: float = 1.0
    layers: tuple[Layer, ...] = ("last", "block 11")
    components: int = 192
    whitening: float = 0.25
    taught: tuple[str, ...] = ()
    contrasted: tuple[str, ...] = ()


class Distil(Contrast):
    """The objective; see the module.

    Parameters
    ----------
    encoder, options, plan
        As in `Objective`.
    """

    Options = DistilOptions
    options: DistilOptions
    student: TaughtStudent

    def __init__(self, encoder: CceConfig, options: DistilOptions, plan: Plan) -> None:
        super().__init__(encoder, options, plan)
        width = sum(WIDTH[layer] for layer in options.layers)
        self.components = Components(width, options.components, options.whitening)

    def make_student(self, encoder: CceConfig) -> TaughtStudent:
        """With a predictor of the teacher's features."""
        return TaughtStudent(encoder, self.options)

    @classmethod
    def features_of(
        cls, options: Any, crops: CropSet, channels: Sequence[int], device: torch.device
    ) -> Tensor | None:
        """What the teacher sees of a crop set, computed where it is not there yet."""
        name = crops.path.name
        taught = not options.taught or name in options.taught
        if not taught and options.contrasted and name not in options.contrasted:
            raise InputError(
                f"config: the crop set '{name}' is named in neither taught nor contrasted: add it "
                "to one of them, or leave it out"
            )
        if not taught:
            return None
        return teacher_features(crops, channels, options.layers, str(device), say)

    def fit(self, features: Sequence[Tensor]) -> None:
        """Find the components of the teacher's features."""
        self.components.fit(features)

    def forward(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Draw one view of each cell and compute the losses that its crop set has."""
        groups = draw_groups(batch.context, batch.concept, self.options.any_role, progress.shared)
        seen = self.look(batch.images, groups, progress)
        with torch.autocast(seen.views.device.type, enabled=False):
            losses: dict[str, Tensor] = {}
            if not self.options.contrasted or batch.name in self.options.contrasted:
                losses |= self.losses(seen, batch)
            if batch.features is not None:
                losses |= self._taught(seen, batch.features, groups)
            found = self.summed(losses, seen, progress)
            # Processes that join their gradients need one of every parameter from each.
            unused = sum(p.sum() for head in self._heads() for p in head.parameters())
            return found | {"loss": found["loss"] + 0 * unused}

    def _heads(self) -> tuple[nn.Module, ...]:
        student = self.student
        readers = (student.from_cls, student.from_std, student.from_patch, student.from_teacher)
        return (student.projector, *readers)

    def _taught(self, seen: Seen, features: Tensor, groups: Groups) -> dict[str, Tensor]:
        wanted = group_targets(self.components(features), groups.whole, groups.concept)
        predicted = self.student.from_teacher(seen.cls)
        predicted = predicted - predicted.mean(0)
        error = F.mse_loss(predicted, wanted) / wanted.square().mean().clamp_min(1e-6)
        return {"teacher": error, "likeness": 1 - likeness(seen.cls, wanted)}


class TaughtStudent(Student):
    """The student of `Contrast` that also says what the teacher sees.

    Parameters
    ----------
    config, options
        As of `Student`.
    """

    def __init__(self, config: CceConfig, options: DistilOptions) -> None:
        super().__init__(config, options)
        self.from_teacher = nn.Linear(config.width, 2 * options.components)


class Components(nn.Module):
    """Principal components of features, divided by a power of their variance.

    Parameters
    ----------
    width
        Features that come in.
    count
        Components that go out.
    whitening
        The power.
    """

    scale: Tensor
    directions: Tensor

    def __init__(self, width: int, count: int, whitening: float) -> None:
        super().__init__()
        self.whitening = whitening
        self.register_buffer("scale", torch.ones(width))
        self.register_buffer("directions", torch.zeros(width, count))

    @torch.no_grad()
    def fit(self, features: Sequence[Tensor]) -> None:
        """Find them within crop sets and channels.

        Parameters
        ----------
        features
            ``(n, C, F)`` of each set. What the cells of a set have in common in a channel is taken
            off, so that the components are those in which cells of one set differ.
        """
        parts = []
        for each in features:
            step = max(1, len(each) // _ROWS_OF_A_SET)
            rows = each[::step].double()
            parts.append((rows - rows.mean(0)).flatten(0, 1))
        if not parts:
            return
        rows = torch.cat(parts)
        scale = rows.square().mean(0).sqrt().clamp_min(1e-6)
        rows = rows / scale
        variances, directions = torch.linalg.eigh(rows.T @ rows / len(rows))
        count = self.directions.shape[1]
        # The smallest come first; of fewer features than components, the others stay 0.
        variances = variances.flip(0)[:count].clamp_min(1e-9)
        directions = directions.flip(1)[:, :count] * variances**-self.whitening
        power = (variances ** (1 - 2 * self.whitening)).mean()
        self.scale.copy_(scale)
        self.directions[:, : directions.shape[1]] = (directions / power.sqrt()).float()

    def forward(self, features: Tensor) -> Tensor:
        """Features ``(..., F)`` to components ``(..., count)``, float32."""
        return (features.float() / self.scale) @ self.directions


def group_targets(components: Tensor, context: Sequence[int], concept: Sequence[int]) -> Tensor:
    """Average components over the channels of the groups, and take off what cells share.

    Parameters
    ----------
    components
        ``(n, C, k)``.
    context, concept
        Channels.

    Returns
    -------
    Tensor
        ``(n, 2 k)``: context, concept.
    """
    groups = [
        components.index_select(1, indices(tuple(group), components.device)).mean(1)
        for group in (context, concept)
    ]
    joined = torch.cat(groups, dim=1)
    return joined - joined.mean(0)


def likeness(one: Tensor, other: Tensor) -> Tensor:
    """Correlation, over all pairs of rows, between the cosines of two sets of features.

    Parameters
    ----------
    one, other
        ``(n, ...)`` of the same cells.

    Returns
    -------
    Tensor
        Scalar from -1 to 1.
    """
    pairs = torch.triu_indices(len(one), len(one), 1, device=one.device)
    flat = pairs[0] * len(one) + pairs[1]

    def cosines(features: Tensor) -> Tensor:
        rows = F.normalize(features, dim=1)
        found = (rows @ rows.T).flatten()[flat]
        return found - found.mean()

    return F.cosine_similarity(cosines(one), cosines(other), dim=0)
