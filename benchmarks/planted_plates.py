"""Detection and false-alarm rates of every test on wells, on simulated plates with known truth.

Run from the root of the repository: ``python -m benchmarks.planted_plates [SEEDS] [FIGURE]``;
FIGURE is where to write the power curves, such as ``docs/images/power.svg``.
Planted, for every seed anew: wells that differ from each other in many correlated features (as
pipetting and place make them), plates that differ more than wells do, an edge of the plate that
differs, compounds whose effect has a direction of its own and follows the dose, and compounds
that do nothing. Sizes of effects are in standard deviations between wells that had the same.
"""

from __future__ import annotations

import logging
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy.stats import chi2_contingency, ttest_ind

from napari_c3r.core.experiment.cautions import positions
from napari_c3r.core.figures.colours import CATEGORICAL, GREY
from napari_c3r.core.profiles import (
    activity,
    compare_groups,
    differ_from_controls,
    distance_to_controls,
    fit_dose_curve,
    normalise,
)
from napari_c3r.core.profiles.compare import compare_wells
from napari_c3r.core.profiles.plates import format_of, patterns, place_of

CONTROLS = ("treatment", "DMSO")
LEVEL = 0.05
DOSES = (1.0, 3.0, 10.0, 30.0, 100.0)
EC50 = 10.0
EFFECTS = (0.5, 1.0, 2.0, 3.0)
WELLS = (2, 4, 8)
KINDS = 4
"""Kinds of cells, of which each well has shares."""

Tally = dict[str, list[bool]]


@dataclass(frozen=True)
class Plan:
    """How plates are laid out and what is planted.

    Attributes
    ----------
    plates, controls, wells, treatments
        Plates; controls and wells of a treatment on each; treatments, of which the first has the
        effect.
    effect
        Of the first treatment, in standard deviations between wells, in each feature it moves.
    plate_sd, edge
        Between plates, and of wells on the edge, in the same unit.
    placed
        ``"dealt"`` at random, or ``"edge"``: every well of the treatments on the edge.
    features, rank, moved
        Features, how many independent things make them, and how many an effect moves.
    cells
        In a well; they differ twice as much as wells do.
    """

    plates: int = 1
    controls: int = 8
    wells: int = 4
    treatments: int = 4
    effect: float = 0.0
    plate_sd: float = 2.0
    edge: float = 0.0
    placed: str = "dealt"
    features: int = 60
    rank: int = 15
    moved: int = 20
    cells: int = 100


NULLS = {
    "1 plate: 8 controls, 4 wells": Plan(),
    "1 plate: 4 controls, 4 wells": Plan(controls=4),
    "1 plate: 16 controls, 2 wells": Plan(controls=16, wells=2),
    "3 plates: 8 controls, 1 well each": Plan(plates=3, wells=1),
    "2 plates: 16 controls, 2 wells each, an edge": Plan(plates=2, controls=16, wells=2, edge=1.5),
}
"""Plates on which no treatment does anything."""


def wells(plan: Plan, seed: int) -> AnnData:
    """Profiles of the wells of simulated plates, with ``plate``, ``well`` and ``treatment``."""
    rng = np.random.default_rng(seed)
    names = ["DMSO"] * plan.controls
    names += [f"t{n}" for n in range(plan.treatments) for _ in range(plan.wells)]
    parts = [_plate(plan, names, number, rng) for number in range(plan.plates)]
    obs = pd.concat(parts, ignore_index=True)
    obs.index = obs.index.astype(str)
    values = _of_wells(plan, len(obs), rng)
    plates = pd.factorize(obs["plate"])[0]
    values += rng.normal(0, plan.plate_sd, (plan.plates, plan.features))[plates]
    values[obs["edge"].to_numpy()] += plan.edge * _direction(plan, rng)
    values[obs["treatment"].eq("t0").to_numpy()] += plan.effect * _direction(plan, rng)
    return AnnData(values, obs=obs)


def _plate(plan: Plan, names: list[str], number: int, rng: np.random.Generator) -> pd.DataFrame:
    """Where each well lies: a plate of 96, or of 48 where they fit."""
    size = (6, 8) if len(names) <= 48 else (8, 12)
    spots = [(row, column) for row in range(size[0]) for column in range(size[1])]
    rim = np.array([r in (0, size[0] - 1) or c in (0, size[1] - 1) for r, c in spots])
    order = rng.permutation(len(spots))
    if plan.placed == "edge":
        # Controls inside, treatments outside.
        order = order[np.argsort(rim[order], kind="stable")]
        inside, outside = order[: plan.controls], order[::-1]
        order = np.concatenate([inside, outside[: len(names) - plan.controls]])
    chosen = order[: len(names)]
    return pd.DataFrame(
        {
            "plate": f"p{number}",
            "well": [f"{'ABCDEFGH'[spots[k][0]]}{spots[k][1] + 1:02d}" for k in chosen],
            "treatment": names,
            "edge": rim[chosen],
        }
    )


def _of_wells(plan: Plan, count: int, rng: np.random.Generator) -> np.ndarray:
    loadings = rng.normal(size=(plan.rank, plan.features)) / np.sqrt(plan.rank)
    shared = rng.normal(size=(count, plan.rank)) @ loadings
    return np.sqrt(0.8) * shared + np.sqrt(0.2) * rng.normal(size=(count, plan.features))


def _direction(plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """One standard deviation up or down in the features that are moved."""
    direction = np.zeros(plan.features)
    chosen = rng.choice(plan.features, plan.moved, replace=False)
    direction[chosen] = rng.choice([-1.0, 1.0], plan.moved)
    return direction


def one_value(plan: Plan, seed: int) -> AnnData:
    """Wells with one value in ``obs``, and the effect in it."""
    made = wells(replace(plan, features=1, rank=1, moved=1), seed)
    made.obs["value"] = np.asarray(made.X)[:, 0]
    return made


def with_shares(plan: Plan, seed: int) -> tuple[AnnData, pd.DataFrame, np.ndarray]:
    """Wells, the shares of kinds of cells in each, and the counts that they come from.

    Shares vary between wells beyond what counting gives; the effect moves one kind, on the scale
    of log odds.
    """
    made = one_value(plan, seed)
    rng = np.random.default_rng([seed, 1])
    odds = rng.normal(0, 0.4, (len(made), KINDS))
    odds[:, 0] += 0.4 * np.asarray(made.X)[:, 0]
    shares = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    counts = np.stack([rng.multinomial(plan.cells, each) for each in shares])
    return made, pd.DataFrame(counts / plan.cells), counts


def p_values(plan: Plan, seed: int) -> dict[str, pd.Series]:
    """P-value of every test for every treatment, by the test's name."""
    found = {}
    single = one_value(plan, seed)
    found["one feature, wells"] = _by_group(
        compare_groups(single, ["value"], "treatment", CONTROLS)
    )
    found["one feature, cells as if independent"] = _on_cells(single, plan, seed)
    made, shares, counts = with_shares(plan, seed)
    found["share of a kind of cells, wells"] = _by_group(
        compare_groups(made, shares[[0]], "treatment", CONTROLS)
    )
    found["shares, cells as if independent"] = _on_counts(made, counts)
    profiles = wells(plan, seed)
    found["whole profile, exchanged labels"] = _by_group(
        differ_from_controls(profiles, "treatment", CONTROLS, draws=999, seed=seed)
    )
    normalised = normalise(profiles, CONTROLS)
    if plan.plates * plan.wells > 1:
        judged = activity(normalised, "treatment", CONTROLS, null_size=2000, seed=seed).obs
        found["mean average precision"] = judged.set_index("treatment")["p_value"]
    far = distance_to_controls(normalised, CONTROLS)
    found["distance to the controls, wells"] = _by_group(
        compare_groups(far, ["distance_to_controls"], "treatment", CONTROLS)
    )
    one = compare_wells(far, ["distance_to_controls"], CONTROLS)
    one.index = far.obs["treatment"].to_numpy()[one["group"].to_numpy()]
    found["distance to the controls, each well by itself"] = one["p_value"]
    return found


def _by_group(found: pd.DataFrame) -> pd.Series:
    return found.set_index("group")["p_value"]


def _on_cells(made: AnnData, plan: Plan, seed: int) -> pd.Series:
    """Welch's t test on the cells, each counted as if it were a well of its own."""
    rng = np.random.default_rng([seed, 2])
    value, name = made.obs["value"].to_numpy(), made.obs["treatment"].to_numpy()
    # Without differences between plates, which would make it worse.
    value = value - made.obs.groupby("plate")["value"].transform("mean").to_numpy()
    cells = value[:, None] + rng.normal(0, 2.0, (len(made), plan.cells))
    other = cells[name == "DMSO"].ravel()
    return pd.Series(
        {
            each: float(ttest_ind(cells[name == each].ravel(), other, equal_var=False).pvalue)
            for each in dict.fromkeys(name[name != "DMSO"])
        }
    )


def _on_counts(made: AnnData, counts: np.ndarray) -> pd.Series:
    """A chi-squared test on the pooled counts of cells."""
    name = made.obs["treatment"].to_numpy()
    other = counts[name == "DMSO"].sum(axis=0)
    return pd.Series(
        {
            each: float(chi2_contingency([counts[name == each].sum(axis=0), other]).pvalue)
            for each in dict.fromkeys(name[name != "DMSO"])
        }
    )


def dose_p_value(plan: Plan, seed: int) -> float:
    """Of a curve through the distances of one compound's wells, `plan.wells` at each dose."""
    rng = np.random.default_rng([seed, 3])
    doses = np.concatenate([np.zeros(plan.controls), np.repeat(DOSES, plan.wells)])
    values = _of_wells(plan, len(doses), rng)
    with np.errstate(divide="ignore"):
        share = 1 / (1 + EC50 / np.where(doses > 0, doses, 1e-300))
    values += np.outer(plan.effect * share, _direction(plan, rng))
    obs = pd.DataFrame({"treatment": np.where(doses > 0, "t0", "DMSO"), "plate": "p0"})
    obs.index = obs.index.astype(str)
    far = distance_to_controls(AnnData(values, obs=obs), CONTROLS)
    return fit_dose_curve(doses, far.obs["distance_to_controls"]).p_value


def place_p_value(plan: Plan, seed: int) -> float:
    """Whether wells on the edge differ from those inside that had the same."""
    made = wells(plan, seed)
    made.obs["group"] = made.obs["treatment"].where(made.obs["treatment"] != "DMSO")
    found = positions(made, "plate", seed=seed).set_index("place")
    return float(found["p_value"].get("edge", np.nan))


def pattern_p_value(plan: Plan, seed: int) -> float:
    """Whether the controls of the first plate show the edge in one value."""
    made = one_value(plan, seed)
    used = made.obs[(made.obs["plate"] == "p0") & (made.obs["treatment"] == "DMSO")]
    at = np.array([place_of(name) for name in used["well"]])
    found = patterns(used["value"].to_numpy(), at, format_of(at), seed)
    return next((each.p_value for each in found if each.name == "edge"), np.nan)


def rates(plan: Plan, seeds: int) -> Tally:
    """Whether each test calls something, one entry per treatment of which it was asked."""
    asked = "t0" if plan.effect else None
    tally: Tally = defaultdict(list)
    for seed in range(seeds):
        for name, found in p_values(plan, seed).items():
            chosen = found if asked is None else found.loc[[asked]]
            tally[name] += (chosen.dropna() < LEVEL).tolist()
        if plan.placed == "dealt":
            tally["dose curve"].append(dose_p_value(plan, seed) < LEVEL)
        if plan.effect == 0 and plan.placed == "dealt":
            tally["place: edge or not, profiles"].append(place_p_value(plan, seed) < LEVEL)
            known = pattern_p_value(plan, seed)
            tally["place: edge, one value of controls"] += (
                [] if np.isnan(known) else [known < LEVEL]
            )
    return tally


def share(calls: list[bool]) -> float:
    """Share of calls that say yes; NaN without any."""
    return float(np.mean(calls)) if calls else float("nan")


def false_alarms(seeds: int) -> pd.DataFrame:
    """Share of tests below 0.05 where no treatment does anything, one column per plan."""
    return _table({name: rates(plan, seeds) for name, plan in NULLS.items()})


def detections(seeds: int) -> pd.DataFrame:
    """Share of tests below 0.05 for a treatment of some effect and number of wells."""
    return _table(
        {
            _planted(effect, count): rates(Plan(effect=effect, wells=count, treatments=1), seeds)
            for count in WELLS
            for effect in EFFECTS
        }
    )


def _planted(effect: float, count: int) -> str:
    return f"{effect:g} sd, {count} wells"


def misplaced(seeds: int) -> pd.DataFrame:
    """The same where nothing does anything but all treatments lie on an edge that differs."""
    plan = Plan(controls=16, wells=4, treatments=4, edge=1.5, placed="edge")
    return _table({"treatments on the edge, controls inside": rates(plan, seeds)})


def normalisations(seeds: int) -> pd.DataFrame:
    """False alarms of mean average precision by how profiles were normalised to the controls."""
    tallies: dict[str, Tally] = {}
    for controls in (4, 8, 16, 32):
        plan = Plan(controls=controls)
        tally: Tally = defaultdict(list)
        for seed in range(seeds):
            made = wells(plan, seed)
            for method in ("mad", "standardise", "spherize"):
                scale = normalise(made, CONTROLS, method)
                found = activity(scale, "treatment", CONTROLS, null_size=2000, seed=seed).obs
                tally[method] += (found["p_value"] < LEVEL).tolist()
        tallies[f"{controls} controls"] = tally
    return _table(tallies)


def _table(tallies: dict[str, Tally]) -> pd.DataFrame:
    names = dict.fromkeys(name for tally in tallies.values() for name in tally)
    return pd.DataFrame(
        {
            column: {name: share(tally.get(name, [])) for name in names}
            for column, tally in tallies.items()
        }
    )


def power_curves(table: pd.DataFrame, path: str) -> None:
    """Draw what `detections` gave: a panel per number of wells, a line per test."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(WELLS), sharey=True)
    honest = [name for name in table.index if "as if independent" not in name]
    for panel, count in zip(axes, WELLS, strict=True):
        for number, name in enumerate(honest):
            power = [100 * table.loc[name, _planted(effect, count)] for effect in EFFECTS]
            colour = CATEGORICAL[number]
            panel.plot(EFFECTS, power, color=colour, label=name, marker="o", ms=3)
        panel.axhline(100 * LEVEL, color=GREY, lw=1, ls="--")
        panel.set(title=f"{count} wells, 8 controls", xlabel="effect, sd between wells")
        for side in ("top", "right"):
            panel.spines[side].set_visible(False)
    axes[0].set_ylabel("found, % of plates")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    with rc_context({"svg.hashsalt": "power", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None, "Creator": None})


def as_markdown(table: pd.DataFrame) -> str:
    """A table of shares, in per cent."""
    head = ["test", *map(str, table.columns)]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name, row in table.iterrows():
        shown = ["–" if np.isnan(value) else f"{100 * value:.0f} %" for value in row]
        lines.append(f"| {' | '.join([str(name), *shown])} |")
    return "\n".join(lines)


STUDIES: dict[str, Callable[[int], pd.DataFrame]] = {
    "Below 0.05 where nothing does anything": false_alarms,
    "Below 0.05 where a treatment does something": detections,
    "Below 0.05 where the place does it": misplaced,
    "Mean average precision below 0.05 where nothing does anything": normalisations,
}


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    logging.getLogger("copairs").setLevel(logging.ERROR)
    for title, study in STUDIES.items():
        table = study(seeds)
        print(f"{title} ({seeds} seeds)\n\n{as_markdown(table)}\n", flush=True)
        if study is detections and len(sys.argv) > 2:
            power_curves(table, sys.argv[2])


if __name__ == "__main__":
    main()
