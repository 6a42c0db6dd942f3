"""What single cells pass through: rounding up, mitosis, death.

A mode takes a line and gives the changed one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from napari_c3r.core.simulate.parameters import CellLine, Outline
from training.simulate.ranges import place

Mode = Callable[[CellLine, np.random.Generator], CellLine]


def rounded(line: CellLine, rng: np.random.Generator) -> CellLine:
    """Make a ball that rises out of focus, its skeleton dissolved."""
    radius = np.clip(0.62 * line.outline.radius_um, 7.5, 13.5) * rng.uniform(0.9, 1.15)
    thickness = line.body.thickness * rng.uniform(1.5, 2.4)
    line = replace(line, outline=Outline(radius, 0.1, 1.1, (9, 13), 0.05, 0.02, 15.0, 0.3))
    return place(
        line,
        body={
            "lamella": 0.9,
            "roundness": rng.uniform(0.6, 1.0),
            "thickness": thickness,
            "defocus_um": float(rng.choice([0.0, rng.uniform(0.3, 2.2)])),
        },
        actin={
            "fibres": 0,
            "cortex": line.actin.cortex * rng.uniform(1.2, 2.2),
            "patchiness": 0.25,
            "diffuse": 0.35 * thickness,
        },
        mitochondria={"reach_um": 9.0, "polarity": 0.0},
        reticulum={"reach_um": 8.0, "polarity": 0.0},
        golgi={"dispersion": 0.95},
    )


def mitotic(line: CellLine, rng: np.random.Generator) -> CellLine:
    """Round a cell up and condense its chromosomes, no envelope round them."""
    line = rounded(line, rng)
    return place(
        line,
        nucleus={
            "envelope": False,
            "size_cv": 0.1,
            "indentation": 0.2,
            "irregularity": 0.07,
            "micronuclei": 0.0,
        },
        chromatin={
            "amount": line.chromatin.amount * rng.uniform(1.8, 3.2),
            "contrast": rng.uniform(0.15, 0.35),
            "grain_um": 0.8,
            "hollow": 0.0,
        },
        microtubules={
            "number": 700,
            "length_um": 8.0,
            "curl": 0.08,
            "centrosomal": 0.8,
            "diffuse": rng.uniform(0.3, 0.9),
            "bundling": 0.0,
            "amount": line.microtubules.amount * 1.4,
        },
    )


def prometaphase(line: CellLine, rng: np.random.Generator) -> CellLine:
    """Condensed chromosomes in a loose heap."""
    count = int(rng.integers(9, 20))
    nucleus = {
        "radius_um": rng.uniform(0.58, 0.72) * line.nucleus.radius_um,
        "elongation": rng.uniform(1.3, 2.0),
        "lobes": (count, count + 4),
        "arrangement": "heap",
        "spread": rng.uniform(0.75, 1.4),
        "lobe_cv": 0.35,
    }
    return place(mitotic(line, rng), nucleus=nucleus, microtubules={"poles": 2})


def monopolar(line: CellLine, rng: np.random.Generator) -> CellLine:
    """Chromosomes in a rosette round a single aster, as without Eg5."""
    count = int(rng.integers(6, 11))
    nucleus = {
        "radius_um": 0.62 * line.nucleus.radius_um,
        "elongation": rng.uniform(1.2, 1.7),
        "lobes": (count, count + 4),
        "arrangement": str(rng.choice(["ring", "ring", "heap"])),
        "spread": rng.uniform(0.75, 1.1),
        "lobe_cv": 0.25,
    }
    line = place(mitotic(line, rng), nucleus=nucleus)
    return place(line, microtubules={"poles": 1, "diffuse": 0.25, "centrosomal": 0.95})


def metaphase(line: CellLine, rng: np.random.Generator) -> CellLine:
    """Chromosomes in a plate between two poles."""
    nucleus = {
        "radius_um": 0.5 * line.nucleus.radius_um,
        "elongation": rng.uniform(2.6, 4.5),
        "lobes": (1, 1),
    }
    return place(mitotic(line, rng), nucleus=nucleus, microtubules={"poles": 2})


def anaphase(line: CellLine, rng: np.random.Generator) -> CellLine:
    """Two plates that move apart."""
    nucleus = {
        "radius_um": 0.5 * line.nucleus.radius_um,
        "elongation": rng.uniform(2.2, 3.4),
        "lobes": (2, 2),
        "arrangement": "row",
        "spread": rng.uniform(1.4, 3.0),
        "lobe_cv": 0.05,
    }
    line = place(mitotic(line, rng), nucleus=nucleus, microtubules={"poles": 2})
    return place(line, outline={"elongation": 1.25})


def apoptotic(line: CellLine, rng: np.random.Generator) -> CellLine:
    """A shrunken cell whose nucleus is dense or in pieces."""
    line = rounded(line, rng)
    whole = rng.random() < 0.3
    nucleus = {
        "radius_um": line.nucleus.radius_um * rng.uniform(0.35, 0.6),
        "elongation": 1.15,
        "size_cv": 0.2,
        "lobes": (1, 1) if whole else (3, 9),
        "arrangement": "heap",
        "spread": rng.uniform(0.9, 1.9),
        "lobe_cv": 0.5,
        "envelope": False,
    }
    return place(
        line,
        nucleus=nucleus,
        outline={"radius_um": 0.85 * line.outline.radius_um, "spikiness": 0.15, "waviness_um": 1.2},
        chromatin={"amount": rng.uniform(2, 4.5), "contrast": 0.08, "hollow": 0.0},
        microtubules={"number": 60, "length_um": 3.0, "diffuse": 0.9, "poles": 0},
        actin={"aggregates": 40},
    )


def telophase(line: CellLine, rng: np.random.Generator) -> CellLine:
    """Two small dense nuclei far apart in one body."""
    nucleus = {
        "radius_um": 0.75 * line.nucleus.radius_um,
        "elongation": rng.uniform(1.3, 1.8),
        "lobes": (2, 2),
        "arrangement": "row",
        "spread": rng.uniform(1.3, 2.0),
        "lobe_cv": 0.06,
    }
    outline = {"elongation": 1.9, "radius_um": 0.8 * line.outline.radius_um}
    return place(line, nucleus=nucleus, outline=outline, chromatin={"amount": 1.5})


STATES: dict[str, Mode] = {
    "prometaphase": prometaphase,
    "monopolar": monopolar,
    "metaphase": metaphase,
    "anaphase": anaphase,
    "telophase": telophase,
    "apoptotic": apoptotic,
    "rounded": rounded,
}
