"""The options that every command with images has, and what was typed as the four option types.

An option of `ReadOptions`, `SegmentOptions`, `CropSpec` and `RunOptions` is an option of the shell,
with the help that its field declares. Only what is no setting of these is written out here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from napari_c3r.core.crops import CropSpec
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import ReadOptions
from napari_c3r.core.options import OptionInfo, described
from napari_c3r.core.segment import SegmentOptions, method_names

if TYPE_CHECKING:
    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.embed import EmbedDriver, FieldTask, Store
    from napari_c3r.core.images import ImageFiles

Paths = Annotated[list[Path], typer.Argument(help="Image files, or a folder of them.")]
Seed = Annotated[int, typer.Option(help="Of the map and the clusters.")]

_TYPES = (ReadOptions, SegmentOptions, CropSpec, RunOptions)
# How typer is to read a field, by its annotation; all others are texts, parsed below.
_NUMBERS: dict[str, Any] = {"int": int, "int | None": int | None, "float | None": float | None}


@dataclass(frozen=True, kw_only=True)
class FieldOptions:
    """How images become vectors, as it was typed.

    Attributes
    ----------
    context, concept
        Channels of the two groups; with neither, roles are suggested from the names.
    labels, labels_channel
        A label image to use instead of segmenting.
    number_cells
        Give every connected piece of that label image a number of its own.
    encoder
        ``"bundled"`` or a model folder.
    reading, segmenting, crop, run
        The settings.
    """

    context: str = ""
    concept: str = ""
    labels: Path | None = None
    labels_channel: str = ""
    number_cells: bool = False
    encoder: str = "bundled"
    reading: ReadOptions = field(default_factory=ReadOptions)
    segmenting: SegmentOptions = field(default_factory=SegmentOptions)
    crop: CropSpec = field(default_factory=CropSpec)
    run: RunOptions = field(default_factory=RunOptions)

    @classmethod
    def typed(cls, given: Mapping[str, Any]) -> FieldOptions:
        """Turn the words of a command into settings, once.

        Parameters
        ----------
        given
            Value by name, for every parameter of `field_parameters`.

        Raises
        ------
        InputError
            A value that a setting cannot have.
        """
        reading, segmenting, crop, run = (_typed(kind, given) for kind in _TYPES)
        others = {name: given[name] for name in _OTHERS}
        return cls(reading=reading, segmenting=segmenting, crop=crop, run=run, **others)

    @property
    def roles(self) -> ChannelAssignment | None:
        """Roles of the channels named, None where none is."""
        from napari_c3r.core.channels import ChannelAssignment, Role

        roles = dict.fromkeys(parse_list(self.context), Role.CONTEXT)
        for name in parse_list(self.concept):
            roles[name] = Role.BOTH if name in roles else Role.CONCEPT
        return ChannelAssignment(roles) if roles else None

    def tasks(self, paths: list[Path]) -> list[FieldTask]:
        """List the images; one label image cannot be that of several.

        What may have been misread of them is said, before any work.
        """
        from napari_c3r.cli.speaking import say
        from napari_c3r.core.embed import FieldTask
        from napari_c3r.core.images import FieldSource, LabelSource, find_images
        from napari_c3r.core.images.scanning import doubts_of

        texts = [str(path) for path in paths]
        found = find_images(texts, pattern=self.reading.pattern or None)
        if self.labels is not None and len(found) > 1:
            raise InputError(
                f"--labels gives one label image for {len(found)} images; give one image at a time"
            )
        for doubt in (*doubts_of(found), *self._time_note(found)):
            say(f"  Note: {doubt}")
        labels = None
        if self.labels is not None:
            channel = self.labels_channel or None
            labels = LabelSource(str(self.labels), channel, self.number_cells)
        elif self.number_cells:
            raise InputError("--number-cells numbers the pieces of a label image; give --labels")
        return [FieldTask.of(FieldSource(f, self.reading, all_named=True), labels) for f in found]

    def _time_note(self, found: Sequence[ImageFiles]) -> Iterator[str]:
        """That of several time points in file names one is read."""
        counts = ((files.name, len({file.t for file in files.files})) for files in found)
        name, count = next((each for each in counts if each[1] > 1), ("", 0))
        if count:
            yield (
                f"'{name}' has {count} time points by its file names; number {self.reading.t} is "
                "read, from 0. Another is read with --t."
            )

    def driver(self, paths: list[Path], store: Store | None = None) -> EmbedDriver:
        """What embeds the images; it says under which licence another tool's weights come."""
        from napari_c3r.core.embed import EmbedDriver, MemoryStore
        from napari_c3r.core.encoder import load_encoder

        tasks = self.tasks(paths)
        self._state_licence()
        return EmbedDriver(
            tasks,
            self.roles,
            load_encoder(self.encoder),
            self.run,
            self.segmenting,
            self.crop,
            store or MemoryStore(),
            keep_inputs=False,
        )

    def _state_licence(self) -> None:
        from napari_c3r.cli.speaking import say
        from napari_c3r.core.segment import find_method

        method = self.segmenting.method
        if method in method_names() and find_method(method).licence:
            say(f"  Note: {find_method(method).licence}")


_OTHERS: dict[str, Any] = {
    "context": Annotated[str, typer.Option(help="Context channels, by name: DNA,ER")],
    "concept": Annotated[str, typer.Option(help="Concept channels, by name: RNA,AGP,Mito")],
    "labels": Annotated[
        Path | None, typer.Option(help="Label image of the cells, instead of segmenting.")
    ],
    "labels_channel": Annotated[
        str, typer.Option(help="Which label image, where the file holds several.")
    ],
    "number_cells": Annotated[
        bool,
        typer.Option(
            "--number-cells",
            help="Number each connected piece of the label image as a cell, as a mask needs.",
        ),
    ],
    "encoder": Annotated[str, typer.Option(help="'bundled', or a model folder.")],
}


def with_field_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command have options of its own for all that `FieldOptions` holds.

    typer reads a command's options from its signature and knows no groups of them. This puts the
    group in the place of the parameter `options`.

    Parameters
    ----------
    command
        With a keyword parameter `options`, a `FieldOptions`.
    """
    group = field_parameters()
    hints = get_type_hints(command, include_extras=True)

    def run(**given: Any) -> None:
        typed = {parameter.name: given.pop(parameter.name) for parameter in group}
        command(**given, options=FieldOptions.typed(typed))

    def expand(parameter: Parameter) -> list[Parameter]:
        if parameter.name == "options":
            return group
        return [parameter.replace(annotation=hints[parameter.name])]

    expanded = [e for p in signature(command).parameters.values() for e in expand(p)]
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {each.name: each.annotation for each in expanded}
    run.__signature__ = Signature(  # type: ignore[attr-defined]
        [each.replace(kind=Parameter.KEYWORD_ONLY) for each in expanded]
    )
    return run


def field_parameters() -> list[Parameter]:
    """The options of the shell for all that `FieldOptions` holds, as parameters of a command."""
    usual = FieldOptions()
    others = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=getattr(usual, name), annotation=told)
        for name, told in _OTHERS.items()
    ]
    return others + [
        _parameter(each, info)
        for kind in _TYPES
        for each, info in ((_field(kind, name), info) for name, info in described(kind))
    ]


def option_of(kind: type, name: str) -> Any:
    """One setting as the annotation of a command's parameter."""
    return _parameter(_field(kind, name), dict(described(kind))[name]).annotation


def _field(kind: Any, name: str) -> dataclasses.Field[Any]:
    return next(each for each in dataclasses.fields(kind) if each.name == name)


def _parameter(each: dataclasses.Field[Any], info: OptionInfo) -> Parameter:
    default = each.default
    if each.type not in _NUMBERS:
        # An empty text stands for the default that is no text.
        default = default if isinstance(default, str) else ""
    if each.name == "method":
        info = dataclasses.replace(info, choices=method_names())
    return Parameter(
        info.shell or each.name,
        Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[_NUMBERS.get(str(each.type), str), typer.Option(help=info.words)],
    )


def _typed(kind: Any, given: Mapping[str, Any]) -> Any:
    """An option type of what was typed; settings left empty are at their defaults."""
    values = {}
    for name, info in described(kind):
        value = given[info.shell or name]
        if value not in ("", None):
            values[name] = _parsed(str(_field(kind, name).type), value)
    return kind(**values)


def _parsed(annotation: str, value: Any) -> Any:
    if annotation.startswith("Mapping"):
        return _parse_names(value)
    if "int" in annotation and isinstance(value, str):
        return int(value) if value.lstrip("-").isdigit() else value
    return value


def parse_list(text: str) -> tuple[str, ...]:
    """Split what was typed at its commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _parse_names(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in parse_list(text)]
    for old, equals, new in pairs:
        if not (old.strip() and equals and new.strip()):
            raise InputError(f"--names has the part '{old}{equals}{new}'; write it as old=new")
    return {old.strip(): new.strip() for old, _, new in pairs}
