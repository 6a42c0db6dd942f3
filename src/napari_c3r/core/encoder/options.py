"""How an encoder runs: one type for docks, shell, plates, diagnostics, scripts and provenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_c3r.core.encoder.config import ConceptMode, EncoderConfig, Readout
from napari_c3r.core.options import Checked, option

if TYPE_CHECKING:
    from napari_c3r.core.encoder.protocol import Run


@dataclass(frozen=True)
class RunOptions(Checked):
    """Where and how an encoder runs.

    Parameters
    ----------
    device
        ``"auto"`` (CUDA, then MPS, then CPU), ``"cuda"``, ``"cuda:1"``, ``"mps"`` or ``"cpu"``.
    precision
        Data type of the matrix products: ``"auto"`` (bfloat16 where the device has it, else
        float32), ``"float32"``, ``"bfloat16"`` or ``"float16"``. All else is float32.
    batch_size
        Crops computed at once, or ``"auto"``; halved when memory runs out.
    concept_mode
        ``"each"``: every concept channel alone with all the context, the vectors joined in the
        order of the concept channels. ``"joint"``: all concept channels together. None: what
        the model recommends.
    readout
        ``"cls"``: the class token, D numbers. ``"cls+std"``: then, for each feature, the
        population standard deviation over the patch tokens, 2 D numbers. ``"mean"``: the mean of
        the patch tokens. ``"pool"``: what a trained pooling makes of all tokens. Encoders that
        lack one refuse it. None: what the model recommends.
    """

    device: str = option("auto", "Device", "Where to compute; auto takes a GPU if there is one")
    precision: str = option(
        "auto",
        "Precision",
        "Of the matrix products; auto takes bfloat16 where the device has it",
        choices=("auto", "float32", "bfloat16", "float16"),
    )
    batch_size: int | str = option(
        "auto",
        "Batch size",
        "Cells computed at once; halved by itself when memory runs out",
        minimum=1,
        maximum=2**16,
        words_for=("auto",),
    )
    concept_mode: ConceptMode | None = option(
        None,
        "Concepts",
        "Each alone with all the context, the vectors joined, or all of them together",
        choices=("each", "joint"),
        unset="as the encoder recommends",
    )
    readout: Readout | None = option(
        None,
        "Readout",
        "The class token, or also how each feature varies over the cell; some encoders have a mean "
        "of the patches or a trained pooling instead",
        choices=("cls", "cls+std", "mean", "pool"),
        unset="as the encoder recommends",
    )

    def recommended_by(self, config: EncoderConfig) -> RunOptions:
        """Fill in what the model recommends where nothing was chosen."""
        return replace(
            self,
            concept_mode=self.concept_mode or config.concept_mode,
            readout=self.readout or config.readout,
        )


# Where a batch is slow, a small one lets a run be watched and stopped.
_CPU_BATCH = 16


def watchable(options: RunOptions, devices: Sequence[str]) -> RunOptions:
    """Options by which cells can be embedded again here, in batches that somebody waits for.

    Parameters
    ----------
    options
        How the cells were embedded.
    devices
        What this machine can compute on, best first: the best one takes the place of a device
        that it lacks.
    """
    if options.device not in devices:
        options = replace(options, device=devices[0], precision="auto")
    return replace(options, batch_size=_CPU_BATCH if options.device == "cpu" else "auto")


def describe_run(run: Run) -> dict[str, str]:
    """Say what a run settled on, for the provenance of its vectors.

    Returns
    -------
    dict
        ``device``, ``precision``, ``concept_mode`` and ``readout``.
    """
    return {
        "device": run.device,
        "precision": run.precision,
        "concept_mode": run.concept_mode,
        "readout": run.readout,
    }
