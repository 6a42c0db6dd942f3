"""The options that every command with images has, and what was typed as the four option types.

An option of `ReadOptions`, `SegmentOptions`, `CropSpec` and `RunOptions` is an option of the shell,
with the help that its field declares. Only what is no setting of these is written out here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from napari_c3r.cli.setting import Setting
from napari_c3r.core.crops import CropSpec
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import ReadOptions
from napari_c3r.core.options import described, value_type
from napari_c3r.core.reduce.options import MapOptions
from napari_c3r.core.segment import SegmentOptions, method_names
from napari_c3r.core.spelling import one_name, split_names, split_pairs
from napari_c3r.core.text import shortened

if TYPE_CHECKING:
    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.embed import EmbedDriver, FieldTask, Store
    from napari_c3r.core.images import FieldSource, ImageFiles

Paths = Annotated[list[Path], typer.Argument(help="Image files, or a folder of them.")]

_TYPES = (ReadOptions, SegmentOptions, CropSpec, RunOptions)
# How many of the images are opened to see which channels there are.
_LOOKED_AT = 3


LeaveOut = Annotated[
    bool,
    typer.Option(
        "--leave-out-flagged",
        help="Leave out cells that were flagged for their quality, such as out of focus.",
    ),
]
Seed = Annotated[int, Setting.of(MapOptions, "seed")]


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

    Channels are typed as `split_names` takes them.
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
    def typed(
        cls, given: Mapping[str, Any], known: Callable[[], Collection[str]] = tuple
    ) -> FieldOptions:
        """Turn the words of a command into settings, once.

        Parameters
        ----------
        given
            Value by name, for every parameter of `field_parameters`.
        known
            Gives the names that the files give their channels; called only where it decides what
            was meant.

        Raises
        ------
        InputError
            A value that a setting cannot have, or an option that does nothing beside the others.
        """
        reading, segmenting, crop, run = (_typed(kind, given, known) for kind in _TYPES)
        others = {name: given[name] for name in _OTHERS}
        if given["labels_channel"] and given["labels"] is None:
            raise InputError(
                f"--labels-channel is {shortened(given['labels_channel'])} and there is no "
                "--labels; give the file too, or leave it out"
            )
        return cls(reading=reading, segmenting=segmenting, crop=crop, run=run, **others)

    def roles(self, known: Collection[str] = ()) -> ChannelAssignment | None:
        """Roles of the channels named, None where none is.

        Parameters
        ----------
        known
            The image's channels, where they are known.

        Raises
        ------
        InputError
            A channel that is named twice in one group.
        """
        from napari_c3r.core.channels import ChannelAssignment, Role

        roles: dict[str, Role] = {}
        for option, text, role in (
            ("--context", self.context, Role.CONTEXT),
            ("--concept", self.concept, Role.CONCEPT),
        ):
            names = split_names(text, known)
            for name in names:
                if names.count(name) > 1:
                    raise InputError(f"{option} names {shortened(name)} twice; name it once")
                roles[name] = Role.BOTH if name in roles else role
        return ChannelAssignment(roles) if roles else None

    def notes(self) -> list[str]:
        """Options that were given and do nothing beside the others, in sentences."""
        if self.labels is None:
            return []
        unused = [
            f"--{(info.shell or name).replace('_', '-')}"
            for name, info in described(SegmentOptions)
            if getattr(self.segmenting, name) != getattr(SegmentOptions(), name)
        ]
        return [f"{', '.join(unused)} does nothing beside --labels"] if unused else []

    def tasks(self, paths: list[Path]) -> list[FieldTask]:
        """List the images; one label image cannot be that of several.

        What may have been misread of them is said, before any work.
        """
        from napari_c3r.cli.speaking import say
        from napari_c3r.core.embed import FieldTask
        from napari_c3r.core.images import FieldSource, LabelSource, find_images
        from napari_c3r.core.images.scanning import doubts_of
        from napari_c3r.core.images.times import at_each_time

        texts = [str(path) for path in paths]
        found = find_images(texts, pattern=self.reading.pattern or None, scene=self.reading.scene)
        if self.labels is not None and len(found) > 1:
            raise InputError(
                f"--labels gives one label image for {len(found)} images; give one image at a time"
            )
        for doubt in (*doubts_of(found), *self._time_note(found)):
            say(f"  Note: {doubt}")
        labels = None
        if self.labels is not None:
            channel = self.labels_channel or None
            labels = LabelSource(str(self.labels), channel, self.number_cells, self.reading.scene)
        elif self.number_cells:
            raise InputError("--number-cells numbers the pieces of a label image; give --labels")
        sources = list(at_each_time(FieldSource(f, self.reading, all_named=True) for f in found))
        if labels is None:
            return [FieldTask.of(source) for source in sources]
        times = len(sources) if self.reading.times == "all" else None
        each = [labels.at(source.reading, times) for source in sources]
        if each and (slices := each[0].slices) > 1:
            say(
                f"  Note: the labels have {slices} Z slices; each pixel is of the cell that most "
                "of them have there. A slice of image and labels is chosen with --z"
            )
        return [FieldTask.of(*pair) for pair in zip(sources, each, strict=True)]

    def _time_note(self, found: Sequence[ImageFiles]) -> Iterator[str]:
        """That of several time points, in file names or in the first file, one is read."""
        from napari_c3r.core.images.times import count_times

        if self.reading.times == "all" or not found:
            return
        counts = ((files.name, len({file.t for file in files.files})) for files in found)
        name, count = next((each for each in counts if each[1] > 1), ("", 0))
        where = " by its file names" if count else ""
        if not count:
            try:
                name, count = found[0].name, count_times(found[0], self.reading.swap)
            except (InputError, OSError):
                return  # said when its turn comes
        if count > 1:
            yield (
                f"'{name}' has {count} time points{where}; number {self.reading.t} is read, from "
                "0. Another is read with --t, and each of them with --times all."
            )

    def driver(self, paths: list[Path], store: Store | None = None) -> EmbedDriver:
        """What embeds the images; it says under which licence another tool's weights come."""
        from napari_c3r.cli.speaking import say
        from napari_c3r.core.embed import EmbedDriver, MemoryStore
        from napari_c3r.core.encoder import load_encoder

        tasks = self.tasks(paths)
        known = _channels_of([task.source for task in tasks if task.source is not None])
        segmenting = replace(
            self.segmenting,
            nucleus=_known_name(self.segmenting.nucleus, known),
            cell=_known_name(self.segmenting.cell, known),
        )
        for note in self.notes():
            say(f"  Note: {note}")
        self._state_licence()
        return EmbedDriver(
            tasks,
            self.roles(known),
            load_encoder(self.encoder),
            self.run,
            segmenting,
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
    "context": Annotated[
        str,
        typer.Option(
            help="Context channels, by name: DNA,ER. A name with a comma, an equals sign, a quote "
            'or blanks at its ends goes in double quotes, as in "Alexa 488, 50%", or gets a '
            "backslash before the sign."
        ),
    ],
    "concept": Annotated[
        str, typer.Option(help="Concept channels, by name in the same way: RNA,AGP,Mito")
    ],
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
    group in the place of the parameter `options`, and parses what is a `Setting`.

    Parameters
    ----------
    command
        With or without a keyword parameter `options`, a `FieldOptions`.
    """
    hints = get_type_hints(command, include_extras=True)
    settings = {name: setting for name, hint in hints.items() if (setting := _setting(hint))}
    grouped = "options" in hints
    group = field_parameters() if grouped else []

    def run(**given: Any) -> None:
        for name, setting in settings.items():
            given[name] = setting.parse(name, given[name])
        if grouped:
            typed = {parameter.name: given.pop(parameter.name) for parameter in group}
            paths = given.get("paths") or [given["folder"]]
            given["options"] = FieldOptions.typed(typed, lambda: _named_by_files(paths, typed))
        try:
            command(**given)
        except EOFError as error:
            # typer would take it for someone who typed the end of a file.
            raise RuntimeError(f"a file ends too early: {error}") from error

    def expand(parameter: Parameter) -> list[Parameter]:
        name = parameter.name
        if name == "options":
            return group
        if name in settings:
            return [settings[name].parameter(name, parameter.default)]
        return [parameter.replace(annotation=hints[name])]

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
        Setting.of(type(options), name).parameter(info.shell or name, getattr(options, name))
        for options in (kind() for kind in _TYPES)
        for name, info in described(options)
    ]


def parse_list(text: str) -> tuple[str, ...]:
    """Split what was typed at its commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _setting(hint: Any) -> Setting | None:
    return next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Setting)), None)


def _typed(kind: Any, given: Mapping[str, Any], known: Callable[[], Collection[str]]) -> Any:
    """An option type of what was typed; settings left empty are at their defaults."""
    values = {}
    for name, info in described(kind):
        text = given[info.shell or name]
        if text == "":
            continue
        if "Mapping" in value_type(kind, name):
            values[name] = _pairs(text, known)
        else:
            values[name] = Setting.of(kind, name).parse(info.shell or name, text)
    return kind(**values)


def _pairs(text: str, known: Callable[[], Collection[str]]) -> dict[str, str]:
    try:
        return split_pairs(text)
    except InputError:
        # A name of the files may hold the signs.
        names = known()
        if not names:
            raise
        return split_pairs(text, names)


def _known_name(name: str | None, known: Collection[str]) -> str | None:
    return None if name is None else one_name(name, known)


def _named_by_files(paths: list[Path], given: Mapping[str, Any]) -> tuple[str, ...]:
    """The channels of some images by the names that their files give."""
    from napari_c3r.core.images import FieldSource, find_images

    found = find_images([str(path) for path in paths], pattern=given["pattern"] or None)
    return _channels_of([FieldSource(files) for files in found])


def _channels_of(sources: Sequence[FieldSource]) -> tuple[str, ...]:
    """Channels of the first of some images that can be read; none where there is no such."""
    for source in sources[:_LOOKED_AT]:
        # Looking for the sharpest slice would read all of them.
        reading = replace(source.reading, z="max")
        try:
            return replace(source, reading=reading, all_named=False).read().channel_names
        except InputError:
            # Told when its turn comes.
            continue
    return ()
