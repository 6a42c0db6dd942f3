"""The command ``diagnose``: whether the roles matter, as a report to read and to send."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_c3r.cli.options import (
    FieldOptions,
    Paths,
    Seed,
    follow,
    parse_list,
    say,
    state_licence,
    with_field_options,
)
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@with_field_options
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
        typer.Option(help="CSV that has it, next to image, label, plate, well or site."),
    ] = None,
    ask: Annotated[
        str, typer.Option(help="Diagnostics by name: swap,parity,… By default all usual ones.")
    ] = "",
    cells: Annotated[int, typer.Option(help="Most cells to compare, a sample of all.")] = 2000,
    seed: Seed = 0,
) -> None:
    """Ask whether the roles of the channels matter, and what else explains the map."""
    from napari_c3r.core.diagnose import DiagnosticContext, FlipJob, FlipRun, diagnostics
    from napari_c3r.core.diagnose.registry import (
        answer,
        default_names,
        needs_single_channels,
        variant_sources,
    )
    from napari_c3r.core.diagnose.report import require_report, write_answers
    from napari_c3r.core.embed.plate import prepare_field, require_possible
    from napari_c3r.core.encoder import load_encoder

    require_report(out)
    names = parse_list(ask) or default_names()
    kinds = tuple(variant_sources(names))
    table = _read_table(label_table)
    settings, found = options.settings(), options.find(paths)
    state_licence(options.method)
    encoder = load_encoder(options.encoder)
    require_possible(settings, encoder)
    run = FlipRun(
        FlipJob(
            tuple(prepare_field(files, settings, encoder) for files in found),
            kinds=kinds,
            label_column=label_column or None,
            label_table=table,
            max_cells=cells,
            single_channels=needs_single_channels(names),
            seed=seed,
        )
    )
    follow(run.steps(), f"Diagnosing {len(found)} image{'s' if len(found) > 1 else ''}")
    say(f"{run.result().headline}.")
    answers = answer(names, DiagnosticContext(run.result(), seed=seed))
    for each in diagnostics(answers.results):
        say(f"  {each.label}: {each.status_of(answers.results[each.name])}")
    for path in write_answers(run, answers, out, seed=seed):
        say(f"Wrote {path}")


def _read_table(path: Path | None) -> pd.DataFrame | None:
    import pandas as pd

    if path is None:
        return None
    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(
            f"Could not read --label-table '{path}' as CSV: {error}; check the file"
        ) from error
