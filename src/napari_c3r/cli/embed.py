"""The commands ``embed`` and ``plate``: fields to vectors, in one table or in a folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_c3r.cli.options import FieldOptions, Paths, Seed
from napari_c3r.cli.speaking import Say, follow_fields, say
from napari_c3r.core.atomic import require_space, require_writable
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
    """Embed the cells of images and write one table; 1 if an image or the map is left out."""
    from napari_c3r.core.table import write

    _require_table(out)
    if seed and not map_:
        say("  Note: --seed does nothing without --map")
    driver = options.driver(paths)
    require_space(out.parent, driver.expected_bytes)
    result = run(driver)
    no_map = try_map(result, seed) if map_ else ""
    write(result, out)
    say(f"Wrote {len(result)} cells × {result.n_vars} numbers to {out}{_left_out(driver)}")
    require_map(out, no_map)
    exit_by(driver)


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
            again = f" again: {step.again}" if step.again and not step.problem else ""
            above(f"{step.number}/{step.total} {step.name}: {step.problem or step.stage}{again}")

    follow_fields(driver.steps(), tell)
    say(f"Wrote {out / 'cells.parquet'}{_made_again(driver)}{_left_out(driver)}")
    exit_by(driver)


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


def try_map(result: AnnData, seed: int) -> str:
    """Lay out the cells and cluster them; why it failed, or nothing.

    What took longer is to be kept all the same.
    """
    from napari_c3r.core.reduce import cluster, map_cells
    from napari_c3r.core.reduce.sample import sample_notes

    say("Making the map …")
    try:
        cluster(map_cells(result, seed=seed), seed=seed)
    except Exception as error:
        said = " ".join(str(error).split())
        return said if isinstance(error, InputError) else f"{type(error).__name__}: {said}"
    for note in sample_notes(result.uns, len(result)):
        say(note)
    return ""


def require_map(table: Path, problem: str) -> None:
    """End with 1 and a line if a table had to be written without its map."""
    if problem:
        say(f"napari-c3r: {table} is without a map, which could not be made: {problem}")
        raise typer.Exit(1)


def _made_again(driver: EmbedDriver) -> str:
    """How many fields of an earlier run were made again, and why."""
    reasons = Counter(why for name, why in driver.again.items() if name not in driver.errors)
    parts = [f"{count} made again: {why}" for why, count in reasons.most_common()]
    return "".join(f"; {part}" for part in parts)


def _left_out(driver: EmbedDriver) -> str:
    total, failed = len(driver.tasks), len(_failures(driver))
    empty = len(driver.errors) - failed
    # A well where all cells died is no mistake.
    told = f"; {empty} of {total} images hold no cell" if empty else ""
    return told + (f"; {failed} of {total} images could not be embedded" if failed else "")


def _failures(driver: EmbedDriver) -> list[InputError]:
    """Why images that may well hold cells could not be embedded."""
    return [error for error in driver.errors.values() if not isinstance(error, NoCellsError)]


def exit_by(driver: EmbedDriver) -> None:
    """Exit with 1 if images that may well hold cells could not be embedded."""
    if _failures(driver):
        raise typer.Exit(1)


def _require_table(out: Path) -> None:
    """Refuse a table that could not be written before hours are spent on it."""
    if out.suffix.lower() not in {each.suffix for each in table_formats()}:
        raise InputError(f"--out is '{out}'; give a name that ends in {_suffixes()}")
    if not out.parent.is_dir():
        raise InputError(f"--out is in the folder '{out.parent}', which does not exist; create it")
    require_writable(out)
