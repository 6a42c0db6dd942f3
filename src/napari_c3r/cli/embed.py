"""The commands ``embed`` and ``plate``: fields to vectors, in one table or in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_c3r.cli.options import FieldOptions, Paths, Seed
from napari_c3r.cli.speaking import Say, follow_fields, say
from napari_c3r.core.atomic import require_writable
from napari_c3r.core.errors import InputError, NoCellsError
from napari_c3r.core.table import table_formats

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.embed import EmbedDriver, FieldsProgress


def _suffixes() -> str:
    """The suffixes of tables, as text."""
    *others, last = [each.suffix for each in table_formats()]
    return f"{', '.join(others)} or {last}"


def embed(
    paths: Paths,
    out: Annotated[Path, typer.Option(help=f"Table to write: {_suffixes()}.")],
    *,
    options: FieldOptions,
    map_: Annotated[bool, typer.Option("--map", help="Add a UMAP and clusters.")] = False,
    seed: Seed = 0,
) -> None:
    """Embed the cells of images and write one table; 1 if an image could not be embedded."""
    from napari_c3r.core.table import write

    _require_table(out)
    driver = options.driver(paths)
    result = run(driver)
    if map_:
        add_map(result, seed)
    write(result, out)
    say(f"Wrote {len(result)} cells × {result.n_vars} numbers to {out}{_left_out(driver)}")
    _exit(driver)


def plate(
    folder: Annotated[Path, typer.Argument(help="Folder of many fields.")],
    out: Annotated[Path, typer.Option(help="Folder to write to; continued if it is there.")],
    *,
    options: FieldOptions,
) -> None:
    """Embed many fields, each kept as soon as it is done; run again to go on.

    1 if a field could not be embedded.
    """
    from napari_c3r.core.embed import FolderStore

    driver = options.driver([folder], FolderStore(out))

    def tell(step: FieldsProgress, above: Say) -> None:
        if step.settled:
            above(f"{step.number}/{step.total} {step.name}: {step.problem or step.stage}")

    follow_fields(driver.steps(), tell)
    say(f"Wrote {out / 'cells.parquet'}{_left_out(driver)}")
    _exit(driver)


def run(driver: EmbedDriver) -> AnnData:
    """Embed, saying which roles are used and what was noticed.

    Raises
    ------
    InputError
        No image could be embedded.
    """
    from napari_c3r.core.table import KEY

    told: set[str] = set()

    def tell(step: FieldsProgress, above: Say) -> None:
        job = driver.job(step.name)
        if job is not None and step.name not in told:
            told.add(step.name)
            for name, role in job.assignment.roles.items():
                reason = job.assignment.reasons.get(name)
                above(f"  {name}: {role}{f' ({reason})' if reason else ''}")
            if job.assignment.doubt:
                above(f"  Note: {job.assignment.doubt}; say it with --context and --concept")
        if step.problem and step.total > 1:
            above(f"  '{step.name}' is left out: {step.problem}")
        elif step.settled and not step.problem:
            for note in driver.store.table(step.name).uns[KEY]["notes"]:
                above(f"  Note: {note}")

    follow_fields(driver.steps(), tell)
    empty = [e for e in driver.errors.values() if isinstance(e, NoCellsError)]
    if len(empty) == len(driver.tasks):
        name, reason = next(iter(driver.failed.items()))
        raise NoCellsError(
            f"None of the {len(driver.tasks)} images holds a cell; '{name}' is left out: {reason}"
        )
    return driver.result()


def add_map(result: AnnData, seed: int) -> None:
    """Lay out the cells and cluster them."""
    from napari_c3r.core.reduce import cluster, map_cells

    say("Making the map …")
    cluster(map_cells(result, seed=seed), seed=seed)


def _left_out(driver: EmbedDriver) -> str:
    total, failed = len(driver.tasks), len(_failures(driver))
    empty = len(driver.errors) - failed
    # A well where all cells died is no mistake.
    told = f"; {empty} of {total} images hold no cell" if empty else ""
    return told + (f"; {failed} of {total} images could not be embedded" if failed else "")


def _failures(driver: EmbedDriver) -> list[InputError]:
    """Why images that may well hold cells could not be embedded."""
    return [error for error in driver.errors.values() if not isinstance(error, NoCellsError)]


def _exit(driver: EmbedDriver) -> None:
    if _failures(driver):
        raise typer.Exit(1)


def _require_table(out: Path) -> None:
    """Refuse a table that could not be written before hours are spent on it."""
    if out.suffix.lower() not in {each.suffix for each in table_formats()}:
        raise InputError(f"--out is '{out}'; give a name that ends in {_suffixes()}")
    if not out.parent.is_dir():
        raise InputError(f"--out is in the folder '{out.parent}', which does not exist; create it")
    require_writable(out)
