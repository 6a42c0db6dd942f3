"""Random antibodies, cell lines and treatments: every one another, all of one generator."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np

from napari_c3r.core.simulate.parameters import Antibody, CellLine, Population
from napari_c3r.core.simulate.structures import STRUCTURES
from training.simulate.phenotypes import HABIT_PARTS, HABITS
from training.simulate.ranges import RANGES, move, place
from training.simulate.states import STATES

_SPREAD = 0.2  # of cell lines about U2OS, relative to each parameter's range
_TYPICAL = place(
    CellLine(),
    outline={"radius_um": 18.0},
    nucleus={"radius_um": 9.0},
    body={"lamella": 0.35},
    microtubules={
        "number": 260,
        "amount": 1.4,
        "over_nucleus": 0.75,
        "diffuse": 0.2,
        "reach_um": 14.0,
        "curl": 0.15,
        "length_um": 20.0,
    },
    actin={"diffuse": 0.7, "fibres": 9, "cortex": 0.6, "cortex_um": 0.8},
)
"""Between the cells that microscopes mostly see."""
_MAX_NUCLEUS = 0.6  # of the radius of the cell

_WEIGHTS = {"chromatin": 0.0, "whole cell": 0.6, "microtubules": 0.5, "actin": 0.5}
"""How bright a pattern is in a mixture relative to the others; 1 for those not named."""


_SHAPE = frozenset({"outline", "nucleus", "body"})
_PARTS = {
    "chromatin": {"chromatin", "nucleoli"},
    "nucleoplasm": {"nucleoli"},
    "nucleoli": {"nucleoli"},
    "nuclear speckles": {"speckles"},
    "nuclear bodies": {"speckles"},
    "cytosol": {"cytosol"},
    "endoplasmic reticulum": {"reticulum"},
    "mitochondria": {"mitochondria"},
    "microtubules": {"microtubules"},
    "centrosome": {"microtubules"},
    "actin": {"actin"},
    "focal adhesions": {"actin"},
    "Golgi": {"golgi"},
    "vesicles": {"vesicles"},
    "lipid droplets": {"vesicles"},
}
"""Parts of a cell line that a pattern shows, besides its shape."""


def seen_parts(patterns: Iterable[str]) -> frozenset[str]:
    """Parts of a cell line that can be recognised from the patterns of an assay."""
    return _SHAPE.union(*(_PARTS.get(pattern, set()) for pattern in patterns))


@dataclass(frozen=True)
class Treatment:
    """What a population of cells is under: the looks its cells take, and in what shares."""

    name: str
    states: tuple[tuple[CellLine, float], ...]

    def populations(self, antibody: Antibody | None = None) -> tuple[Population, ...]:
        """One population for each state, all called after the treatment."""
        return tuple(Population(self.name, line, antibody, share) for line, share in self.states)


def draw_antibody(rng: np.random.Generator, name: str = "antibody") -> Antibody:
    """Draw a sparse mixture of localisation patterns.

    Mostly one pattern, often with a second, now and then with a third, and some haze in the whole
    cell.
    """
    patterns = [pattern for pattern in STRUCTURES if _WEIGHTS.get(pattern, 1) > 0]
    count = int(rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15]))
    chosen = rng.choice(len(patterns), count, replace=False)
    mixture = {}
    for rank, index in enumerate(chosen):
        weight = rng.uniform(0.7, 1.3) * rng.uniform(0.2, 0.8) ** rank
        mixture[patterns[index]] = float(weight * _WEIGHTS.get(patterns[index], 1))
    haze = 0.25 * rng.random() ** 2
    mixture["cytosol"] = mixture.get("cytosol", 0.0) + haze
    if rng.random() < 0.5:
        mixture["nucleoplasm"] = mixture.get("nucleoplasm", 0.0) + 0.3 * rng.random() ** 2
    return Antibody(name, mixture)


def draw_reporter(rng: np.random.Generator, name: str = "reporter") -> Antibody:
    """Draw a protein that moves between nucleus and cytosol, or now and then any other."""
    if rng.random() < 0.3:
        return draw_antibody(rng, name)
    nuclear = float(rng.beta(0.7, 0.7))
    mixture = {"nucleoplasm": 1.2 * nuclear + 0.03, "cytosol": 1.2 * (1 - nuclear) + 0.03}
    if rng.random() < 0.3:
        mixture["vesicles"] = 0.4 * rng.random()
    return Antibody(name, mixture)


def draw_cell_line(rng: np.random.Generator, name: str = "line") -> CellLine:
    """Draw a way of being shaped: every parameter moved, rarely by a whole habit."""
    steps = {key: float(_SPREAD * rng.standard_normal()) for key in RANGES}
    line = move(replace(_TYPICAL, name=name), steps)
    if rng.random() < 0.12:
        line = HABITS[str(rng.choice(["compact", "elongated", "giant", "tubulin aster"]))](
            line, rng
        )
    return _sensible(line)


def perturb(
    line: CellLine,
    rng: np.random.Generator,
    strength: float = 0.5,
    parts: Collection[str] | None = None,
) -> CellLine:
    """Change a few random parameters of a line, as a treatment does.

    Parameters
    ----------
    line
        The untreated cells.
    rng
        Decides which parameters and which way.
    strength
        Typical change of a parameter relative to its range, 0 to 1.
    parts
        Which parts may change, as :func:`seen_parts` gives them; None for all.
    """
    names = [name for name in RANGES if parts is None or name.partition(".")[0] in parts]
    count = min(2 + rng.geometric(0.35), len(names))
    chosen = rng.choice(names, count, replace=False)
    steps = {
        str(key): float(strength * rng.choice([-1, 1]) * rng.uniform(0.5, 1.5)) for key in chosen
    }
    return _sensible(move(line, steps))


def draw_treatment(
    line: CellLine,
    rng: np.random.Generator,
    name: str = "treatment",
    strength: float = 0.5,
    parts: Collection[str] | None = None,
) -> Treatment:
    """Draw what a treatment makes of a line.

    A third only shift parameters, the others bring one or two habits besides. In a quarter of them
    many cells are in one state of `STATES`, as when a drug arrests mitosis; in all of them a few
    divide or die. Only what shows in `parts` changes (see :func:`perturb`).
    """
    line = perturb(line, rng, strength, parts)
    likely = [name for name in HABITS if parts is None or HABIT_PARTS.get(name, "outline") in parts]
    habits = int(rng.choice([0, 1, 2], p=[0.35, 0.45, 0.2]))
    for habit in rng.choice(likely, habits, replace=False):
        line = HABITS[str(habit)](line, rng)
    line = _sensible(line)
    states = []
    if rng.random() < 0.28:
        arrest = str(rng.choice(list(STATES)))
        states.append((arrest, float(rng.uniform(0.3, 0.95))))
    for state in rng.choice(list(STATES), 2, replace=False):
        states.append((str(state), float(rng.uniform(0.0, 0.06))))
    shares = [(_in_state(line, state, rng), share) for state, share in states]
    rest = max(1 - sum(share for _, share in shares), 0.03)
    return Treatment(name, ((line, rest), *shares))


def untreated(line: CellLine, rng: np.random.Generator, name: str = "untreated") -> Treatment:
    """Give a line as it is, a few of its cells dividing or dying."""
    states = [(line, 1.0)]
    for state in ("prometaphase", "metaphase", "anaphase", "apoptotic"):
        states.append((_in_state(line, state, rng), float(rng.uniform(0.004, 0.025))))
    return Treatment(name, tuple(states))


def _in_state(line: CellLine, state: str, rng: np.random.Generator) -> CellLine:
    return _sensible(replace(STATES[state](line, rng), name=f"{line.name}, {state}"))


def _sensible(line: CellLine) -> CellLine:
    """Keep the nucleus smaller than its cell."""
    largest = _MAX_NUCLEUS * line.outline.radius_um
    if line.nucleus.radius_um <= largest:
        return line
    return place(line, nucleus={"radius_um": largest})
