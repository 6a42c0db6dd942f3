"""From the vectors of all variants to the report, one variant at a time."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from napari_c3r.core.diagnose.compare import Comparer, CompareSettings, Shift, mean_shift
from napari_c3r.core.diagnose.embed_variants import VariantEmbeddings
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.diagnose.scores import labelled_cells
from napari_c3r.core.diagnose.variants import Kind, VariantPlan
from napari_c3r.core.diagnose.verdict import judge, references
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

MIN_CELLS = 8
"""Below so many cells, neighbourhoods mean nothing."""


def analyse(
    embeddings: VariantEmbeddings,
    plan: VariantPlan,
    obs: pd.DataFrame,
    channel_names: tuple[str, ...],
    *,
    settings: CompareSettings,
    label_column: str | None = None,
) -> Generator[str, None, FlipReport]:
    """Compare every variant with the roles as assigned, yielding what was just done.

    Parameters
    ----------
    embeddings
        Vectors of the same cells under every variant.
    plan
        The variants.
    obs
        One row per cell, with the label column where there is one.
    channel_names
        Channels of the crops.
    settings
        How to compare; neighbours and clusters are lowered where there are few cells.
    label_column
        Column of `obs` to judge neighbourhoods by.

    Raises
    ------
    InputError
        Fewer than `MIN_CELLS` cells.
    """
    n = len(obs)
    if n < MIN_CELLS:
        raise InputError(
            f"There are {n} cells, too few to compare neighbourhoods; give at least {MIN_CELLS}"
        )
    settings, notes = fitting(settings, n)
    notes += embeddings.notes
    labelled = None
    if label_column is not None:
        labelled, problem = labelled_cells(obs[label_column], label_column)
        notes += list(labelled.notes) if labelled else [f"{problem}; the rest is reported without"]
        notes += _well_note(obs, label_column) if labelled else []
    comparer = Comparer(embeddings.vectors[0], embeddings.columns[0], labelled, settings)
    yield "compared the roles as assigned"
    repeats = []
    for vectors in embeddings.noise:
        repeats.append(comparer.add_noise(vectors))
        yield "compared the noise floor"
    noise = replace(mean_shift(repeats), effect=comparer.noise_effect())
    variants, shifts = list(plan.variants[1:]), []
    for number, variant in enumerate(variants, 1):
        shifts.append(comparer.compare(embeddings.vectors[number], embeddings.columns[number]))
        yield f"compared: {variant.name}"
    assigned, floor = references(plan.variants[0], comparer.own, noise, settings.seed)
    notes += [f"'{name}' is constant in every cell" for name in sorted(embeddings.constant)]
    by_name = dict(zip([v.name for v in variants], shifts, strict=True))
    names = [variant.name for variant in plan.variants]
    return FlipReport(
        _with_focus(obs, embeddings, channel_names),
        assigned,
        floor,
        judge(
            variants,
            shifts,
            comparer.own,
            noise,
            k=settings.k,
            constant=embeddings.constant,
            seed=settings.seed,
        ),
        *_per_cell(by_name, noise, obs.index),
        dict(zip(names, embeddings.vectors, strict=True)),
        dict(zip(names, embeddings.columns, strict=True)),
        settings.k,
        (label_column or "") if labelled else "",
        plan.skipped,
        tuple(notes),
        {**asdict(settings), **embeddings.run_settings, "noise_repeats": len(embeddings.noise)},
        embeddings.alone,
        embeddings.noise[0],
    )


def fitting(settings: CompareSettings, n_cells: int) -> tuple[CompareSettings, list[str]]:
    """Lower neighbours and clusters to what so few cells can bear, with a note for each."""
    notes = []
    k, clusters = min(settings.k, (n_cells - 1) // 2), min(settings.n_clusters, n_cells // 4)
    if k < 1 or clusters < 1:
        raise InputError(
            f"{settings.k} neighbours and {settings.n_clusters} clusters were asked for; "
            "give whole numbers of 1 or more"
        )
    for what, requested, used in (
        ("nearest neighbours", settings.k, k),
        ("clusters", settings.n_clusters, clusters),
    ):
        if used < requested:
            notes.append(f"{used} instead of {requested} {what}, as there are only {n_cells} cells")
    return replace(settings, k=k, n_clusters=clusters), notes


def _well_note(obs: pd.DataFrame, column: str) -> list[str]:
    """Say when labels cannot be told from the wells that hold them."""
    if "well" not in obs or column == "well":
        return []
    known = obs[obs["well"].notna() & obs[column].notna()]
    wells = known.groupby(known["well"].astype(str))[column].nunique()
    if len(wells) > 1 and (wells == 1).all():
        return [
            f"Every well has a single value of '{column}', so its scores include whatever else "
            "differs between wells"
        ]
    return []


def _with_focus(
    obs: pd.DataFrame, embeddings: VariantEmbeddings, names: tuple[str, ...]
) -> pd.DataFrame:
    """The focus of each channel, from the crops where it was not measured in the image."""
    columns = {f"focus_{name}": embeddings.focus[:, c] for c, name in enumerate(names)}
    return obs.assign(**{name: found for name, found in columns.items() if name not in obs})


def _per_cell(
    shifts: dict[str, Shift], noise: Shift, index: pd.Index[Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    every = {str(Kind.NOISE): noise, **shifts}
    changed = {name: shift.changed for name, shift in every.items()}
    cosines = {name: shift.cosine for name, shift in every.items() if shift.cosine is not None}
    return pd.DataFrame(changed, index=index), pd.DataFrame(cosines, index=index)
