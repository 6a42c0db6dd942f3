"""The protocols by which the papers compare encoders, one module each.

``python -m training.evaluate protocol NAME --features FILE`` or ``--encoder FOLDER --data FOLDER``.
Each follows the official code where there is one; what its paper does otherwise comes with
``--paper``, and what no source says is named in the options.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from napari_c3r.core.errors import InputError
from training.evaluate.protocols import (
    chammi,
    compounds,
    hpa_loc,
    jump_ret,
    jump_trex,
    parity,
    probe,
)
from training.evaluate.protocols.protocol import Protocol

__all__ = ["PROTOCOLS", "find_protocol"]

PROTOCOLS: Final[Mapping[str, Protocol]] = {
    module.PROTOCOL.name: module.PROTOCOL
    for module in (hpa_loc, jump_ret, jump_trex, chammi, parity, probe, compounds)
}
"""By name."""


def find_protocol(name: str) -> Protocol:
    """A protocol by its name; InputError where there is none."""
    if name not in PROTOCOLS:
        raise InputError(f"no protocol {name!r}; choose from {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]
