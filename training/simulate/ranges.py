"""How far each parameter of a cell line may go, and steps between the ends."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from napari_c3r.core.simulate.parameters import CellLine


@dataclass(frozen=True)
class Range:
    """The ends of a parameter, and what lies half-way between them."""

    low: float
    high: float
    scale: str = "log"
    """`"log"`: the geometric mean; `"linear"`: the mean."""

    def position(self, value: float) -> float:
        """Where a value lies: 0 at the low end, 1 at the high one."""
        if self.scale == "log":
            value = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            value = (value - self.low) / (self.high - self.low)
        return min(max(value, 0.0), 1.0)

    def value(self, position: float) -> float:
        """The value at a position; beyond an end it is turned back."""
        position = abs((position + 1) % 2 - 1) if position < 0 or position > 1 else position
        if self.scale == "log":
            return float(self.low * (self.high / self.low) ** position)
        return float(self.low + (self.high - self.low) * position)


RANGES: dict[str, Range] = {
    "outline.radius_um": Range(10, 33),
    "outline.size_cv": Range(0.06, 0.3),
    "outline.elongation": Range(1, 3.2),
    "outline.corners": Range(4, 14),
    "outline.spikiness": Range(0.04, 0.45),
    "outline.concavity": Range(0, 0.5, "linear"),
    "outline.rounding_deg": Range(3, 20),
    "outline.waviness_um": Range(0.2, 1.8),
    "nucleus.radius_um": Range(4.8, 13),
    "nucleus.size_cv": Range(0.04, 0.22),
    "nucleus.elongation": Range(1.02, 2.3),
    "nucleus.irregularity": Range(0.01, 0.1),
    "nucleus.indentation": Range(0, 0.5, "linear"),
    "body.lamella": Range(0.08, 0.9),
    "body.dome_um": Range(1.5, 10),
    "body.thickness": Range(0.7, 1.6),
    "chromatin.amount": Range(0.5, 2),
    "chromatin.contrast": Range(0.04, 0.45),
    "chromatin.grain_um": Range(0.4, 2.2),
    "nucleoli.amount": Range(0.25, 2),
    "nucleoli.number": Range(1, 9),
    "nucleoli.radius_um": Range(0.5, 2.2),
    "speckles.amount": Range(0.5, 1.6),
    "speckles.number": Range(8, 60),
    "speckles.radius_um": Range(0.25, 1.0),
    "speckles.bodies": Range(2, 25),
    "speckles.body_um": Range(0.18, 0.7),
    "cytosol.nuclear": Range(0.15, 1.3),
    "cytosol.holes": Range(0.002, 0.08),
    "reticulum.amount": Range(0.4, 2),
    "reticulum.reach_um": Range(1.5, 14),
    "reticulum.mesh_um": Range(0.7, 2.5),
    "reticulum.envelope": Range(0.1, 1.4),
    "reticulum.polarity": Range(0, 0.95, "linear"),
    "mitochondria.amount": Range(0.4, 2.2),
    "mitochondria.number": Range(70, 600),
    "mitochondria.length_um": Range(0.5, 8),
    "mitochondria.reach_um": Range(1.8, 18),
    "mitochondria.curl": Range(0.1, 0.8),
    "mitochondria.polarity": Range(0, 0.95, "linear"),
    "microtubules.amount": Range(0.6, 2.4),
    "microtubules.number": Range(80, 700),
    "microtubules.length_um": Range(4, 40),
    "microtubules.curl": Range(0.05, 0.6),
    "microtubules.centrosomal": Range(0.02, 0.7),
    "microtubules.reach_um": Range(3, 40),
    "microtubules.bundling": Range(0, 0.5, "linear"),
    "microtubules.diffuse": Range(0.03, 1),
    "microtubules.over_nucleus": Range(0.1, 1, "linear"),
    "actin.amount": Range(0.5, 2),
    "actin.fibres": Range(2, 110),
    "actin.length_um": Range(5, 40),
    "actin.disorder_deg": Range(3, 70),
    "actin.cortex": Range(0.15, 3.2),
    "actin.patchiness": Range(0.1, 1.1),
    "actin.aggregates": Range(0.4, 60),
    "actin.aggregate_um": Range(0.3, 1.4),
    "actin.cortex_um": Range(0.25, 1.6),
    "actin.diffuse": Range(0.06, 3),
    "actin.adhesions": Range(10, 130),
    "golgi.amount": Range(0.4, 2),
    "golgi.ribbons": Range(12, 120),
    "golgi.length_um": Range(0.8, 4),
    "golgi.dispersion": Range(0.02, 1),
    "vesicles.amount": Range(0.4, 2),
    "vesicles.number": Range(15, 320),
    "vesicles.reach_um": Range(2, 22),
    "vesicles.size_um": Range(0.1, 0.6),
    "vesicles.droplets": Range(4, 160),
    "vesicles.droplet_um": Range(0.25, 1.0),
}
"""Ends of what interphase cells may be, by `part.parameter`; modes go beyond them."""

_PAIRS = {"outline.corners": 1.5, "nucleoli.number": 1.8}  # most over fewest
_WHOLE = {"mitochondria.number", "microtubules.number", "vesicles.number", "golgi.ribbons"}
_WHOLE |= {"actin.fibres", "actin.aggregates", "actin.adhesions", "vesicles.droplets"}
_WHOLE |= {"speckles.number", "speckles.bodies"}


def move(line: CellLine, steps: dict[str, float]) -> CellLine:
    """Move parameters of a line along their ranges.

    Parameters
    ----------
    line
        Where to start.
    steps
        How far to go by `part.parameter`; 1 is from the low to the high end.
    """
    for name, step in steps.items():
        part, parameter = name.split(".")
        owner = getattr(line, part)
        at = RANGES[name].position(_as_number(getattr(owner, parameter)))
        changed = _as_parameter(name, RANGES[name].value(at + step))
        line = replace(line, **{part: replace(owner, **{parameter: changed})})
    return line


def positions(line: CellLine) -> dict[str, float]:
    """Where every parameter of a line lies in its range, 0 to 1."""
    found = {}
    for name, reach in RANGES.items():
        part, parameter = name.split(".")
        found[name] = reach.position(_as_number(getattr(getattr(line, part), parameter)))
    return found


def place(line: CellLine, **values: dict[str, Any]) -> CellLine:
    """Set parameters outright: `place(line, nucleus={"elongation": 4.0})`."""
    parts = {part: replace(getattr(line, part), **new) for part, new in values.items()}
    return replace(line, **parts)


def _as_number(value: Any) -> float:
    return float(value[0]) if isinstance(value, tuple) else float(value)


def _as_parameter(name: str, value: float) -> Any:
    if name in _PAIRS:
        return round(value), round(value * _PAIRS[name])
    return round(value) if name in _WHOLE else value
