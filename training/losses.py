"""The losses of the official training: self-distillation of iBOT, and antibody supervision.

All are computed in float32, or float64 where that comes in, also under autocast.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.distributed import mean_over_processes
from training.transfer import to_device

Divergence = Literal["cross-entropy", "kl"]


class DistillationLoss(nn.Module):
    """Cross-entropy from the teacher's prototypes to the student's (iBOT, eq. 1 and 2).

    Parameters
    ----------
    logits
        Prototypes.
    student_temperature
        Of the student's softmax, for class tokens and patches.
    center_momentum
        Of the running means of the teacher's logits, `center` for class tokens and `center2` for
        patches.
    divergence
        ``"cross-entropy"``, as in the official code, or ``"kl"``, as in the paper: smaller by the
        entropy of the targets, with the same gradients.
    """

    center: Tensor
    center2: Tensor

    def __init__(
        self,
        logits: int,
        *,
        student_temperature: float = 0.1,
        center_momentum: float = 0.9,
        divergence: Divergence = "cross-entropy",
    ) -> None:
        super().__init__()
        self.student_temperature = student_temperature
        self.center_momentum = center_momentum
        self.divergence = divergence
        self.register_buffer("center", torch.zeros(1, logits))
        self.register_buffer("center2", torch.zeros(1, 1, logits))

    def class_loss(self, student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
        """Mean over all pairs of a teacher's view and another view of the student.

        Parameters
        ----------
        student
            Logits ``(views, n, K)`` of all views, the teacher's first.
        teacher
            Logits ``(teacher's views, n, K)``.
        temperature
            Of the teacher's softmax.

        Returns
        -------
        Tensor
            Scalar.
        """
        targets = centred_targets(teacher, self.center, temperature)
        predictions = self._predictions(student)
        n_own, n = targets.shape[:2]
        pairs = n_own * len(predictions) - n_own
        every = (targets.sum(0) * predictions.sum(0)).sum()
        same = (targets * predictions[:n_own]).sum()
        # Each target takes part in as many pairs as there are other views.
        spread = self._entropy(targets).sum() * (len(predictions) - 1)
        return (same - every - spread) / (pairs * n)

    def patch_loss(
        self, student: Tensor, teacher: Tensor, mask: Tensor, temperature: float
    ) -> Tensor:
        """Mean over views and images of the mean over the masked patches of an image.

        Images without masked patches count as 0.

        Parameters
        ----------
        student, teacher
            Logits ``(m, K)`` of the masked patches, in the order of `mask`.
        mask
            ``(views, n, patches)`` boolean on the CPU with m set.
        temperature
            Of the teacher's softmax.

        Returns
        -------
        Tensor
            Scalar.
        """
        targets = centred_targets(teacher, self.center2[0], temperature)
        each = -(targets * self._predictions(student)).sum(-1) - self._entropy(targets)
        masked = mask.sum(-1, keepdim=True).clamp(min=1)
        weights = to_device((mask.to(each.dtype) / masked)[mask], each.device)
        return (each * weights).sum() / mask[..., 0].numel()

    @torch.no_grad()
    def update_centers(self, teacher_class: Tensor, teacher_patch: Tensor) -> None:
        """Move the centers towards the means of the teacher's logits over all processes.

        Parameters
        ----------
        teacher_class, teacher_patch
            Means ``(K,)`` over the views and images, and patches, of this process.
        """
        for center, mean in ((self.center, teacher_class), (self.center2, teacher_patch)):
            move_center(center, mean, self.center_momentum)

    def _predictions(self, logits: Tensor) -> Tensor:
        return F.log_softmax(at_least_float32(logits) / self.student_temperature, dim=-1)

    def _entropy(self, targets: Tensor) -> Tensor:
        """Entropy of the targets over the prototypes, or 0 where it is not to be taken off."""
        if self.divergence == "cross-entropy":
            return targets.new_zeros(())
        return -torch.xlogy(targets, targets).sum(-1)


def centred_targets(logits: Tensor, center: Tensor, temperature: float) -> Tensor:
    """What a teacher's logits ``(..., K)`` make of the prototypes, without gradient."""
    logits = at_least_float32(logits.detach())
    return F.softmax((logits - center.to(logits.dtype)) / temperature, dim=-1)


@torch.no_grad()
def move_center(center: Tensor, mean: Tensor, momentum: float) -> None:
    """Move a centre, in place, towards the mean ``(K,)`` of a teacher's logits in all processes."""
    joined = mean_over_processes(mean.to(center.dtype))
    center.mul_(momentum).add_(joined, alpha=1 - momentum)


def supervised_contrast(
    features: Tensor, ids: Tensor, temperature: float, experiments: Tensor | None = None
) -> Tensor:
    """Supervised contrastive loss (Khosla et al. 2020, eq. 2).

    Positives of a row are all rows of the same id but itself; the denominator has all rows but
    itself. Two views of a cell are two rows. With an id for each cell this is NT-Xent.

    Parameters
    ----------
    features
        ``(n, d)``, of any length.
    ids
        ``(n,)``. A row without another of its id is a negative of the others only.
    temperature
        Divides the cosines.
    experiments
        ``(n,)``. Only rows of the same experiment are compared; all rows by default.

    Returns
    -------
    Tensor
        Scalar, the mean over the rows that have positives; 0 if none has.
    """
    rows = F.normalize(at_least_float32(features), dim=1)
    with torch.autocast(rows.device.type, enabled=False):
        scores = rows @ rows.T / temperature
    itself = torch.eye(len(rows), dtype=torch.bool, device=rows.device)
    apart = itself if experiments is None else itself | (experiments[:, None] != experiments)
    # A row without any other would have no largest score.
    lone = apart.all(1, keepdim=True)
    shares = F.log_softmax(scores.masked_fill(apart & ~lone, -torch.inf), dim=1)
    positive = (ids[:, None] == ids) & ~apart
    count = positive.sum(1)
    means = shares.masked_fill(~positive, 0).sum(1) / count.clamp(min=1)
    return -means.sum() / (count > 0).sum().clamp(min=1)


@torch.no_grad()
def effective_rank(features: Tensor) -> Tensor:
    """How many directions features spread over: the exponential of their spectrum's entropy.

    Parameters
    ----------
    features
        ``(n, d)``.

    Returns
    -------
    Tensor
        Scalar from 1 to d (Roy and Vetterli 2007, on the eigenvalues of the covariance).
    """
    centred = features.float() - features.float().mean(0)
    with torch.autocast(features.device.type, enabled=False):
        # On the CPU, since not every device can, and none has an advantage.
        spectrum = torch.linalg.eigvalsh((centred.T @ centred).cpu()).clamp(min=0)
    share = spectrum / spectrum.sum().clamp(min=1e-30)
    return (-torch.xlogy(share, share).sum()).exp().to(features.device)


def at_least_float32(values: Tensor) -> Tensor:
    """Raise half precision to float32; leave float64 alone."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
