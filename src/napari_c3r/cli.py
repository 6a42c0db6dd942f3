"""The same core from the shell."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.crops import CropSpec
    from napari_c3r.core.embed import EmbedJob

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
Nucleus = Annotated[str, typer.Option(help="Channel of the nuclei.")]
Cell = Annotated[str, typer.Option(help="Channel that shows how far cells reach.")]
NucleusSize = Annotated[
    float | None, typer.Option(help="Nucleus diameter; found from the image by default.")
]
Method = Annotated[str, typer.Option(help="classical, cellpose, stardist or instanseg.")]
Projection = Annotated[str, typer.Option(help="max, mean, focus, or a slice's number.")]
Pattern = Annotated[
    str, typer.Option(help="Regular expression for file names, with groups such as channel.")
]
PixelSize = Annotated[
    float | None, typer.Option(help="Where the files do not say it, or say it wrongly.")
]
EncoderName = Annotated[str, typer.Option(help="'bundled', or a model folder.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
Precision = Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")]
BatchSize = Annotated[str, typer.Option(help="Cells per forward pass, or auto.")]
ConceptMode = Annotated[
    str, typer.Option(help="each or joint; by default as the encoder recommends.")
]
Readout = Annotated[str, typer.Option(help="cls or cls+std; by default as the encoder recommends.")]
Neighbours = Annotated[
    str, typer.Option(help="keep or mask other cells; by default as the encoder recommends.")
]
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
    nucleus: Nucleus = "",
    cell: Cell = "",
    nucleus_size_um: NucleusSize = None,
    method: Method = "classical",
    scene: Annotated[int, typer.Option(help="Scene of a multi-scene file.")] = 0,
    t: Annotated[int, typer.Option(help="Time point.")] = 0,
    z: Projection = "max",
    pattern: Pattern = "",
    pixel_size_um: PixelSize = None,
    encoder: EncoderName = "bundled",
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = "auto",
    concept_mode: ConceptMode = "",
    readout: Readout = "",
    neighbours: Neighbours = "",
    map_: Annotated[bool, typer.Option("--map", help="Add a UMAP and clusters.")] = False,
    seed: Seed = 0,
) -> None:
    """Embed the cells of images and write one table."""
    from napari_c3r.core.encoder import load_encoder
    from napari_c3r.core.images import find_images
    from napari_c3r.core.plate import FieldSettings, prepare_field
    from napari_c3r.core.table import join_results, write

    _require_writable(out)
    settings = FieldSettings(
        names=_parse_names(names),
        context=_parse_list(context),
        concept=_parse_list(concept),
        scene=scene,
        t=t,
        z=_number_or_word(z),
        pixel_size_um=pixel_size_um,
        labels=str(labels) if labels is not None else None,
        labels_channel=labels_channel or None,
        nucleus=nucleus or None,
        cell=cell or None,
        nucleus_size_um=nucleus_size_um,
        method=method,
        device=device,
        precision=precision,
        batch_size=_number_or_word(batch_size),
        crop=_crop(neighbours),
        concept_mode=concept_mode or None,
        readout=readout or None,
    )
    found = find_images([str(path) for path in paths], pattern=pattern or None)
    if labels is not None and len(found) > 1:
        raise InputError(
            f"--labels gives one label image for {len(found)} images; embed them one at a time"
        )
    _state_licence(method)
    network = load_encoder(encoder)
    results = [_run(prepare_field(files, settings, network)) for files in found]
    result = join_results(results)
    if map_:
        _add_map(result, seed)
    write(result, out)
    _say(f"Wrote {len(result)} cells × {result.n_vars} numbers to {out}")


@app.command()
def plate(
    folder: Annotated[Path, typer.Argument(help="Folder of many fields.")],
    out: Annotated[Path, typer.Option(help="Folder to write to; continued if it is there.")],
    names: Names = "",
    context: Context = "",
    concept: Concept = "",
    nucleus: Nucleus = "",
    cell: Cell = "",
    nucleus_size_um: NucleusSize = None,
    method: Method = "classical",
    z: Projection = "max",
    pattern: Pattern = "",
    pixel_size_um: PixelSize = None,
    encoder: EncoderName = "bundled",
    device: Device = "auto",
    neighbours: Neighbours = "",
) -> None:
    """Embed many fields, each kept as soon as it is done; run again to go on."""
    from napari_c3r.core.encoder import load_encoder
    from napari_c3r.core.images import find_images
    from napari_c3r.core.plate import FieldSettings, embed_plate

    settings = FieldSettings(
        names=_parse_names(names),
        context=_parse_list(context),
        concept=_parse_list(concept),
        z=_number_or_word(z),
        pixel_size_um=pixel_size_um,
        nucleus=nucleus or None,
        cell=cell or None,
        nucleus_size_um=nucleus_size_um,
        method=method,
        device=device,
        crop=_crop(neighbours),
    )
    found = find_images(str(folder), pattern=pattern or None)
    _state_licence(method)
    for step in embed_plate(found, settings, load_encoder(encoder), out):
        if step.cells is None:
            _say(f"{step.done}/{step.total} {step.name}: {step.problem or step.state}")
    _say(f"Wrote {out / 'cells.parquet'}")


def _run(job: EmbedJob) -> AnnData:
    """Embed with a progress bar, which stands on the error stream."""
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeRemainingColumn

    from napari_c3r.core.embed import EmbedRun
    from napari_c3r.core.table import KEY

    for name, role in job.assignment.roles.items():
        reason = job.assignment.reasons.get(name)
        _say(f"  {name}: {role}{f' ({reason})' if reason else ''}")
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
    from napari_c3r.core.simulate import sample_field
    from napari_c3r.core.table import provenance_path, write

    out.mkdir(parents=True, exist_ok=True)
    image = sample_field(kind).image
    assignment = ChannelAssignment.suggest(image.channel_names)
    nucleus = suggest_nucleus(image.channel_names) or assignment.context[0]
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


def _parse_list(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _number_or_word(text: str) -> str | int:
    return int(text) if text.lstrip("-").isdigit() else text


def _crop(neighbours: str) -> CropSpec:
    from napari_c3r.core.crops import CropSpec

    return CropSpec(neighbours=neighbours or None)  # type: ignore[arg-type]


def _parse_names(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in _parse_list(text)]
    for old, equals, new in pairs:
        if not (old.strip() and equals and new.strip()):
            raise InputError(f"--names has the part '{old}{equals}{new}'; write it as old=new")
    return {old.strip(): new.strip() for old, _, new in pairs}


def _state_licence(method: str) -> None:
    """Say under which licence another tool's weights come."""
    from napari_c3r.core.segment import WEIGHTS_LICENCE

    if method in WEIGHTS_LICENCE:
        _say(f"  Note: {WEIGHTS_LICENCE[method]}")


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
