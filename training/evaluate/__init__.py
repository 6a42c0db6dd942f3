"""How good an encoder is, on real cells: one command, one table.

``python -m training.evaluate MODEL_FOLDER… --data FOLDER`` compares model folders with untrained
encoders of the same sizes and with hand-made features. With ``--validation`` it runs only on cells
that may steer training; all else is for the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.encoder.config import Readout

__all__ = ["quick"]


def quick(
    model: str | Path | Encoder,
    data: str | Path,
    tasks: Sequence[str] = ("moa", "dose"),
    *,
    validation: bool = False,
    readouts: Sequence[Readout] = ("cls", "cls+std"),
    device: str = "auto",
) -> pd.DataFrame:
    """Score one encoder alone, without anything to compare it with.

    Parameters
    ----------
    model
        A model folder, or an encoder that was loaded.
    data
        Folder of the real images.
    tasks
        Names from `training.evaluate.tasks.TASKS`, or from ``VALIDATION_TASKS`` there.
    validation
        Whether the tasks are those that may steer training.
    readouts
        A row for each.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"``, …

    Returns
    -------
    DataFrame
        As of `training.evaluate.table.evaluate`.
    """
    from napari_c3r.core.encoder import load_encoder
    from training.evaluate.table import evaluate
    from training.evaluate.tasks import TASKS, VALIDATION_TASKS, chosen

    encoder = load_encoder(model) if isinstance(model, (str, Path)) else model
    return evaluate(
        {encoder.name: encoder},
        data,
        chosen(tasks, VALIDATION_TASKS if validation else TASKS),
        readouts=readouts,
        device=device,
        controls=False,
    )
