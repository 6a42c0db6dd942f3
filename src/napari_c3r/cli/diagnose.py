"""The command ``diagnose``: whether the roles matter, as a report to read and to send."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_c3r.cli.embed import exit_by
from napari_c3r.cli.options import FieldOptions, Paths, Seed, parse_list
from napari_c3r.cli.setting import Setting
from napari_c3r.cli.speaking import follow, say
from napari_c3r.core.errors import InputError
from napari_c3r.core.options import OptionInfo

if TYPE_CHECKING:
    from napari_c3r.core.diagnose import FlipReport
    from napari_c3r.core.diagnose.registry import DiagnosticAnswers

_CELLS = OptionInfo("Cells", "Most cells to compare, a sample of all", minimum=1, maximum=10**7)


def diagnose(
    paths: Paths,
    out: Annotated[Path, typer.Option(help="Report to write: a name that ends in .html.")],
    *,
    options: FieldOptions,
    label_column: Annotated[
        str, typer.Option(help="Column of labels to judge by, such as well or treatment.")
    ] = "",
    label_table: Annotated[
        Path | None,
        typer.Option(
            help="Table that has it, next to image, label, plate, well or site: CSV with any "
            "separator, packed or not, or Excel."
        ),
    ] = None,
    ask: Annotated[
        str, typer.Option(help="Diagnostics by name: swap,parity,… By default all usual ones.")
    ] = "",
    second_encoder: Annotated[
        str,
        typer.Option(
            help="Model folder, or bundled, to embed the same cells with as well: which neighbours "
            "both see, and which tells the labels better."
        ),
    ] = "",
    cells: Annotated[int, Setting("int", _CELLS)] = 2000,
    seed: Seed = 0,
) -> None:
    """Ask whether the roles of the channels matter, and what else explains the map.

    1 if an image could not be read.
    """
    from napari_c3r.core.diagnose import DiagnosticContext, FlipJob, FlipRun
    from napari_c3r.core.diagnose.registry import (
        answer,
        default_names,
        needs_single_channels,
        second_encoder_names,
        variant_sources,
    )
    from napari_c3r.core.diagnose.report import require_report, write_answers
    from napari_c3r.core.encoder import load_encoder
    from napari_c3r.core.metadata.reading import read_metadata

    require_report(out)
    if label_table is not None and not label_column:
        raise InputError(
            f"--label-table is '{label_table}' and no --label-column says which of its columns to "
            "judge by; give its name"
        )
    asked = parse_list(ask) or default_names()
    names = _with_second(asked, bool(second_encoder), second_encoder_names())
    kinds = tuple(variant_sources(names))
    table = None if label_table is None else read_metadata(label_table)
    second = load_encoder(second_encoder) if second_encoder else None
    driver = options.driver(paths)
    driver.require_possible()
    fields = driver.prepare_all()
    for name, problem in driver.failed.items():
        say(f"  '{name}' is left out: {problem}")
    if fields[0].assignment.doubt:
        say(f"  Note: {fields[0].assignment.doubt}; say it with --context and --concept")
    run = FlipRun(
        FlipJob(
            fields,
            kinds=kinds,
            label_column=label_column or None,
            label_table=table,
            max_cells=cells,
            single_channels=needs_single_channels(names),
            seed=seed,
            second=second,
        )
    )
    follow(run.steps(), f"Diagnosing {len(fields)} image{'s' if len(fields) > 1 else ''}")
    answers = answer(names, DiagnosticContext(run.result(), seed=seed))
    _tell(run.result(), answers)
    for path in write_answers(run, answers, out, seed=seed):
        say(f"Wrote {path}")
    exit_by(driver)


def _tell(report: FlipReport, answers: DiagnosticAnswers) -> None:
    """Say what was found: the headline, then a line for each diagnostic."""
    from napari_c3r.core.diagnose import diagnostics

    for note in report.notes:
        say(f"  Note: {note}")
    if report.headline:
        say(f"{report.headline}.")
    for each in diagnostics(answers.results):
        say(f"  {each.label}: {each.status_of(answers.results[each.name])}".replace("\n", "; "))


def _with_second(
    names: tuple[str, ...], is_given: bool, of_second: tuple[str, ...]
) -> tuple[str, ...]:
    """The diagnostics to run: those of a second encoder when, and only when, there is one."""
    lacking = [name for name in names if name in of_second]
    if lacking and not is_given:
        raise InputError(
            f"--ask names {lacking[0]} and there is no second encoder; give --second-encoder FOLDER"
        )
    return tuple(dict.fromkeys((*names, *of_second))) if is_given else names
