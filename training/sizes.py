"""Sizes of a run for encoders that are no context-concept encoders."""

from __future__ import annotations

import re
from typing import Any

from napari_c3r.core.encoder.families.cce import CceConfig


def plain_depth(encoder: CceConfig) -> int:
    """Blocks of a plain transformer with as many parameters as a context-concept encoder.

    It is 12 for all published sizes: two blocks of both branches are as large as one of the joint
    encoder.
    """
    return encoder.joint_depth + (encoder.branch_depth + 1) // 2


def plain_values(encoder: CceConfig, called: str) -> dict[str, Any]:
    """Fields of a configuration of another family that the sizes of a run decide.

    Parameters
    ----------
    encoder
        As the run describes it.
    called
        The family's name, in place of ``C3R`` where the run has chosen no name.

    Returns
    -------
    dict
        All that every encoder has, and ``heads``.
    """
    name = re.sub(r"^C3R\b", called, encoder.name)
    return encoder.common_values() | {"name": name, "heads": encoder.heads}
