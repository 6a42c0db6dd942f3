"""The same core from the shell."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.embed import EmbedJob
    from napari_c3r.core.images import Image

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Interactive cell representation: one vector per cell, conditioned on channel roles.",
)

Paths = Annotated[list[Path], typer.Argument(help="Image files, or a folder of them.")]
Names = Annotated[str, typer.Option(help="Rename channels before anything else: ch2=ER,ch5=DNA,…")]
Context = Annotated[str, typer.Option(help="Context channels, by name: DNA,ER")]
Concept = Annotated[str, typer.Option(help="Concept channels, by name: RNA,AGP,Mito")]
EncoderName = Annotated[str, typer.Option(help="'bundled', or a model folder.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
Precision = Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")]
Seed = Annotated[int, typer.Option(help="Of the map and the clusters.")]


@app.command()
def embed(
    paths: Paths,
    out: Annotated[Path, typer.Option(help="Table to write: .csv, .parquet or .h5ad.")],
    names: Names = "",
    context: Context = "",
    concept: Concept = "",
    labels: Annotated[
        Path | None, typer.Option(help="Label image of the cells, instead of segmenting.")
    ] = None,
    labels_channel: Annotated[
        str, typer.Option(help="Which label image, where the file holds several.")
    ] = "",
    nucleus: Annotated[str, typer.Option(help="Channel of the nuclei.")] = "",
    cell: Annotated[str, typer.Option(help="Channel that shows how far cells reach.")] = "",
    nucleus_size_um: Annotated[
        float | None, typer.Option(help="Nucleus diameter; found from the image by default.")
    ] = None,
    method: Annotated[
        str, typer.Option(help="classical, cellpose, stardist or instanseg.")
    ] = "classical",
    scene: Annotated[int, typer.Option(help="Scene of a multi-scene file.")] = 0,
    t: Annotated[int, typer.Option(help="Time point.")] = 0,
    z: Annotated[str, typer.Option(help="max, mean, focus, or a slice's number.")] = "max",
    pattern: Annotated[
        str, typer.Option(help="Regular expression for file names, with groups such as channel.")
    ] = "",
    pixel_size_um: Annotated[
        float | None, typer.Option(help="Where the files do not say it, or say it wrongly.")
    ] = None,
    encoder: EncoderName = "bundled",
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: Annotated[str, typer.Option(help="Cells per forward pass, or auto.")] = "auto",
    concept_mode: Annotated[
        str, typer.Option(help="each or joint; by default as the encoder recommends.")
    ] = "",
    readout: Annotated[
        str, typer.Option(help="cls or cls+std; by default as the encoder recommends.")
    ] = "",
    neighbours: Annotated[str, typer.Option(help="keep or mask other cells in a crop.")] = "mask",
    map_: Annotated[bool, typer.Option("--map", help="Add a UMAP and clusters.")] = False,
    seed: Seed = 0,
) -> None:
    """Embed the cells of images and write one table."""
    from napari_c3r.core.crops import CropSpec
    from napari_c3r.core.embed import EmbedJob
    from napari_c3r.core.encoder import load_encoder
    from napari_c3r.core.images import find_images, read_image, read_labels
    from napari_c3r.core.table import join_results, write

    _require_writable(out)
    found = find_images([str(path) for path in paths], pattern=pattern or None)
    if labels is not None and len(found) > 1:
        raise InputError(
            f"--labels gives one label image for {len(found)} images; embed them singly"
        )
    network = load_encoder(encoder)
    results = []
    for files in found:
        image = read_image(files, scene=scene, t=t, z=int(z) if z.lstrip("-").isdigit() else z)
        image = _prepared(image, names, pixel_size_um)
        assignment = _assignment(image, context, concept)
        if labels is not None:
            nuclei, cells = None, read_labels(labels, labels_channel or None)
        else:
            nuclei, cells = _segment(image, assignment, nucleus, cell, nucleus_size_um, method)
        job = EmbedJob(
            image,
            cells,
            assignment,
            network,
            nuclei=nuclei,
            device=device,
            precision=precision,
            batch_size=int(batch_size) if batch_size.isdigit() else batch_size,
            crop=CropSpec(neighbours=neighbours),  # type: ignore[arg-type]
            concept_mode=concept_mode or None,
            readout=readout or None,
        )
        results.append(_run(job))
    result = join_results(results)
    if map_:
        _add_map(result, seed)
    write(result, out)
    _say(f"Wrote {len(result)} cells × {result.n_vars} numbers to {out}")


def _prepared(image: Image, names: str, pixel_size_um: float | None) -> Image:
    from dataclasses import replace

    if names:
        image = image.rename(_parse_names(names))
    return image if pixel_size_um is None else replace(image, pixel_size_um=pixel_size_um)


def _assignment(image: Image, context: str, concept: str) -> ChannelAssignment:
    from napari_c3r.core.channels import ChannelAssignment, Role

    groups = {Role.CONTEXT: _parse_list(context), Role.CONCEPT: _parse_list(concept)}
    if not any(groups.values()):
        suggested = ChannelAssignment.suggest(image.channel_names)
        for name, role in suggested.roles.items():
            _say(f"  {name}: {role} ({suggested.reasons[name]})")
        return suggested
    roles: dict[str, Role] = {}
    for role, names in groups.items():
        for name in names:
            roles[name] = Role.BOTH if name in roles and roles[name] is not role else role
    return ChannelAssignment(roles).for_channels(image.channel_names).require_usable()


def _segment(
    image: Image,
    assignment: ChannelAssignment,
    nucleus: str,
    cell: str,
    nucleus_size_um: float | None,
    method: str,
) -> tuple[Any, Any]:
    """Nuclei and cells."""
    from napari_c3r.core.channels import suggest_cell, suggest_nucleus
    from napari_c3r.core.segment import segment_cells

    nucleus = nucleus or suggest_nucleus(assignment.used) or assignment.context[0]
    body = cell or suggest_cell(assignment.used)
    nuclei, cells = segment_cells(
        image,
        nucleus,
        None if body == nucleus else body,
        method=method,
        nucleus_diameter_um=nucleus_size_um,
    )
    _say(f"{image.name}: {cells.max()} cells, from '{nucleus}' and '{body or 'a set distance'}'")
    return nuclei, cells


def _run(job: EmbedJob) -> AnnData:
    """Embed with a progress bar, which stands on the error stream."""
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeRemainingColumn

    from napari_c3r.core.embed import EmbedRun
    from napari_c3r.core.table import KEY

    run = EmbedRun(job)
    columns = (*Progress.get_default_columns()[:3], TextColumn("{task.fields[speed]}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(f"Embedding {job.image.name}", total=None, speed="")
        for step in run.steps():
            speed = f"{step.cells_per_second:.0f} cells/s" if step.cells_per_second else ""
            bar.update(task, completed=step.done, total=step.total, speed=speed)
    result = run.result()
    for note in result.uns[KEY]["notes"]:
        _say(f"  Note: {note}")
    return result


def _add_map(result: AnnData, seed: int) -> None:
    from napari_c3r.core.reduce import cluster, map_cells

    _say("Making the map …")
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
    from napari_c3r.core.embed import EmbedJob
    from napari_c3r.core.encoder import load_encoder
    from napari_c3r.core.figure import draw_result
    from napari_c3r.core.segment import segment_cells
    from napari_c3r.core.simulate import simulate_field
    from napari_c3r.core.table import provenance_path, write

    out.mkdir(parents=True, exist_ok=True)
    image = simulate_field(kind, seed=seed).image
    assignment = ChannelAssignment.suggest(image.channel_names)
    nucleus = suggest_nucleus(image.channel_names)
    nuclei, cells = segment_cells(image, nucleus, suggest_cell(image.channel_names))
    _say(f"{image.name}: {cells.max()} cells")
    result = _run(EmbedJob(image, cells, assignment, load_encoder(), nuclei=nuclei, device=device))
    _add_map(result, seed)
    table = write(result, out / "cells.csv")
    picture = draw_result(image, cells, result, out / "cells.png")
    for path in (table, provenance_path(table), picture):
        _say(f"Wrote {path}")


@app.command()
def convert(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint of the official training code.")],
    out: Annotated[Path, typer.Option(help="Model folder to write.")],
    which: Annotated[str, typer.Option(help="teacher or student.")] = "teacher",
) -> None:
    """Turn an official checkpoint into a model folder, running nothing from it."""
    from napari_c3r.core.encoder import convert_checkpoint

    folder = convert_checkpoint(checkpoint, out, which=which)
    _say(f"Wrote the model folder {folder}")


@app.command()
def doctor() -> None:
    """Print versions, devices and missing extras, to be pasted into a report."""
    from napari_c3r.core.doctor import report

    typer.echo(report())


def _parse_list(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _parse_names(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in _parse_list(text)]
    for old, equals, new in pairs:
        if not (old.strip() and equals and new.strip()):
            raise InputError(f"--names has the part '{old}{equals}{new}'; write it as old=new")
    return {old.strip(): new.strip() for old, _, new in pairs}


def _require_writable(out: Path) -> None:
    """Refuse a table that could not be written before hours are spent on it."""
    if out.suffix.lower() not in (".csv", ".parquet", ".h5ad"):
        raise InputError(f"--out is '{out}'; give a name that ends in .csv, .parquet or .h5ad")
    if not out.parent.is_dir():
        raise InputError(f"--out is in the folder '{out.parent}', which does not exist; create it")


def _say(text: str) -> None:
    typer.echo(text, err=True)


def main(arguments: Iterable[str] | None = None) -> None:
    """Run a command; 0 on success, 2 with one line on bad input."""
    try:
        code = app(list(arguments) if arguments is not None else None, standalone_mode=False)
    except InputError as error:
        _say(f"napari-c3r: {error}")
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        _say("napari-c3r: stopped")
        sys.exit(130)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        # A usage error of the command line parser; without arguments it printed the help.
        if error.format_message():
            _say(f"napari-c3r: {error.format_message()}")
        sys.exit(2)
    sys.exit(code or 0)
