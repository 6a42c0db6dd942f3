"""The command ``why``: what sets a cell, or a group of cells, apart from others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_c3r.cli.embed import exit_by
from napari_c3r.cli.options import FieldOptions, Paths, Seed
from napari_c3r.cli.setting import Setting
from napari_c3r.cli.speaking import follow, say
from napari_c3r.core.atomic import require_writable
from napari_c3r.core.errors import InputError
from napari_c3r.core.explain.options import Fill, Maps, WhyOptions
from napari_c3r.core.text import shortened


def why(
    table: Annotated[Path, typer.Argument(help="Cells, as embed wrote them.")],
    paths: Paths,
    out: Annotated[
        Path,
        typer.Option(help="Figure to write: .svg, .pdf or .png; beside it its numbers as CSV."),
    ],
    *,
    options: FieldOptions,
    row: Annotated[str, typer.Option(help="The cell that is asked, by its row: IMAGE:LABEL.")] = "",
    group: Annotated[
        str,
        typer.Option(help="Or a group that is asked: COLUMN=VALUE, such as cluster=3."),
    ] = "",
    against: Annotated[
        str,
        typer.Option(help="Cells to compare with, such as compound=DMSO; by default all others."),
    ] = "",
    partners: Annotated[int, Setting.of(WhyOptions, "partners")] = 4,
    others: Annotated[int, Setting.of(WhyOptions, "others")] = 8,
    cells: Annotated[int, Setting.of(WhyOptions, "cells")] = 12,
    places: Annotated[int, Setting.of(WhyOptions, "places")] = 5,
    overlap: Annotated[int, Setting.of(WhyOptions, "overlap")] = 2,
    fill: Annotated[Fill, Setting.of(WhyOptions, "fill")] = "blur",
    draws: Annotated[int, Setting.of(WhyOptions, "draws")] = 24,
    maps: Annotated[Maps, Setting.of(WhyOptions, "maps")] = "named",
    seed: Seed = 0,
) -> None:
    """Ask which channel and which place set a cell, or a group, apart from others.

    1 if an image could not be read. The images are read, and their cells found, as embed did: give
    the same options.
    """
    from napari_c3r.core.explain import Field, GroupJob, GroupRun, WhyJob, WhyRun
    from napari_c3r.core.explain.answer import answer_figure
    from napari_c3r.core.explain.contrast import cell_set, rest_of
    from napari_c3r.core.figures.drawing_files import SUFFIXES, save_drawing
    from napari_c3r.core.table import read

    if out.suffix.lower() not in SUFFIXES:
        raise InputError(f"--out is '{out}'; give a name that ends in {', '.join(SUFFIXES)}")
    require_writable(out)
    if bool(row) == bool(group):
        raise InputError("Give either --row IMAGE:LABEL or --group COLUMN=VALUE")
    asked = WhyOptions(partners, others, cells, places, overlap, fill, draws, maps, seed)
    known = read(table)
    if row and row not in known.obs_names:
        raise InputError(
            f"--row is {shortened(row)}; rows of {table.name} are called as "
            f"'{known.obs_names[0]}' is"
        )
    compared = cell_set(known, _chosen(against, "--against")) if against else None
    some = cell_set(known, _chosen(group, "--group")) if group else None
    driver = options.driver(paths)
    jobs = driver.prepare_all()
    for name, problem in driver.failed.items():
        say(f"  '{name}' is left out: {problem}")
    fields = {job.image.name: Field(job.image, job.labels, job.nuclei) for job in jobs}
    how = (fields, driver.encoder, asked, options.run)
    run: WhyRun | GroupRun
    if some is None:
        place = int(known.obs_names.get_loc(row))
        run = WhyRun(WhyJob(known, place, *how, compared=compared))
    else:
        run = GroupRun(GroupJob(known, some, compared or rest_of(some), *how))
    follow(run.steps(), "Asking why")
    found = run.result()
    for note in found.notes:
        say(f"  Note: {note}")
    say(f"{found.sentence}.")
    for path in save_drawing(answer_figure(found), out):
        say(f"Wrote {path}")
    exit_by(driver)


def _chosen(text: str, option: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not equals or not column.strip() or not value.strip():
        raise InputError(f"{option} is {shortened(text)}; give COLUMN=VALUE, such as cluster=3")
    return column.strip(), value.strip()
