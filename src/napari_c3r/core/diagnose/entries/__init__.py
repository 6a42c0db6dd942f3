"""The diagnostics of the package itself, in the order in which they are shown."""

from __future__ import annotations

from napari_c3r.core.diagnose.entries.confounds import CONFOUNDS
from napari_c3r.core.diagnose.entries.encoders import ENCODERS
from napari_c3r.core.diagnose.entries.parity import PARITY
from napari_c3r.core.diagnose.entries.roles import DROP, FLIP, PASSES, SWAP

BUILT_IN = (SWAP, PASSES, FLIP, DROP, CONFOUNDS, PARITY, ENCODERS)

__all__ = ["BUILT_IN", "CONFOUNDS", "DROP", "ENCODERS", "FLIP", "PARITY", "PASSES", "SWAP"]
