"""What the commands of the shell share: their options, and how they speak."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from napari_c3r.core.embed import EmbedProgress
    from napari_c3r.core.images import ImageFiles
    from napari_c3r.core.plate import FieldSettings

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
Labels = Annotated[
    Path | None, typer.Option(help="Label image of the cells, instead of segmenting.")
]
LabelsChannel = Annotated[
    str, typer.Option(help="Which label image, where the file holds several.")
]
Scene = Annotated[int, typer.Option(help="Scene of a multi-scene file.")]
Swap = Annotated[str, typer.Option(help="Axes the files have the wrong way round: CZ, TC or TZ.")]
Time = Annotated[int, typer.Option(help="Time point.")]


_EMPTY_MEANS_DEFAULT = ("labels_channel", "nucleus", "cell", "concept_mode", "readout")


def field_settings(
    *, names: str, context: str, concept: str, z: str, neighbours: str, **others: Any
) -> FieldSettings:
    """Turn options as they were typed into settings.

    Parameters
    ----------
    names, context, concept, z, neighbours
        As typed.
    **others
        Fields of `FieldSettings`; a text left empty means its default.
    """
    from napari_c3r.core.crops import CropSpec
    from napari_c3r.core.plate import FieldSettings

    for name in _EMPTY_MEANS_DEFAULT:
        if name in others:
            others[name] = others[name] or None
    if others.get("labels") is not None:
        others["labels"] = str(others["labels"])
    if "batch_size" in others:
        others["batch_size"] = _number_or_word(others["batch_size"])
    return FieldSettings(
        names=_parse_names(names),
        context=_parse_list(context),
        concept=_parse_list(concept),
        z=_number_or_word(z),
        crop=CropSpec(neighbours=neighbours or None),  # type: ignore[arg-type]
        **others,
    )


def find(paths: list[Path], pattern: str, labels: Path | None) -> tuple[ImageFiles, ...]:
    """List the images; one label image cannot be that of several."""
    from napari_c3r.core.images import find_images

    found = find_images([str(path) for path in paths], pattern=pattern or None)
    if labels is not None and len(found) > 1:
        raise InputError(
            f"--labels gives one label image for {len(found)} images; give one image at a time"
        )
    return found


def follow(steps: Iterable[EmbedProgress], title: str) -> None:
    """Run through steps with a progress bar, which stands on the error stream."""
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:3], TextColumn("{task.fields[speed]}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None, speed="")
        for step in steps:
            speed = f"{step.cells_per_second:.0f} cells/s" if step.cells_per_second else ""
            bar.update(task, completed=step.done, total=step.total, speed=speed)


def state_licence(method: str) -> None:
    """Say under which licence another tool's weights come."""
    from napari_c3r.core.segment import WEIGHTS_LICENCE

    if method in WEIGHTS_LICENCE:
        say(f"  Note: {WEIGHTS_LICENCE[method]}")


def say(text: str) -> None:
    """Print a line on the error stream."""
    typer.echo(text, err=True)


def _parse_list(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _number_or_word(text: str) -> str | int:
    return int(text) if text.lstrip("-").isdigit() else text


def _parse_names(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in _parse_list(text)]
    for old, equals, new in pairs:
        if not (old.strip() and equals and new.strip()):
            raise InputError(f"--names has the part '{old}{equals}{new}'; write it as old=new")
    return {old.strip(): new.strip() for old, _, new in pairs}
