"""What the commands of the shell share: their options, and how they speak."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from napari_c3r.core.embed.job import EmbedProgress
    from napari_c3r.core.embed.plate import FieldSettings
    from napari_c3r.core.images import ImageFiles

Paths = Annotated[list[Path], typer.Argument(help="Image files, or a folder of them.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
Seed = Annotated[int, typer.Option(help="Of the map and the clusters.")]


@dataclass(frozen=True, kw_only=True)
class FieldOptions:
    """How images become vectors: the options that every command with images has.

    Attributes are options of the shell, with their help; texts are as they were typed.
    """

    names: Annotated[
        str, typer.Option(help="Rename channels before anything else: ch2=ER,ch5=DNA,…")
    ] = ""
    context: Annotated[str, typer.Option(help="Context channels, by name: DNA,ER")] = ""
    concept: Annotated[str, typer.Option(help="Concept channels, by name: RNA,AGP,Mito")] = ""
    labels: Annotated[
        Path | None, typer.Option(help="Label image of the cells, instead of segmenting.")
    ] = None
    labels_channel: Annotated[
        str, typer.Option(help="Which label image, where the file holds several.")
    ] = ""
    nucleus: Annotated[str, typer.Option(help="Channel of the nuclei.")] = ""
    cell: Annotated[str, typer.Option(help="Channel that shows how far cells reach.")] = ""
    nucleus_size_um: Annotated[
        float | None,
        typer.Option(help="Nucleus diameter in micrometres; by default found from the image."),
    ] = None
    nucleus_size_px: Annotated[
        float | None, typer.Option(help="The same in pixels, where the pixel size is unknown.")
    ] = None
    method: Annotated[str, typer.Option(help="classical, cellpose, stardist or instanseg.")] = (
        "classical"
    )
    scene: Annotated[int, typer.Option(help="Scene of a multi-scene file.")] = 0
    t: Annotated[int, typer.Option(help="Time point.")] = 0
    z: Annotated[str, typer.Option(help="max, mean, focus, or a slice's number.")] = "max"
    swap: Annotated[
        str, typer.Option(help="Axes the files have the wrong way round: CZ, TC or TZ.")
    ] = ""
    pattern: Annotated[
        str, typer.Option(help="Regular expression for file names, with groups such as channel.")
    ] = ""
    pixel_size_um: Annotated[
        float | None,
        typer.Option(help="Side of a pixel, where the files do not say it, or say it wrongly."),
    ] = None
    encoder: Annotated[str, typer.Option(help="'bundled', or a model folder.")] = "bundled"
    device: Device = "auto"
    precision: Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")] = "auto"
    batch_size: Annotated[str, typer.Option(help="Cells per forward pass, or auto.")] = "auto"
    concept_mode: Annotated[
        str, typer.Option(help="each or joint; by default as the encoder recommends.")
    ] = ""
    readout: Annotated[
        str, typer.Option(help="cls or cls+std; by default as the encoder recommends.")
    ] = ""
    neighbours: Annotated[
        str, typer.Option(help="keep or mask other cells; by default as the encoder recommends.")
    ] = ""

    def settings(self) -> FieldSettings:
        """Read what was typed."""
        from napari_c3r.core.crops.cut import CropSpec
        from napari_c3r.core.embed.plate import FieldSettings
        from napari_c3r.core.encoder.options import RunOptions

        as_typed = asdict(self)
        for name in ("pattern", "encoder", "neighbours", *RunOptions.__dataclass_fields__):
            del as_typed[name]
        for name in ("labels_channel", "nucleus", "cell"):
            as_typed[name] = as_typed[name] or None
        read = {
            "names": _parse_names(self.names),
            "context": parse_list(self.context),
            "concept": parse_list(self.concept),
            "z": _number_or_word(self.z),
            "labels": None if self.labels is None else str(self.labels),
            "crop": CropSpec(neighbours=self.neighbours or None),  # type: ignore[arg-type]
            "options": RunOptions(
                self.device,
                self.precision,
                _number_or_word(self.batch_size),
                self.concept_mode or None,  # type: ignore[arg-type]
                self.readout or None,  # type: ignore[arg-type]
            ),
        }
        return FieldSettings(**as_typed | read)

    def find(self, paths: list[Path]) -> tuple[ImageFiles, ...]:
        """List the images; one label image cannot be that of several."""
        from napari_c3r.core.images import find_images

        found = find_images([str(path) for path in paths], pattern=self.pattern or None)
        if self.labels is not None and len(found) > 1:
            raise InputError(
                f"--labels gives one label image for {len(found)} images; give one image at a time"
            )
        return found


def with_field_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command have the attributes of `FieldOptions` as options of its own.

    typer reads a command's options from its signature and knows no groups of them. This puts the
    group in the place of the parameter `options`.

    Parameters
    ----------
    command
        With a keyword parameter `options`, a `FieldOptions`.
    """
    group = [field.name for field in fields(FieldOptions)]
    hints = get_type_hints(command, include_extras=True)
    taken = get_type_hints(FieldOptions, include_extras=True)

    def run(**given: Any) -> None:
        options = FieldOptions(**{name: given.pop(name) for name in group})
        command(**given, options=options)

    def expand(parameter: Parameter) -> list[Parameter]:
        if parameter.name != "options":
            return [parameter.replace(annotation=hints[parameter.name])]
        return [
            parameter.replace(name=field.name, annotation=taken[field.name], default=field.default)
            for field in fields(FieldOptions)
        ]

    expanded = [e for p in signature(command).parameters.values() for e in expand(p)]
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {each.name: each.annotation for each in expanded}
    run.__signature__ = Signature(  # type: ignore[attr-defined]
        [each.replace(kind=Parameter.KEYWORD_ONLY) for each in expanded]
    )
    return run


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


def parse_list(text: str) -> tuple[str, ...]:
    """Split what was typed at its commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _number_or_word(text: str) -> str | int:
    return int(text) if text.lstrip("-").isdigit() else text


def _parse_names(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in parse_list(text)]
    for old, equals, new in pairs:
        if not (old.strip() and equals and new.strip()):
            raise InputError(f"--names has the part '{old}{equals}{new}'; write it as old=new")
    return {old.strip(): new.strip() for old, _, new in pairs}
