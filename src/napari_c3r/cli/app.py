"""The same core from the shell."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_c3r.cli.diagnose import diagnose
from napari_c3r.cli.options import (
    Device,
    FieldOptions,
    Paths,
    Seed,
    follow,
    say,
    state_licence,
    with_field_options,
)
from napari_c3r.core.atomic import require_folder, require_writable
from napari_c3r.core.errors import InputError
from napari_c3r.core.table import table_formats

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.embed.job import EmbedJob

# What a shell gives for a program that Ctrl+C ended.
_INTERRUPTED = 130

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Interactive cell representation: one vector per cell, conditioned on channel roles.",
)
app.command()(diagnose)


def _suffixes() -> str:
    """The suffixes of tables, as text."""
    *others, last = [each.suffix for each in table_formats()]
    return f"{', '.join(others)} or {last}"


@app.command()
@with_field_options
def embed(
    paths: Paths,
    out: Annotated[Path, typer.Option(help=f"Table to write: {_suffixes()}.")],
    *,
    options: FieldOptions,
    map_: Annotated[bool, typer.Option("--map", help="Add a UMAP and clusters.")] = False,
    seed: Seed = 0,
) -> None:
    """Embed the cells of images and write one table."""
    from napari_c3r.core.embed.plate import prepare_field, require_possible
    from napari_c3r.core.encoder import load_encoder
    from napari_c3r.core.errors import NoCellsError
    from napari_c3r.core.table import KEY, join_results, write

    _require_table(out)
    settings, found = options.settings(), options.find(paths)
    state_licence(options.method)
    encoder = load_encoder(options.encoder)
    require_possible(settings, encoder)
    parts, empty = [], []
    for files in found:
        try:
            parts.append(_run(prepare_field(files, settings, encoder)))
        except NoCellsError as error:
            if len(found) == 1:
                raise
            # A well where all cells died is no reason to lose the others.
            empty.append(f"'{files.name}' is left out: {error}")
            say(f"  {empty[-1]}")
    if not parts:
        raise NoCellsError(f"None of the {len(found)} images holds a cell; {empty[0]}")
    result = join_results(parts)
    result.uns[KEY]["notes"] = [*result.uns[KEY]["notes"], *empty]
    if map_:
        _add_map(result, seed)
    write(result, out)
    left_out = f"; {len(empty)} of {len(found)} images hold no cell" if empty else ""
    say(f"Wrote {len(result)} cells × {result.n_vars} numbers to {out}{left_out}")


@app.command()
@with_field_options
def plate(
    folder: Annotated[Path, typer.Argument(help="Folder of many fields.")],
    out: Annotated[Path, typer.Option(help="Folder to write to; continued if it is there.")],
    *,
    options: FieldOptions,
) -> None:
    """Embed many fields, each kept as soon as it is done; run again to go on."""
    from napari_c3r.core.embed.plate import embed_plate
    from napari_c3r.core.encoder import load_encoder

    settings, found = options.settings(), options.find([folder])
    state_licence(options.method)
    for step in embed_plate(found, settings, load_encoder(options.encoder), out):
        if step.cells is None:
            say(f"{step.done}/{step.total} {step.name}: {step.problem or step.state}")
    say(f"Wrote {out / 'cells.parquet'}")


def _run(job: EmbedJob) -> AnnData:
    """Embed, saying which roles are used and what was noticed."""
    from napari_c3r.core.embed.job import FieldEmbedder
    from napari_c3r.core.table import KEY

    for name, role in job.assignment.roles.items():
        reason = job.assignment.reasons.get(name)
        say(f"  {name}: {role}{f' ({reason})' if reason else ''}")
    run = FieldEmbedder(job)
    follow(run.steps(), f"Embedding {job.image.name}")
    result = run.result()
    for note in result.uns[KEY]["notes"]:
        say(f"  Note: {note}")
    return result


def _add_map(result: AnnData, seed: int) -> None:
    from napari_c3r.core.reduce import cluster, map_cells

    say("Making the map …")
    cluster(map_cells(result, seed=seed), seed=seed)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder to write to; made if it is missing.")],
    kind: Annotated[str, typer.Option(help="cell-painting or hpa.")] = "cell-painting",
    device: Device = "auto",
    seed: Seed = 0,
) -> None:
    """Simulate a field, embed its cells, and draw image, cells and map."""
    from napari_c3r.core.channels import ChannelAssignment, suggest_cell, suggest_nucleus
    from napari_c3r.core.embed.job import EmbedJob, segmented_with
    from napari_c3r.core.encoder import load_encoder
    from napari_c3r.core.encoder.options import RunOptions
    from napari_c3r.core.figures.overview import draw_result
    from napari_c3r.core.segment import segment_cells
    from napari_c3r.core.simulate import sample_field
    from napari_c3r.core.table import provenance_path, write

    require_folder(out)
    image = sample_field(kind).image
    assignment = ChannelAssignment.suggest(image.channel_names)
    nucleus = suggest_nucleus(image.channel_names) or assignment.context[0]
    found_by: dict[str, Any] = {"nucleus": nucleus, "cell": suggest_cell(image.channel_names)}
    nuclei, cells = segment_cells(image, **found_by)
    say(f"{image.name}: {cells.max()} cells")
    result = _run(
        EmbedJob(
            image,
            cells,
            assignment,
            load_encoder(),
            nuclei=nuclei,
            options=RunOptions(device),
            cells_from=segmented_with(found_by),
        )
    )
    _add_map(result, seed)
    table = write(result, out / "cells.csv")
    picture = draw_result(image, cells, result, out / "cells.png")
    for path in (table, provenance_path(table), picture):
        say(f"Wrote {path}")


@app.command()
def convert(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint of the official training code.")],
    out: Annotated[Path, typer.Option(help="Model folder to write.")],
    which: Annotated[str, typer.Option(help="teacher or student.")] = "teacher",
) -> None:
    """Turn an official checkpoint into a model folder, running nothing from it."""
    from napari_c3r.core.encoder import convert_checkpoint

    folder = convert_checkpoint(checkpoint, out, which=which)
    say(f"Wrote the model folder {folder}")


@app.command()
def doctor() -> None:
    """Print what is installed and what works, to paste into a report; 1 if something is broken."""
    from napari_c3r.cli.doctor import format_report, run_checks

    findings = run_checks()
    typer.echo(format_report(findings))
    if any(finding.broken for finding in findings):
        raise typer.Exit(1)


def _require_table(out: Path) -> None:
    """Refuse a table that could not be written before hours are spent on it."""
    if out.suffix.lower() not in {each.suffix for each in table_formats()}:
        raise InputError(f"--out is '{out}'; give a name that ends in {_suffixes()}")
    if not out.parent.is_dir():
        raise InputError(f"--out is in the folder '{out.parent}', which does not exist; create it")
    require_writable(out)


def main(arguments: Iterable[str] | None = None) -> None:
    """Run a command; 0 on success, 2 with one line on bad input."""
    try:
        code = app(list(arguments) if arguments is not None else None, standalone_mode=False)
    except InputError as error:
        say(f"napari-c3r: {error}")
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        say("napari-c3r: stopped")
        sys.exit(_INTERRUPTED)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        # A usage error of the command line parser; without arguments it printed the help.
        if error.format_message():
            say(f"napari-c3r: {error.format_message()}")
        sys.exit(2)
    if code == _INTERRUPTED:
        # typer takes the key for itself, and says nothing.
        say("napari-c3r: stopped")
    sys.exit(code or 0)
