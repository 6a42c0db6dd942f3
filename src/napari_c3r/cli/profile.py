"""The command ``profile``: from a table of cells to wells, normalised, and what is active."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_c3r.cli.batch import BATCH_HELP, Correction
from napari_c3r.cli.options import LeaveOut, Seed, parse_list
from napari_c3r.cli.speaking import say
from napari_c3r.core.atomic import require_writable
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.metadata import Design


def profile(
    table: Annotated[Path, typer.Argument(help="Cells or wells: .csv, .parquet or .h5ad.")],
    out: Annotated[
        Path | None, typer.Option(help="Profiles to write: .csv, .parquet or .h5ad.")
    ] = None,
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
    batch: Annotated[str, typer.Option(help=BATCH_HELP)] = "none",
    source: Annotated[
        str, typer.Option(help="Column of the batches to bring together; guessed if not given.")
    ] = "",
    keep_fit: Annotated[
        Path | None, typer.Option(help="Folder to keep the fit of --batch cellpaintr in.")
    ] = None,
    unseen: Annotated[
        str,
        typer.Option(
            help="Of a kept fit, for batches it has not seen: mean, controls, or a batch it has."
        ),
    ] = "mean",
    activity: Annotated[
        Path | None, typer.Option(help="Table of how active each treatment is, to write: .csv.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Page on what differs from the controls, at which dose: .html."),
    ] = None,
    seed: Seed = 0,
    leave_out_flagged: LeaveOut = False,
) -> None:
    """Make wells of cells, bring them to the scale of the controls, and judge treatments."""
    from napari_c3r.core.metadata import annotate, design_of, match_of
    from napari_c3r.core.profiles.files import read_profiles, write_profiles

    _require_paths(out, activity, report)
    correction = Correction(batch, source, keep_fit, unseen, seed)
    correction.require_possible(judged=activity is not None)
    made = read_profiles(table)
    if metadata is not None:
        annotate(made, metadata)
        match = match_of(made)
        say(match.words if match else "")
    design = design_of(made)
    design = replace(
        design, negative=_controls(controls, design), treatment=treatment or design.treatment
    )
    if leave_out_flagged:
        made = _without_flagged(made)
    if report is not None:
        _report(made, design, method, seed, report)
    if out is None and activity is None:
        return
    within = per if per and per in made.obs and made.obs[per].notna().all() else None
    made = _profiles(made, design, parse_list(by), method, normalise, within)
    made = correction.apply(made, design, within)
    if out is not None:
        write_profiles(made, out)
        say(f"Wrote {out}: {made.n_obs} rows × {made.n_vars} features")
    if activity is not None:
        _judge(made, design, within, seed, activity)


def _require_paths(out: Path | None, activity: Path | None, report: Path | None) -> None:
    """Refuse what could not be written before hours are spent on it."""
    from napari_c3r.core.profiles.files import require_profile_path
    from napari_c3r.core.report.page import require_html

    if out is None and activity is None and report is None:
        raise InputError("Nothing to write: give --out, --activity or --report a name")
    if out is not None:
        require_writable(require_profile_path(out))
    if activity is not None:
        require_writable(activity)
    if report is not None:
        require_html(report)


def _without_flagged(made: AnnData) -> AnnData:
    from napari_c3r.core.cells.quality import flagged_rows

    flagged = flagged_rows(made.obs)
    say(f"  Note: {int(flagged.sum())} of {len(made)} cells are left out for their quality")
    return made[~flagged].copy()


def _profiles(
    made: AnnData,
    design: Design,
    by: Sequence[str],
    method: str,
    scale: str,
    within: str | None,
) -> AnnData:
    """Wells from cells, at the scale of the controls, each step said."""
    from napari_c3r.core import profiles

    if by:
        known = [name for name in by if name in made.obs and made.obs[name].notna().any()]
        made = profiles.aggregate(made, known or by, method=method)
        say(f"{len(made)} wells by {' and '.join(known)}")
    if scale != "none":
        made = profiles.normalise(made, design.negative, scale, within)
        which = f", each {within} by itself" if within else ""
        say(f"Normalised to {_named(design.negative)}{which}")
    return made


def _report(made: AnnData, design: Design, method: str, seed: int, out: Path) -> None:
    from napari_c3r.core.experiment import experiment_report

    found = experiment_report(made, out, design=design, method=method, seed=seed)
    say(found.summary)
    for warning in found.warnings:
        say(f"  Warning: {warning}")
    say(f"Wrote {out}")


def _controls(text: str, design: Design) -> tuple[str, str] | None:
    if not text:
        return design.negative
    column, equals, value = text.partition("=")
    if not equals or not column.strip():
        raise InputError(f"--controls '{text}' has to be column=value, such as compound=DMSO")
    return column.strip(), value.strip()


def _named(controls: tuple[str, str] | None) -> str:
    return f"{controls[0]} = {controls[1]}" if controls else "all rows"


def _judge(made: AnnData, design: Design, per: str | None, seed: int, out: Path) -> None:
    from napari_c3r.core import profiles
    from napari_c3r.core.atomic import replacing

    treatment, controls = design.treatment, design.negative
    if treatment is None or controls is None:
        lacking = "--treatment" if treatment is None else "--controls"
        raise InputError(f"Nothing says what to judge: give {lacking}")
    found = profiles.activity(made, treatment, controls, per=per, seed=seed)
    with replacing(out) as temporary:
        found.obs.to_csv(temporary, index=False, lineterminator="\n")
    active = int(found.obs["active"].sum())
    say(f"{active} of {len(found)} treatments are active; wrote {out}")
