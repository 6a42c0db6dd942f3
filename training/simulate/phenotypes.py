"""How a whole population may look under a treatment: nuclei, shapes and skeleton."""

from __future__ import annotations

import numpy as np

from napari_c3r.core.simulate.parameters import CellLine
from training.simulate.ranges import place
from training.simulate.states import Mode


def binucleate(line: CellLine, rng: np.random.Generator) -> CellLine:
    """Two nuclei, side by side."""
    nucleus = {
        "radius_um": 1.3 * line.nucleus.radius_um,
        "elongation": rng.uniform(1.05, 1.4),
        "lobes": (2, 2),
        "arrangement": "row",
        "spread": rng.uniform(0.85, 1.15),
    }
    return place(line, nucleus=nucleus, outline={"radius_um": 1.2 * line.outline.radius_um})


def polylobed(line: CellLine, rng: np.random.Generator) -> CellLine:
    """A large nucleus of several lobes, in a large cell."""
    nucleus = {
        "radius_um": line.nucleus.radius_um * rng.uniform(1.1, 1.5),
        "lobes": (3, int(rng.integers(4, 8))),
        "arrangement": str(rng.choice(["heap", "ring"])),
        "spread": rng.uniform(0.75, 0.95),
        "lobe_cv": 0.3,
        "micronuclei": rng.uniform(0, 1),
    }
    return place(line, nucleus=nucleus, outline={"radius_um": 1.2 * line.outline.radius_um})


def grape(line: CellLine, rng: np.random.Generator) -> CellLine:
    """A nucleus of many small balls."""
    nucleus = {
        "radius_um": line.nucleus.radius_um * rng.uniform(1.0, 1.4),
        "elongation": 1.1,
        "lobes": (8, int(rng.integers(12, 20))),
        "arrangement": "heap",
        "spread": rng.uniform(0.75, 1.05),
        "lobe_cv": 0.25,
    }
    return place(line, nucleus=nucleus)


def micronucleated(line: CellLine, rng: np.random.Generator) -> CellLine:
    """Small nuclei next to the main one."""
    return place(line, nucleus={"micronuclei": rng.uniform(0.7, 3)})


def hollow(line: CellLine, rng: np.random.Generator) -> CellLine:
    """A nucleus with a dark middle, small or not."""
    radius = line.nucleus.radius_um * rng.uniform(0.55, 1.0)
    chromatin = {"hollow": rng.uniform(0.4, 0.85), "amount": rng.uniform(0.8, 2)}
    return place(line, nucleus={"radius_um": radius}, chromatin=chromatin)


def giant(line: CellLine, rng: np.random.Generator) -> CellLine:
    """A large flat cell with a large nucleus, as after damage to DNA."""
    factor = rng.uniform(1.25, 1.7)
    return place(
        line,
        outline={"radius_um": line.outline.radius_um * factor},
        nucleus={"radius_um": line.nucleus.radius_um * rng.uniform(1.2, 1.6)},
        body={"lamella": 0.4 * line.body.lamella + 0.1, "thickness": 0.75},
        actin={"fibres": round(1.5 * line.actin.fibres) + 10},
    )


def compact(line: CellLine, rng: np.random.Generator) -> CellLine:
    """A small thick cell with a bright cortex, as in epithelia."""
    return place(
        line,
        outline={
            "radius_um": line.outline.radius_um * rng.uniform(0.6, 0.8),
            "elongation": 1.15,
            "spikiness": 0.08,
            "concavity": 0.03,
        },
        nucleus={"radius_um": line.nucleus.radius_um * rng.uniform(0.75, 0.95)},
        body={"lamella": 0.7, "thickness": 1.3},
        actin={"cortex": rng.uniform(1.8, 3.5), "fibres": 5, "patchiness": 0.25},
    )


def elongated(line: CellLine, rng: np.random.Generator) -> CellLine:
    """A spindle with a long nucleus."""
    return place(
        line,
        outline={
            "radius_um": 0.85 * line.outline.radius_um,
            "elongation": rng.uniform(2.4, 4.0),
            "corners": (4, 5),
        },
        nucleus={"elongation": rng.uniform(1.6, 3.2)},
    )


def shrunken(line: CellLine, rng: np.random.Generator) -> CellLine:
    """A small cell on thin arms."""
    return place(
        line,
        outline={
            "radius_um": 0.65 * line.outline.radius_um,
            "corners": (4, 6),
            "spikiness": rng.uniform(0.3, 0.5),
            "concavity": rng.uniform(0.4, 0.8),
        },
        nucleus={"radius_um": line.nucleus.radius_um * rng.uniform(0.65, 0.9)},
        body={"lamella": 0.5, "thickness": 1.4},
    )


def irregular(line: CellLine, rng: np.random.Generator) -> CellLine:
    """A folded, dented nucleus."""
    nucleus = {
        "radius_um": line.nucleus.radius_um * rng.uniform(0.75, 1.0),
        "indentation": rng.uniform(0.5, 0.8),
        "irregularity": rng.uniform(0.08, 0.14),
    }
    chromatin = {"contrast": rng.uniform(0.2, 0.5), "grain_um": rng.uniform(1, 2.2)}
    return place(line, nucleus=nucleus, chromatin=chromatin)


def tubulin_lost(line: CellLine, rng: np.random.Generator) -> CellLine:
    """Microtubules depolymerised to a few short ones in a haze of free tubulin."""
    return place(
        line,
        microtubules={
            "number": int(rng.integers(10, 90)),
            "length_um": rng.uniform(2, 6),
            "diffuse": rng.uniform(0.5, 1.3),
            "centrosomal": rng.uniform(0, 0.3),
        },
        golgi={"dispersion": 0.9},
        outline={"concavity": rng.uniform(0.1, 0.5)},
    )


def tubulin_bundled(line: CellLine, rng: np.random.Generator) -> CellLine:
    """Microtubules stabilised in thick bundles, away from the centrosome."""
    return place(
        line,
        microtubules={
            "bundling": rng.uniform(0.6, 1.0),
            "centrosomal": 0.0,
            "reach_um": rng.uniform(10, 40),
            "curl": rng.uniform(0.1, 0.35),
            "length_um": rng.uniform(8, 25),
            "amount": line.microtubules.amount * 1.3,
        },
    )


def tubulin_aster(line: CellLine, rng: np.random.Generator) -> CellLine:
    """Nearly all microtubules from one bright centrosome."""
    microtubules = {"centrosomal": rng.uniform(0.7, 1), "curl": 0.1, "length_um": 22.0}
    return place(line, microtubules=microtubules)


def actin_lost(line: CellLine, rng: np.random.Generator) -> CellLine:
    """No fibres, the rest in clumps."""
    return place(
        line,
        actin={
            "fibres": int(rng.integers(0, 4)),
            "cortex": rng.uniform(0.05, 0.5),
            "aggregates": int(rng.integers(8, 90)),
            "aggregate_um": rng.uniform(0.4, 1.3),
            "diffuse": rng.uniform(0.1, 0.8),
        },
        outline={"spikiness": rng.uniform(0.2, 0.45), "concavity": rng.uniform(0.2, 0.7)},
    )


def actin_fibres(line: CellLine, rng: np.random.Generator) -> CellLine:
    """Many long parallel fibres."""
    fibres = int(rng.integers(80, 200))
    return place(line, actin={"fibres": fibres, "length_um": 35.0, "disorder_deg": 7.0})


def actin_ring(line: CellLine, rng: np.random.Generator) -> CellLine:
    """A bright cortex and little else."""
    return place(line, actin={"cortex": rng.uniform(2, 4.5), "fibres": 2, "patchiness": 0.2})


HABITS: dict[str, Mode] = {
    "binucleate": binucleate,
    "polylobed": polylobed,
    "grape": grape,
    "micronucleated": micronucleated,
    "hollow": hollow,
    "giant": giant,
    "compact": compact,
    "elongated": elongated,
    "shrunken": shrunken,
    "irregular": irregular,
    "tubulin lost": tubulin_lost,
    "tubulin bundled": tubulin_bundled,
    "tubulin aster": tubulin_aster,
    "actin lost": actin_lost,
    "actin fibres": actin_fibres,
    "actin ring": actin_ring,
}

HABIT_PARTS = {
    "hollow": "chromatin",
    "tubulin lost": "microtubules",
    "tubulin bundled": "microtubules",
    "tubulin aster": "microtubules",
    "actin lost": "actin",
    "actin fibres": "actin",
    "actin ring": "actin",
}
"""The part in which a habit shows; one not named shows in the shape of cell or nucleus."""
