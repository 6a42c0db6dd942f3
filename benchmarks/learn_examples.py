"""Learning names on real cells, beside scikit-learn: ``python -m benchmarks.learn_examples``.

MitoCheck's nuclei with their phenotypes, plates left out, and the control wells of BBBC013, wells
left out; vectors of the bundled encoder. From 5, 10 and 20 examples of each name, drawn from one
half of the plates or wells, names are suggested for the cells of the other half.

``--figures FOLDER`` writes the calibration of the suggestions from 20 examples each.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._real_sets import DATA
from napari_c3r.core.encoder import load_encoder
from napari_c3r.core.figures.drawing_files import save_drawing
from napari_c3r.core.learn import LearnOptions, learn
from napari_c3r.core.learn.examples import examples_of
from napari_c3r.core.learn.figures import calibration_figure
from napari_c3r.core.learn.folds import make_folds
from napari_c3r.core.learn.scores import calibration_error
from napari_c3r.core.learn.suggestion import Suggestion
from training.evaluate.tasks import phenotypes, translocation

PHENOTYPES: Final = ("Interphase", "Prometaphase", "MetaphaseAlignment", "Apoptosis", "Polylobed")
COUNTS: Final = (5, 10, 20)
SEEDS: Final = 10
_BATCH: Final = 256


@dataclass(frozen=True, eq=False)
class NamedCells:
    """Cells whose names are known.

    Parameters
    ----------
    title
        Of the set.
    vectors
        (n, D).
    names
        The name of each, (n,).
    groups
        Plate or well of each, (n,).
    """

    title: str
    vectors: NDArray[np.float32]
    names: NDArray[np.str_]
    groups: NDArray[np.str_]

    def taught(self, count: int, seed: int) -> tuple[AnnData, NDArray[np.bool_]]:
        """A table in which so many cells of each name have it, and the cells to be judged by.

        The examples are of one half of the groups, the others of the other half.
        """
        rng = np.random.default_rng(seed)
        every, pool = set(self.names), np.zeros(len(self.names), bool)
        # A well has one name: until both halves have cells of each.
        while set(self.names[pool]) != every or set(self.names[~pool]) != every:
            groups = rng.permutation(np.unique(self.groups))
            pool = np.isin(self.groups, groups[: len(groups) // 2])
        given = np.full(len(self.names), None, object)
        for name in np.unique(self.names):
            there = np.flatnonzero(pool & (self.names == name))
            given[rng.permutation(there)[:count]] = name
        obs = pd.DataFrame(
            {
                "image": self.groups,
                "label": np.arange(len(self.names)) + 1,
                "annotation": pd.Categorical(given, np.unique(self.names)),
            },
            index=np.arange(len(self.names)).astype(str),
        )
        return AnnData(self.vectors, obs=obs), ~pool


@dataclass(frozen=True)
class Figures:
    """What came out: shares right in cells judged, errors of probabilities, and what was expected.

    Parameters
    ----------
    right
        Share of the cells of other groups that got their name.
    by_hand
        The same of scikit-learn with its defaults: columns standardised, C = 1.
    off, off_by_hand
        Expected calibration error of both.
    told
        Share that cross-validation of the examples told beforehand.
    same_folds
        What ``cross_val_predict`` gives with the same folds and the same C.
    fixed
        What our own cross-validation gives with that C.
    """

    right: float
    by_hand: float
    off: float
    off_by_hand: float
    told: float
    same_folds: float
    fixed: float


def mitocheck() -> NamedCells:
    """Five phenotypes of HeLa nuclei, by plate."""
    cells = phenotypes.load(DATA)
    chosen = np.flatnonzero(cells.table["phenotype"].isin(PHENOTYPES))
    cells = cells.take(chosen)
    vectors = _embedded(cells.crops, cells.assignment)
    names, plates = (cells.table[column].to_numpy(str) for column in ("phenotype", "plate"))
    return NamedCells("MitoCheck, 5 phenotypes, plates", vectors, names, plates)


def bbbc013() -> NamedCells:
    """Negative and positive control wells of a translocation, by well."""
    cells = translocation.load(DATA, load_encoder().config)
    cells = cells.take(np.flatnonzero(cells.table["control"] != 0))
    names = np.where(cells.table["control"] > 0, "nuclear", "cytoplasmic")
    vectors = _embedded(cells.crops, cells.assignment)
    return NamedCells(
        "BBBC013, 2 controls, wells", vectors, names, cells.table["well"].to_numpy(str)
    )


def _embedded(crops: NDArray[Any], assignment: Any) -> NDArray[np.float32]:
    encoder = load_encoder()
    return np.concatenate(
        [
            encoder.embed(
                crops[start : start + _BATCH].astype(np.float32), assignment, assignment.names
            )
            for start in range(0, len(crops), _BATCH)
        ]
    )


def judge(cells: NamedCells, count: int, seed: int) -> tuple[Figures, Suggestion]:
    """Learn from some of the cells, and judge by others."""
    table, judged = cells.taught(count, seed)
    found = learn(table)
    named = np.array(found.names)[found.codes]
    right = (named == cells.names)[judged]
    off = calibration_error(found.probability[judged].astype(float), right)

    given = table.obs["annotation"].notna().to_numpy()
    plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    plain.fit(cells.vectors[given], cells.names[given])
    told = plain.predict_proba(cells.vectors[judged])
    hit = plain.classes_[told.argmax(axis=1)] == cells.names[judged]

    examples = examples_of(table)
    folds = make_folds(examples.codes, examples.groups, 0)
    standard = StandardScaler().fit(cells.vectors).transform(cells.vectors[given])
    by_hand = LogisticRegression(C=found.c, class_weight="balanced", max_iter=2000)
    predicted = cross_val_predict(by_hand, standard, cells.names[given], cv=folds)
    fixed = learn(table, options=LearnOptions(c=found.c)).scores.accuracy.value
    same = float((predicted == cells.names[given]).mean())
    figures = Figures(
        float(right.mean()),
        float(hit.mean()),
        off,
        calibration_error(told.max(axis=1), hit),
        found.scores.accuracy.value,
        same,
        fixed,
    )
    return figures, found


def lines(sets: list[NamedCells], seeds: int, figures: Path | None = None) -> Iterator[str]:
    """A table, line by line: means over the draws of examples."""
    yield (
        "| cells | examples of each | right | by hand | told beforehand | calibration error | "
        "by hand | cross-validated with one C: here | by hand |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for cells in sets:
        for count in COUNTS:
            made = [judge(cells, count, seed) for seed in range(seeds)]
            mean = Figures(*np.mean([list(vars(each).values()) for each, _ in made], axis=0))
            yield (
                f"| {cells.title} | {count} | {mean.right:.3f} | {mean.by_hand:.3f} | "
                f"{mean.told:.3f} | {mean.off:.3f} | {mean.off_by_hand:.3f} | {mean.fixed:.3f} | "
                f"{mean.same_folds:.3f} |"
            )
            if figures is not None and count == COUNTS[-1]:
                name = cells.title.partition(",")[0].lower()
                save_drawing(calibration_figure(made[0][1]), figures / f"{name}.svg")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learn_examples")
    parser.add_argument("--figures", type=Path, help="folder for the calibration curves")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="draws of the examples")
    given = parser.parse_args()
    if given.figures is not None:
        given.figures.mkdir(parents=True, exist_ok=True)
    for line in lines([mitocheck(), bbbc013()], given.seeds, given.figures):
        print(line, flush=True)


if __name__ == "__main__":
    main()
