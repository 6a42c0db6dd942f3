"""Corrections of batches on simulated profiles of several sources, with known truth.

Run from the root of the repository: ``python -m benchmarks.planted_sources [SEEDS]``. Seeds begin
with 1, as 0 is the one that the defaults of CellPainTR were settled on.
Planted, for every seed anew: compounds whose effects have directions of their own, and some that
do nothing; wells that differ in features that go together; plates and sources that shift and
stretch every feature, and sources that also show an effect more, less, and partly in other
features, which no scaling to the controls takes back. Every method gets the same table, brought to
the scale of the controls plate by plate. CellPainTR is told most of the compounds; the others show
what it does for compounds that it has never been told. One more source is seen by no fit.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from benchmarks._row import Row
from napari_c3r.core.profiles import activity, correct_batches, normalise
from napari_c3r.core.profiles.cellpaintr import (
    CellPainTR,
    CellPainTRConfig,
    FitOptions,
    fit_cellpaintr,
)
from training.evaluate.integration import graph_connectivity, silhouette_batch, silhouette_label
from training.evaluate.metrics import cosine_similarity, matches_across_groups

CONTROLS = ("compound", "DMSO")
NEW = "new"
"""The source that no fit has seen."""

METHODS = ("nothing", "Harmony", "ComBat", "CellPainTR")


@dataclass(frozen=True)
class Plan:
    """How tables are laid out and what is planted.

    Attributes
    ----------
    sources, plates
        Sources that fits see, and plates in each; the new source has as many.
    told, held, idle
        Compounds that CellPainTR is told, that it is not, and, told as well, that do nothing.
    wells, controls
        Wells of a compound and of the controls on a plate.
    features, rank
        Features, and how many independent things make them.
    effect
        Length of a compound's effect, in standard deviations between wells.
    shift, stretch
        Standard deviations, between plates and sources, of the features and of the logarithm of
        what stretches them.
    response
        How differently sources show an effect: standard deviation of the logarithm of its parts,
        and of the share that shows elsewhere.
    alike
        Whether the new source shows effects as the first of the others does.
    """

    sources: int = 4
    plates: int = 1
    told: int = 100
    held: int = 40
    idle: int = 10
    wells: int = 2
    controls: int = 16
    features: int = 32
    rank: int = 8
    effect: float = 7.0
    shift: float = 2.0
    stretch: float = 0.3
    response: float = 0.6
    alike: bool = True


TOY = Plan(sources=2, told=3, held=3, idle=1, controls=8, features=12, rank=4)


def table_of(plan: Plan, seed: int) -> AnnData:
    """Profiles of all sources, the new one last.

    Parameters
    ----------
    plan
        The layout.
    seed
        Of all that is drawn.

    Returns
    -------
    AnnData
        ``obs``: ``source``, ``plate``, ``compound``, and ``told``, the compound where CellPainTR
        may know it. Compounds are called by what they are: ``told 1``, ``held 1``, ``idle 1``.
    """
    rng = np.random.default_rng(seed)
    kinds = {"told": plan.told, "held": plan.held, "idle": plan.idle}
    compounds = [f"{kind} {n + 1}" for kind, count in kinds.items() for n in range(count)]
    effects = {name: _direction(plan, rng) * plan.effect for name in compounds}
    effects |= {name: np.zeros(plan.rank) for name in compounds if name.startswith("idle")}
    effects["DMSO"] = np.zeros(plan.rank)
    loadings = rng.normal(size=(plan.rank, plan.features)) / np.sqrt(plan.rank)
    on_plate = ["DMSO"] * plan.controls + [name for name in compounds for _ in range(plan.wells)]
    responses = [_response(plan, rng) for _ in range(plan.sources)]
    responses.append(responses[0] if plan.alike else _response(plan, rng))
    names = [f"source {n + 1}" for n in range(plan.sources)] + [NEW]
    rows, parts = [], []
    for name, response in zip(names, responses, strict=True):
        of_source = _optics(plan, rng)
        for plate in range(plan.plates):
            shown = np.stack([effects[compound] for compound in on_plate]) @ response
            wells = (shown + rng.normal(size=(len(on_plate), plan.rank))) @ loadings
            wells += 0.3 * rng.normal(size=wells.shape)
            for shift, stretch in (of_source, _optics(plan, rng)):
                wells = wells * stretch + shift
            parts.append(wells)
            rows += [(name, f"{name}, plate {plate + 1}", compound) for compound in on_plate]
    obs = pd.DataFrame(rows, columns=["source", "plate", "compound"])
    obs.index = obs.index.astype(str)
    obs["told"] = obs["compound"].where(~obs["compound"].str.startswith("held"))
    features = [f"Cells_Feature_{n}" for n in range(plan.features)]
    return AnnData(np.concatenate(parts), obs=obs, var=pd.DataFrame(index=features))


def _direction(plan: Plan, rng: np.random.Generator) -> NDArray[np.float64]:
    drawn = rng.normal(size=plan.rank)
    return drawn / np.linalg.norm(drawn)


def _response(plan: Plan, rng: np.random.Generator) -> NDArray[np.float64]:
    """How a source shows effects, ``(rank, rank)``."""
    parts = np.diag(np.exp(rng.normal(0, plan.response, plan.rank)))
    return parts + plan.response * rng.normal(size=parts.shape) / np.sqrt(plan.rank)


def _optics(
    plan: Plan, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    shift = rng.normal(0, plan.shift, plan.features)
    return shift, np.exp(rng.normal(0, plan.stretch, plan.features))


def fitted(
    seen: AnnData, options: FitOptions, config: CellPainTRConfig | None = None
) -> CellPainTR:
    """A CellPainTR of the sources that are seen."""
    return fit_cellpaintr(
        seen, "source", "told", CONTROLS, plate="plate", config=config, options=options
    )


def scores_of(table: AnnData, kind: str, asked: str | None = None) -> dict[str, float]:
    """How well sources are mixed and compounds of one kind found.

    Parameters
    ----------
    table
        Corrected profiles.
    kind
        ``"told"`` or ``"held"``; the controls take part in what is looked through.
    asked
        Source whose wells look for the others; by default all.
    """
    names = table.obs["compound"].astype(str)
    kept = (names.str.startswith(kind) | (names == CONTROLS[1])).to_numpy()
    x = np.asarray(table.X, np.float64)[kept]
    names, sources = names[kept].to_numpy(str), table.obs["source"][kept].to_numpy(str)
    nearest, precision = matches_across_groups(cosine_similarity(x), names, sources)
    queries = names != CONTROLS[1]
    if asked is not None:
        queries &= sources == asked
        return {"1-NN": float(nearest[queries].mean()), "mAP": float(precision[queries].mean())}
    return {
        "graph connectivity": graph_connectivity(x, names),
        "silhouette batch": silhouette_batch(x, names, sources),
        "silhouette compound": silhouette_label(x, names),
        "1-NN": float(nearest[queries].mean()),
        "mAP": float(precision[queries].mean()),
    }


def called_active(table: AnnData, kind: str, seed: int) -> float:
    """Share of the compounds of a kind that `activity` calls at p < 0.05, uncorrected."""
    names = table.obs["compound"].astype(str)
    kept = (names.str.startswith(kind) | (names == CONTROLS[1])).to_numpy()
    # Without what refuses to judge compounds that a fit was told.
    bare = AnnData(table.X[kept], obs=table.obs.loc[kept, ["plate", "compound"]])
    found = activity(bare, "compound", CONTROLS, null_size=2000, seed=seed).obs
    return float((found["p_value"] < 0.05).mean())


def study(plan: Plan, seed: int, options: FitOptions | None = None) -> pd.DataFrame:
    """Every method on one table: a row for a question and a method, a column for a score."""
    raw = normalise(table_of(plan, seed), CONTROLS, "mad", "plate")
    seen = raw[raw.obs["source"] != NEW].copy()
    fit = fitted(seen, options or FitOptions(seed=seed))

    def encoded(table: AnnData, unseen: str) -> AnnData:
        return fit.encode(table, "source", plate="plate", controls=CONTROLS, unseen=unseen)

    of_seen: dict[str, Callable[[], AnnData]] = {
        "nothing": lambda: seen,
        "Harmony": lambda: correct_batches(seen, "source", "harmony", seed=seed),
        "ComBat": lambda: correct_batches(seen, "source", "combat"),
        "CellPainTR": lambda: encoded(seen, "mean"),
    }
    of_all: dict[str, Callable[[], AnnData]] = {
        "nothing": lambda: raw,
        "Harmony": lambda: correct_batches(raw, "source", "harmony", seed=seed),
        "ComBat": lambda: correct_batches(raw, "source", "combat"),
        "CellPainTR, mean of the tokens": lambda: encoded(raw, "mean"),
        "CellPainTR, token by its controls": lambda: encoded(raw, "controls"),
        "CellPainTR, token of source 1": lambda: encoded(raw, "source 1"),
    }
    rows = {}
    for method, correct in of_seen.items():
        done = correct()
        for kind in ("told", "held"):
            rows[f"seen sources, {kind} compounds", method] = scores_of(done, kind)
        rows["called active, p < 0.05", method] = {
            kind: called_active(done, kind, seed) for kind in ("told", "held", "idle")
        }
    for method, correct in of_all.items():
        done = correct()
        for kind in ("told", "held"):
            rows[f"new source, {kind} compounds", method] = scores_of(done, kind, NEW)
    return pd.DataFrame(rows).T


def rows(*, toy: bool = False) -> list[Row]:
    """Whether CellPainTR does on compounds that it was not told what it is for."""
    options = FitOptions(seed=1, epochs=1, early_epochs=1) if toy else FitOptions(seed=1)
    found = study(TOY if toy else Plan(), 1, options).loc["seen sources, held compounds"]
    kept, mixed = found["mAP"], found["silhouette batch"]
    best = kept[["nothing", "Harmony", "ComBat"]].max()
    return [
        Row(
            "CellPainTR: held compounds found across sources, mAP",
            f"{kept['CellPainTR']:.2f} against {best:.2f}",
            "above nothing, Harmony and ComBat",
            bool(kept["CellPainTR"] > best),
        ),
        Row(
            "CellPainTR: sources mixed, silhouette of batches",
            f"{mixed['CellPainTR']:.2f} against {mixed['nothing']:.2f}",
            "above nothing",
            bool(mixed["CellPainTR"] > mixed["nothing"]),
        ),
    ]


def as_markdown(tables: list[pd.DataFrame]) -> str:
    """Means over seeds, and the smallest and largest where there are more than one."""
    joined = pd.concat(tables, keys=range(len(tables)))
    grouped = joined.groupby(level=[1, 2], sort=False)
    mean, low, high = grouped.mean(), grouped.min(), grouped.max()
    lines: list[str] = []
    for question in mean.index.get_level_values(0).unique():
        names = [name for name in mean if mean.loc[question][name].notna().any()]
        lines += ["", f"| {question} | {' | '.join(names)} |", f"|{'---|' * (len(names) + 1)}"]
        for method in mean.loc[question].index:
            at = (question, method)
            cells = [
                f"{mean.loc[at, n]:.2f} ({low.loc[at, n]:.2f}–{high.loc[at, n]:.2f})" for n in names
            ]
            lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    for title, plan in (
        ("A new source that shows effects as source 1 does", Plan()),
        ("A new source that is like none", Plan(alike=False)),
    ):
        print(f"\n{title} ({seeds} seeds)", flush=True)
        print(as_markdown([study(plan, seed) for seed in range(1, seeds + 1)]), flush=True)


if __name__ == "__main__":
    main()
