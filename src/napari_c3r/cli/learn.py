"""The command ``learn``: names for all cells of a table from those that have one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_c3r.cli.setting import Setting
from napari_c3r.cli.speaking import say
from napari_c3r.core.atomic import require_writable
from napari_c3r.core.learn.options import LearnOptions


def learn(
    table: Annotated[Path, typer.Argument(help="Cells: .csv, .parquet or .h5ad.")],
    out: Annotated[Path, typer.Option(help="Table to write: .csv, .parquet or .h5ad.")],
    names: Annotated[
        str,
        typer.Option(
            help="Column of names, missing where a cell has none; or columns of true and false, "
            "such as gates, separated by commas."
        ),
    ] = "annotation",
    prior: Annotated[str, Setting.of(LearnOptions, "prior")] = "examples",
    unit: Annotated[str, Setting.of(LearnOptions, "unit")] = "auto",
    c: Annotated[float | None, Setting.of(LearnOptions, "c")] = None,
    seed: Annotated[int, Setting.of(LearnOptions, "seed")] = 0,
) -> None:
    """Suggest a name for every cell, learned from those that have one."""
    from napari_c3r.core.learn import learn as learn_names
    from napari_c3r.core.learn.columns import add_suggestion
    from napari_c3r.core.learn.words import detail_lines, sentence
    from napari_c3r.core.spelling import split_names
    from napari_c3r.core.table import read, write

    options = LearnOptions(prior=prior, unit=unit, c=c, seed=seed)
    require_writable(out)
    cells = read(table)
    columns = split_names(names, list(map(str, cells.obs.columns)))
    found = learn_names(cells, columns[0] if len(columns) == 1 else columns, options)
    waiting = int(len(cells) - found.examples.counts.sum())
    say(f"{sentence(found, waiting)}")
    for line in detail_lines(found):
        say(f"  {line}")
    write(add_suggestion(cells, found), out)
    say(f"Wrote {out}: {int(found.unlike.sum()):,} of {len(cells):,} cells are unlike any example")
