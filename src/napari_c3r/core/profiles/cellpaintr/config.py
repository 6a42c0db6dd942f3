"""What a CellPainTR is made of, and how it is fitted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Self

from napari_c3r.core.errors import InputError
from napari_c3r.core.options import Checked, option

STAGES = ("masked features", "compounds within a source", "compounds across sources")
"""What each stage of a fit learns from, in order."""

_RISING_STEPS: Final = 50
# Tokens of a batch that a few GB of memory hold with all that the gradient needs.
_MOST_TOKENS: Final = 2**17


@dataclass(frozen=True, kw_only=True)
class CellPainTRConfig(Checked):
    """The network, as a folder keeps it.

    Sizes by default are ours, for tables of some plates on a processor; `published` has those of
    the public code.

    Parameters
    ----------
    width
        Features of a token, and of a corrected profile.
    blocks
        Of a Hyena operator and an MLP each.
    filter_width
        Hidden features of the network that makes the filters.
    dropout
        Share of the first block's input that is set to 0 while fitting.
    filter
        ``"published"``: position features whose cosines hardly change over the taps, weights
        exp(-t |d|) that grow towards t = -1, and of a shorter profile the first taps.
        ``"repaired"``: cosines of one and two periods, weights exp(-|t d|) with d from 0 up to
        the least of the published, and the middle taps.
    source_place
        Where the token of the source stands: ``"last"``, as in the public code, or ``"first"``,
        after the class token, as the text of the paper has it.
    missing
        What stands for a feature that was not measured: the token of masked values (``"mask"``),
        or the number 0 (``"zero"``), as in the public code, where a measured 0 is the same.
    """

    width: int = option(32, "Width", "Features of a token", minimum=2, maximum=4096)
    blocks: int = option(4, "Blocks", "Blocks of the network", minimum=1, maximum=64)
    filter_width: int = option(
        32, "Filter width", "Hidden features of what makes the filters", minimum=1, maximum=4096
    )
    dropout: float = option(
        0.0, "Dropout", "Share of the input set to 0 while fitting", minimum=0, maximum=0.9
    )
    filter: str = option(
        "repaired", "Filter", "Shape of the filters", choices=("repaired", "published")
    )
    source_place: str = option(
        "last", "Source token", "Where the source's token stands", choices=("last", "first")
    )
    missing: str = option(
        "mask", "Not measured", "What stands for a missing feature", choices=("mask", "zero")
    )

    @classmethod
    def published(cls, **values: Any) -> Self:
        """The sizes and choices of the public code, with other values where given."""
        usual = {
            "width": 256,
            "blocks": 4,
            "filter_width": 64,
            "dropout": 0.1,
            "filter": "published",
            "missing": "zero",
        }
        return cls(**{**usual, **values})


@dataclass(frozen=True, kw_only=True)
class FitOptions(Checked):
    """How a CellPainTR is fitted: three stages, of which each goes on from the one before.

    Parameters
    ----------
    epochs
        Of the last stage.
    early_epochs
        Of each of the two stages before it.
    rate
        Learning rate of AdamW in the first stage, at its highest.
    schedule
        ``"cosine"``: the rate rises for the first steps, then falls along half a cosine over all
        stages. ``"constant"``: it stays as it is within a stage, as in the public code.
    batch_size
        Rows of a batch in the first stage; ``"auto"`` for a fifth of the table, 32 to 256, and
        fewer where there are so many features that memory would run short.
    growth
        From stage to stage, batches grow and the learning rate falls by this factor. The paper's
        text says that they do and gives no number; in the public code neither changes (1).
    least_hidden, most_hidden
        Share of the features that a batch hides, drawn between these.
    masking
        ``"independent"``: every feature of a row is hidden by itself, as the public code does.
        ``"groups"``: features of one part and dye are hidden together, as the text has it.
    draw
        ``"paired"``: rows of a compound come into a batch two by two, so that few are without
        another of theirs. ``"shuffled"``: as it happens, as in the public code.
    temperature
        Divides the cosines of the contrast.
    clip_percent
        Values of a plate are cut off at this percentile of all of them, and at its counterpart.
    scale
        ``"unit"``: all values are divided by their standard deviation over the fit's table, so
        that strong effects do not let the error of hidden features outweigh the contrast.
        ``"controls"``: they stay at the scale of the controls, as in the public code.
    seed
        Of all that is drawn.
    device
        Where it runs; ``"auto"`` for the best there is.
    """

    epochs: int = option(70, "Epochs", "Epochs of the last stage", minimum=0, maximum=100_000)
    early_epochs: int = option(
        6, "Early epochs", "Epochs of each stage before the last", minimum=0, maximum=100_000
    )
    rate: float = option(6e-3, "Learning rate", "Rate of the first stage", minimum=0, maximum=1)
    schedule: str = option(
        "cosine", "Schedule", "How the rate changes", choices=("cosine", "constant")
    )
    batch_size: int | str = option(
        "auto",
        "Batch",
        "Rows of a batch in the first stage",
        minimum=2,
        maximum=65_536,
        words_for=("auto",),
    )
    growth: float = option(
        1.0, "Growth", "Factor of batch and rate between stages", minimum=1, maximum=16
    )
    least_hidden: float = option(
        0.0, "Least hidden", "Share of the features that is hidden at least", minimum=0, maximum=0.9
    )
    most_hidden: float = option(
        0.2, "Most hidden", "Share of the features that is hidden at most", minimum=0, maximum=0.9
    )
    masking: str = option(
        "independent", "Masking", "What is hidden together", choices=("independent", "groups")
    )
    draw: str = option(
        "paired", "Batches", "How rows come into a batch", choices=("paired", "shuffled")
    )
    temperature: float = option(
        0.07, "Temperature", "Divides the cosines of the contrast", minimum=0.001, maximum=100
    )
    clip_percent: float = option(
        1.0, "Cut off", "Percentile at which values are cut off", minimum=0, maximum=25
    )
    scale: str = option("unit", "Scale", "What values are brought to", choices=("unit", "controls"))
    seed: int = option(0, "Seed", "Of all that is drawn", minimum=0, maximum=2**31 - 1)
    device: str = option("auto", "Device", "Where it runs")

    @classmethod
    def published(cls, **values: Any) -> Self:
        """The settings of the public code, with other values where given."""
        usual = {
            "epochs": 50,
            "early_epochs": 50,
            "rate": 1e-4,
            "schedule": "constant",
            "batch_size": 16,
            "least_hidden": 0.05,
            "most_hidden": 0.4,
            "draw": "shuffled",
            "scale": "controls",
        }
        return cls(**{**usual, **values})

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.least_hidden > self.most_hidden:
            raise InputError(
                f"least_hidden is {self.least_hidden:g} and most_hidden {self.most_hidden:g}: give "
                "the smaller one first"
            )

    def epochs_of(self, stage: int) -> int:
        """Epochs of a stage, counted from 0."""
        return self.epochs if stage == len(STAGES) - 1 else self.early_epochs

    @property
    def all_epochs(self) -> int:
        """Epochs of all stages."""
        return sum(self.epochs_of(stage) for stage in range(len(STAGES)))

    def stage_of(self, epoch: int) -> int:
        """The stage that an epoch, counted through all of them, is of."""
        return min(epoch // self.early_epochs, len(STAGES) - 1) if self.early_epochs else 2

    def rows_at_once(self, stage: int, n_rows: int, n_features: int) -> int:
        """Rows of a batch of a stage, of a table of so many rows and features."""
        size = self.batch_size
        if isinstance(size, str):
            size = min(max(n_rows // 5, 32), 256, max(_MOST_TOKENS // n_features, 2))
        return round(size * self.growth**stage)

    def rate_at(self, stage: int, done: float, step: int) -> float:
        """Learning rate of a step.

        Parameters
        ----------
        stage
            Counted from 0.
        done
            Share of the whole fit that is done, 0 to 1.
        step
            Batches done of the whole fit, about.
        """
        rate = self.rate / self.growth**stage
        if self.schedule == "constant":
            return rate
        rising = min(1.0, (step + 1) / _RISING_STEPS)
        return rate * rising * 0.5 * (1 + math.cos(math.pi * done))
