"""The command ``profile``: from a table of cells to wells, normalised, and what is active."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_c3r.cli.options import LeaveOut, Seed, parse_list
from napari_c3r.cli.speaking import say
from napari_c3r.core.atomic import require_writable
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.metadata import Design


def profile(
    table: Annotated[Path, typer.Argument(help="Cells or wells: .csv, .parquet or .h5ad.")],
    out: Annotated[Path, typer.Option(help="Profiles to write: .csv, .parquet or .h5ad.")],
    metadata: Annotated[
        Path | None, typer.Option(help="Plate map: CSV, TSV or Excel, a list or a grid.")
    ] = None,
    by: Annotated[str, typer.Option(help="Columns that make a well; none: rows stay.")] = (
        "plate,well"
    ),
    method: Annotated[str, typer.Option(help="mean, median or trimmed.")] = "mean",
    controls: Annotated[
        str, typer.Option(help="column=value of the negative controls; guessed if not given.")
    ] = "",
    normalise: Annotated[str, typer.Option(help="mad, standardise, spherize or none.")] = "mad",
    per: Annotated[str, typer.Option(help="Column to normalise and compare within.")] = "plate",
    treatment: Annotated[
        str, typer.Option(help="Column of treatments to judge; guessed if not given.")
    ] = "",
    activity: Annotated[
        Path | None, typer.Option(help="Table of how active each treatment is, to write: .csv.")
    ] = None,
    seed: Seed = 0,
    leave_out_flagged: LeaveOut = False,
) -> None:
    """Make wells of cells, bring them to the scale of the controls, and judge treatments."""
    from napari_c3r.core import profiles
    from napari_c3r.core.metadata import annotate, design_of, match_of
    from napari_c3r.core.profiles.files import read_profiles, require_profile_path, write_profiles
    from napari_c3r.core.profiles.frame import STEPS
    from napari_c3r.core.table import KEY

    require_writable(require_profile_path(out))
    if activity is not None:
        require_writable(activity)
    made = read_profiles(table)
    if metadata is not None:
        annotate(made, metadata)
        match = match_of(made)
        say(match.words if match else "")
    design = design_of(made)
    chosen = _controls(controls, design)
    within = per if per and per in made.obs and made.obs[per].notna().all() else None
    wells = parse_list(by)
    if wells:
        known = [name for name in wells if name in made.obs and made.obs[name].notna().any()]
        made = profiles.aggregate(
            made, known or wells, method=method, leave_out_flagged=leave_out_flagged
        )
        for note in made.uns[KEY][STEPS][-1]["notes"]:
            say(f"  Note: {note}")
        say(f"{len(made)} wells by {' and '.join(known)}")
    if normalise != "none":
        made = profiles.normalise(made, chosen, normalise, within)
        say(f"Normalised to {_named(chosen)}{f', each {within} by itself' if within else ''}")
    write_profiles(made, out)
    say(f"Wrote {out}: {made.n_obs} rows × {made.n_vars} features")
    if activity is not None:
        _judge(made, treatment or design.treatment, chosen, within, seed, activity)


def _controls(text: str, design: Design) -> tuple[str, str] | None:
    if not text:
        return design.negative
    column, equals, value = text.partition("=")
    if not equals or not column.strip():
        raise InputError(f"--controls '{text}' has to be column=value, such as compound=DMSO")
    return column.strip(), value.strip()


def _named(controls: tuple[str, str] | None) -> str:
    return f"{controls[0]} = {controls[1]}" if controls else "all rows"


def _judge(
    made: AnnData,
    treatment: str | None,
    controls: tuple[str, str] | None,
    per: str | None,
    seed: int,
    out: Path,
) -> None:
    from napari_c3r.core import profiles
    from napari_c3r.core.atomic import replacing

    if treatment is None or controls is None:
        lacking = "--treatment" if treatment is None else "--controls"
        raise InputError(f"Nothing says what to judge: give {lacking}")
    found = profiles.activity(made, treatment, controls, per=per, seed=seed)
    with replacing(out) as temporary:
        found.obs.to_csv(temporary, index=False, lineterminator="\n")
    active = int(found.obs["active"].sum())
    say(f"{active} of {len(found)} treatments are active; wrote {out}")
