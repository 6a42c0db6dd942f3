"""The same core from the shell."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from napari_c3r.cli.diagnose import diagnose
from napari_c3r.cli.embed import embed, plate, require_map, run, try_map
from napari_c3r.cli.learn import learn
from napari_c3r.cli.options import Seed, with_field_options
from napari_c3r.cli.profile import profile
from napari_c3r.cli.speaking import print_lines, say
from napari_c3r.cli.unforeseen import unforeseen
from napari_c3r.cli.why import why
from napari_c3r.core.atomic import require_folder
from napari_c3r.core.errors import InputError
from napari_c3r.core.text import shortened

# What a shell gives for a program that Ctrl+C ended.
_INTERRUPTED = 130
# Options that take a value each time they are given.
_REPEATED: Final = ("--classifier",)
# What --set has no say in.
_NOT_SET: Final = ("path", "out", "which", "family", "channels", "classifiers")


def demo(
    out: Annotated[Path, typer.Option(help="Folder to write to; made if it is missing.")],
    kind: Annotated[str, typer.Option(help="cell-painting or hpa.")] = "cell-painting",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    seed: Seed = 0,
) -> None:
    """Simulate a field, embed its cells, and draw image, cells and map."""
    from napari_c3r.core.embed import EmbedDriver, FieldTask
    from napari_c3r.core.encoder import load_encoder
    from napari_c3r.core.encoder.options import RunOptions
    from napari_c3r.core.figures.overview import draw_result
    from napari_c3r.core.simulate import sample_field
    from napari_c3r.core.table import provenance_path, write

    require_folder(out)
    image = sample_field(kind).image
    driver = EmbedDriver([FieldTask(image.name, image)], None, load_encoder(), RunOptions(device))
    result = run(driver)
    _, cells = driver.found[image.name]
    say(f"{image.name}: {len(result)} cells")
    no_map = try_map(result, seed)
    table = write(result, out / "cells.csv")
    require_map(table, no_map)
    picture = draw_result(image, cells, result, out / "cells.png")
    for path in (table, provenance_path(table), picture):
        say(f"Wrote {path}")


def convert(
    checkpoint: Annotated[
        Path,
        typer.Argument(
            help="Checkpoint of an official training, or the name of a package that has one."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Model folder to write.")],
    which: Annotated[str, typer.Option(help="teacher or student.")] = "teacher",
    family: Annotated[
        str, typer.Option(help="Kind of encoder, where the weights do not tell; as recognised.")
    ] = "",
    channels: Annotated[
        str,
        typer.Option(help="Inputs of a network that was trained on certain stains: DNA=0,ER=1"),
    ] = "",
    classifier: Annotated[
        list[Path] | None,
        typer.Option(help="Classifier that goes with the encoder; may be given several times."),
    ] = None,
    values: Annotated[
        str,
        typer.Option(
            "--set",
            help="What no weight tells, by its name in config.json: heads=6,input_size=224",
        ),
    ] = "",
) -> None:
    """Turn an official checkpoint into a model folder, running nothing from it."""
    from napari_c3r.core.encoder import convert_checkpoint
    from napari_c3r.core.encoder.channel_map import parse_channel_map

    named = parse_channel_map(channels) or None
    folder = convert_checkpoint(
        checkpoint,
        out,
        which=which,
        family=family or None,
        channels=named,
        classifiers=classifier or (),
        **_typed_values(values),
    )
    say(f"Wrote the model folder {folder}")


def _typed_values(text: str) -> dict[str, Any]:
    """Read ``name=value,…``: numbers and true or false as such, all else as text."""
    found: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, equals, value = (word.strip() for word in part.partition("="))
        if not equals or not name or name in found or name in _NOT_SET:
            raise InputError(
                f"--set has {shortened(part)}: give NAME=VALUE, each name once and none that has "
                "an option of its own"
            )
        try:
            found[name] = json.loads(value)
        except (ValueError, RecursionError):
            found[name] = value
    return found


def doctor() -> None:
    """Print what is installed and what works, to paste into a report; 1 if something is broken."""
    from napari_c3r.cli.doctor import format_report, run_checks

    findings = run_checks()
    print_lines(format_report(findings).splitlines())
    if any(finding.broken for finding in findings):
        raise typer.Exit(1)


def make_app() -> typer.Typer:
    """Put the commands together, with the options and methods that there are now."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Interactive cell representation: one vector per cell, conditioned on channel roles.",
    )
    for command in (diagnose, embed, plate, profile, learn, why, demo, convert, doctor):
        app.command()(with_field_options(command))
    return app


def _require_one_value_each(words: Sequence[str]) -> None:
    """Refuse an option that is given twice with different values: the first would be lost."""
    given: dict[str, str] = {}
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if not name.startswith("--") or len(name) < 3 or name in _REPEATED:
            continue
        value = value if equals else following
        if given.setdefault(name, value) != value:
            raise InputError(
                f"{name} is given twice, as {shortened(given[name])} and {shortened(value)}; "
                "give it once"
            )


def main(arguments: Iterable[str] | None = None) -> None:
    """Run a command; 0 on success, 1 if fields failed, 2 with one line on bad input.

    What nobody foresaw ends with 2 and one line as well: it asks for a report, and says where
    the traceback is.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        _require_one_value_each(words)
        code = make_app()(words, standalone_mode=False)
    except InputError as error:
        say(f"napari-c3r: {error}")
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        say("napari-c3r: stopped")
        sys.exit(_INTERRUPTED)
    except Exception as error:
        if not hasattr(error, "format_message"):
            say(f"napari-c3r: {unforeseen(error)}")
            sys.exit(2)
        # A usage error of the command line parser; without arguments it printed the help.
        if error.format_message():
            say(f"napari-c3r: {error.format_message()}")
        sys.exit(2)
    if code == _INTERRUPTED:
        # typer takes the key for itself, and says nothing.
        say("napari-c3r: stopped")
    sys.exit(code or 0)
