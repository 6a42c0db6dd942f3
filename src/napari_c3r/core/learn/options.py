"""How names are learned from examples: one type for docks, shell and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from napari_c3r.core.options import Checked, option


class Prior(StrEnum):
    """How common each name is taken to be among the cells that have none."""

    EXAMPLES = "examples"
    """As among the examples."""
    TABLE = "table"
    """As the cells themselves tell (Saerens, Latinne and Decaestecker 2002): better where one
    name is rare and they are told apart well, and worse with few examples."""
    EQUAL = "equal"
    """All alike."""


class Unit(StrEnum):
    """What is left out as a whole when suggestions are tested."""

    AUTO = "auto"
    """Wells where there are several with examples, else fields, else cells."""
    WELL = "well"
    FIELD = "field"
    CELL = "cell"


@dataclass(frozen=True)
class LearnOptions(Checked):
    """How names are learned.

    Parameters
    ----------
    prior
        ``"examples"``, ``"table"`` or ``"equal"``, see `Prior`.
    unit
        ``"auto"``, ``"well"``, ``"field"`` or ``"cell"``, see `Unit`.
    c
        Inverse strength of the L2 penalty; None: of 0.0001 to 10 the one with the least log loss
        in cells left out.
    seed
        Of what is drawn and of how the folds are made.
    """

    prior: str = option(
        "examples",
        "How common names are",
        "How common each name is among the cells without one: as among the examples, as those "
        "cells tell, or all alike",
        choices=tuple(Prior),
    )
    unit: str = option(
        "auto",
        "Left out",
        "What is left out as a whole when the suggestions are tested: cells of one field look "
        "alike for other reasons than their names",
        choices=tuple(Unit),
    )
    c: float | None = option(
        None,
        "C",
        "Inverse strength of the penalty of the logistic regression",
        unset="chosen by cross-validation",
        minimum=1e-8,
        maximum=1e8,
    )
    seed: int = option(
        0,
        "Seed",
        "The same seed gives the same suggestions; it is kept with them",
        minimum=0,
        maximum=2**31 - 1,
    )
