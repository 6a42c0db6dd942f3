"""The command ``diagnose``: whether the roles matter, as a report to read and to send."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_c3r.cli.options import FieldOptions, Paths, Seed
from napari_c3r.cli.speaking import follow, say
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


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
        typer.Option(help="CSV that has it, beside image, label, plate, well or site."),
    ] = None,
    cells: Annotated[int, typer.Option(help="Most cells to ask, a sample of all.")] = 2000,
    seed: Seed = 0,
) -> None:
    """Ask whether the roles of the channels matter, and what else explains the map."""
    from napari_c3r.core.diagnose import FlipJob, FlipRun
    from napari_c3r.core.diagnose.report import require_report, write_report

    require_report(out)
    table = _read_table(label_table)
    driver = options.driver(paths)
    driver.require_possible()
    fields = tuple(driver.prepare(task) for task in driver.tasks)
    run = FlipRun(
        FlipJob(
            fields,
            label_column=label_column or None,
            label_table=table,
            max_cells=cells,
            parity=True,
            seed=seed,
        )
    )
    follow(run.steps(), f"Diagnosing {len(fields)} image{'s' if len(fields) > 1 else ''}")
    say(f"{run.result().headline}.")
    for path in write_report(run, out, seed=seed):
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
