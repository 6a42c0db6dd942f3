"""The command ``diagnose``: whether the roles matter, as a report to read and to send."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_c3r.cli.embed import exit_by
from napari_c3r.cli.options import FieldOptions, Paths, Seed, parse_list
from napari_c3r.cli.setting import Setting
from napari_c3r.cli.speaking import follow, say
from napari_c3r.core.errors import InputError
from napari_c3r.core.options import OptionInfo

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
    cells: Annotated[int, Setting("int", _CELLS)] = 2000,
    seed: Seed = 0,
) -> None:
    """Ask whether the roles of the channels matter, and what else explains the map.

    1 if an image could not be read.
    """
    from napari_c3r.core.diagnose import DiagnosticContext, FlipJob, FlipRun, diagnostics
    from napari_c3r.core.diagnose.registry import (
        answer,
        default_names,
        needs_single_channels,
        variant_sources,
    )
    from napari_c3r.core.diagnose.report import require_report, write_answers
    from napari_c3r.core.metadata.reading import read_metadata

    require_report(out)
    if label_table is not None and not label_column:
        raise InputError(
            f"--label-table is '{label_table}' and no --label-column says which of its columns to "
            "judge by; give its name"
        )
    names = parse_list(ask) or default_names()
    kinds = tuple(variant_sources(names))
    table = None if label_table is None else read_metadata(label_table)
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
        )
    )
    follow(run.steps(), f"Diagnosing {len(fields)} image{'s' if len(fields) > 1 else ''}")
    for note in run.result().notes:
        say(f"  Note: {note}")
    say(f"{run.result().headline}.")
    answers = answer(names, DiagnosticContext(run.result(), seed=seed))
    for each in diagnostics(answers.results):
        say(f"  {each.label}: {each.status_of(answers.results[each.name])}")
    for path in write_answers(run, answers, out, seed=seed):
        say(f"Wrote {path}")
    exit_by(driver)
