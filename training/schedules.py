"""Values that change during training: learning rate, weight decay, momentum, temperatures."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """The length of a run.

    Parameters
    ----------
    epochs
        How many.
    steps_per_epoch
        Optimiser steps in each.
    """

    epochs: int
    steps_per_epoch: int

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole run."""
        return self.epochs * self.steps_per_epoch

    def epoch_of(self, step: int) -> int:
        """The epoch, from 0, that a step belongs to."""
        return step // self.steps_per_epoch


@dataclass(frozen=True)
class Cosine:
    """From 0 straight up to `start`, then along half a cosine to `end`, step by step.

    The last step of the warm-up already has the value `start`, and the last step of the run has
    not quite reached `end`, as in DINO's schedules.

    Parameters
    ----------
    start, end
        Values after the warm-up and, nearly, at the end.
    steps
        Steps of the whole run.
    warmup
        Steps on the way up.
    """

    start: float
    end: float
    steps: int
    warmup: int = 0

    def at(self, step: int) -> float:
        """The value of a step, counted from 0."""
        if step < self.warmup:
            return self.start * step / max(self.warmup - 1, 1)
        turn = math.pi * (step - self.warmup) / max(self.steps - self.warmup, 1)
        return self.end + 0.5 * (self.start - self.end) * (1 + math.cos(turn))


@dataclass(frozen=True)
class Ramp:
    """A value per epoch: `start` for a while, then a straight line, then `end`.

    Parameters
    ----------
    start, end
        First and last value.
    epochs
        Epochs on the line, both ends included.
    delay
        Epochs that stay at `start` before it.
    """

    start: float
    end: float
    epochs: int
    delay: int = 0

    def at(self, epoch: int) -> float:
        """The value of an epoch, counted from 0."""
        done = epoch - self.delay
        if done < 0:
            return self.start
        if done >= self.epochs:
            return self.end
        return self.start + (self.end - self.start) * done / max(self.epochs - 1, 1)
