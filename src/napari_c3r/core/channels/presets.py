"""Roles of channels by published conventions."""

from __future__ import annotations

from collections.abc import Callable

from napari_c3r.core.channels import stains
from napari_c3r.core.channels.roles import Role
from napari_c3r.core.channels.stains import Stain


def _hpa_role(name: str) -> Role:
    stain = stains.identify_hpa_colour(name) or stains.identify(name)
    if stain in (Stain.DNA, Stain.ER, Stain.MICROTUBULES):
        return Role.CONTEXT
    return Role.IGNORE if stain is Stain.TRANSMITTED else Role.CONCEPT


def _jump_cp_role(name: str) -> Role:
    stain = stains.identify(name)
    if stain in (Stain.DNA, Stain.ER):
        return Role.CONTEXT
    readouts = (Stain.RNA, Stain.AGP, Stain.ACTIN, Stain.GOLGI, Stain.MITO)
    return Role.CONCEPT if stain in readouts else Role.IGNORE


def _wtc_11_role(name: str) -> Role:
    stain = stains.identify(name)
    if stain is Stain.DNA:
        return Role.CONTEXT
    return Role.IGNORE if stain is Stain.TRANSMITTED else Role.CONCEPT


PRESETS: dict[str, Callable[[str], Role]] = {
    "hpa": _hpa_role,
    "jump-cp": _jump_cp_role,
    "wtc-11": _wtc_11_role,
}
"""Role of a channel by its name, for each published convention."""
