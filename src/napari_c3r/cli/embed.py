"""The commands ``embed`` and ``plate``: fields to vectors, in one table or in a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_c3r.cli.options import FieldOptions, LeaveOut, Paths, Seed
from napari_c3r.cli.plates import engine_of, summary, tell_plate
from napari_c3r.cli.speaking import Say, follow_fields, follow_plate, say
from napari_c3r.core.atomic import require_space, require_writable
from napari_c3r.core.errors import InputError, NoCellsError
from napari_c3r.core.table import table_formats

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.embed import EmbedDriver, FieldsProgress
    from napari_c3r.core.embed.plates import PlateRun
    from napari_c3r.core.metadata import PlateMap

    Embedded = EmbedDriver | PlateRun

Metadata = Annotated[
    Path | None,
    typer.Option(help="Plate map to add: CSV, TSV or Excel, a list or a grid of wells."),
]


def _suffixes() -> str:
    """The suffixes of tables, as text."""
    *others, last = _known_suffixes()
    return f"{', '.join(others)} or {last}"


def _known_suffixes() -> list[str]:
    return [each.suffix for each in table_formats()]


def embed(
    paths: Paths,
    out: Annotated[Path, typer.Option(help=f"Table to write: {_suffixes()}.")],
    *,
    options: FieldOptions,
    map_: Annotated[bool, typer.Option("--map", help="Add a UMAP and clusters.")] = False,
    seed: Seed = 0,
    metadata: Metadata = None,
    leave_out_flagged: LeaveOut = False,
) -> None:
    """Embed the cells of images and write one table; 1 if an image or the map is left out."""
    from napari_c3r.core.table import write

    _require_table(out)
    if seed and not map_:
        say("  Note: --seed does nothing without --map")
    require_plate_map(metadata)
    driver = options.driver(paths)
    plate_map = fitted_plate_map(metadata, driver)
    require_space(out.parent, driver.expected_bytes)
    result = run(driver)
    describe(result, plate_map)
    if leave_out_flagged and not map_:
        say("  Note: --leave-out-flagged does nothing without --map")
    no_map = ""
    if map_:
        result, no_map = map_of(result, seed, leave_out_flagged)
    write(result, out)
    say(f"Wrote {len(result)} cells × {result.n_vars} numbers to {out}{_left_out(driver)}")
    require_map(out, no_map)
    exit_by(driver)


def plate(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="Folder of many fields, OME-Zarr plate, or a manifest: a table (CSV, TSV or "
            "Parquet) with a row for each field.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write to; continued if it is there.")],
    *,
    options: FieldOptions,
    metadata: Metadata = None,
    workers: Annotated[
        int, typer.Option(help="Processes on this machine, each with an encoder of its own.")
    ] = 1,
    scheduler: Annotated[
        str, typer.Option(help="Address of a Dask scheduler whose workers do it, tcp://HOST:8786.")
    ] = "",
    format_: Annotated[
        str, typer.Option("--format", help="Of the joined table: parquet, csv or h5ad.")
    ] = "parquet",
) -> None:
    """Embed many fields, each kept as soon as it is done; run again to go on.

    1 if a field could not be embedded.
    """
    from napari_c3r.core.embed import FolderStore
    from napari_c3r.core.embed.plates import PlateRun
    from napari_c3r.core.table.converting import convert

    engine = engine_of(workers, scheduler)
    table = out / f"cells.{format_.lower().lstrip('.')}"
    if table.suffix not in _known_suffixes():
        raise InputError(f"--format is '{format_}'; give {_suffixes().replace('.', '')}")
    require_plate_map(metadata)
    store = FolderStore(out)
    # Workers may have another folder at hand.
    driver = options.driver([folder.absolute()], store)
    plate_map = fitted_plate_map(metadata, driver)
    encoder = options.encoder
    encoder = str(Path(encoder).absolute()) if Path(encoder).is_dir() else encoder
    plates = PlateRun(driver, store, encoder, engine, lambda cells: describe(cells, plate_map))
    follow_plate(plates.steps(), tell_plate())
    convert(store.joined, table)
    for line in summary(plates):
        say(line)
    say(f"Wrote {table}{_made_again(plates)}{_left_out(plates)}")
    exit_by(plates)


def require_plate_map(path: Path | None) -> None:
    """Refuse a plate map that cannot be read before anything is looked at."""
    if path is not None:
        from napari_c3r.core.metadata import read_metadata

        read_metadata(path)


def fitted_plate_map(path: Path | None, driver: EmbedDriver) -> PlateMap | None:
    """A plate map as it fits the fields, said before hours are spent on them.

    Raises
    ------
    InputError
        It fits none.
    """
    if path is None:
        return None
    from napari_c3r.core.metadata import PlateMap

    plate_map = PlateMap.read(path, [task.located for task in driver.tasks])
    say(f"Plate map: {plate_map.words}")
    for doubt in filter(None, (plate_map.lacking, plate_map.unused)):
        say(f"  Note: {doubt}")
    return plate_map


def run(driver: EmbedDriver) -> AnnData:
    """Embed, saying which roles are used and what was noticed.

    Raises
    ------
    InputError
        No image could be embedded.
    """
    from napari_c3r.core.table import KEY

    told: set[str] = set()

    def once(lines: Sequence[str], above: Say) -> None:
        # The frames of a movie and the fields of a plate have most in common.
        if (text := "\n".join(lines)) not in told:
            told.add(text)
            for line in lines:
                above(line)

    def tell(step: FieldsProgress, above: Say) -> None:
        job = driver.job(step.name)
        if job is not None:
            reasons = job.assignment.reasons
            roles = [
                f"  {name}: {role}{f' ({reasons[name]})' if reasons.get(name) else ''}"
                for name, role in job.assignment.roles.items()
            ]
            once(roles, above)
            if doubt := job.assignment.doubt:
                once([f"  Note: {doubt}; say it with --context and --concept"], above)
        if step.problem and step.total > 1:
            above(f"  '{step.name}' is left out: {step.problem}")
        elif step.settled and not step.problem:
            for note in driver.store.table(step.name).uns[KEY]["notes"]:
                once([f"  Note: {note}"], above)

    follow_fields(driver.steps(), tell)
    empty = [e for e in driver.errors.values() if isinstance(e, NoCellsError)]
    if len(empty) == len(driver.tasks):
        name, reason = next(iter(driver.failed.items()))
        raise NoCellsError(
            f"None of the {len(driver.tasks)} images holds a cell; '{name}' is left out: {reason}"
        )
    return driver.result()


def describe(cells: AnnData, plate_map: PlateMap | None) -> None:
    """Say of all cells what was done to their wells and how good they are, in table and words."""
    from napari_c3r.core.cells.quality import FLAGS, flag_cells, flagged_rows
    from napari_c3r.core.metadata import match_of

    if plate_map is not None:
        match = match_of(plate_map.add_to(cells))
        say(match.in_words("cells") if match else "")
    flag_cells(cells)
    counts = {name.replace("_", " "): int(cells.obs[f"qc_{name}"].sum()) for name in FLAGS}
    parts = [f"{count} {name}" for name, count in counts.items() if count]
    total = int(flagged_rows(cells.obs).sum())
    if total:
        say(f"Flagged {total} of {len(cells)} cells: {', '.join(parts)}; all are kept")


def map_of(result: AnnData, seed: int, leave_out_flagged: bool) -> tuple[AnnData, str]:
    """The result with its map, and why there is none; flagged cells may be left out of it."""
    from napari_c3r.core.cells.filters import CellFilter, keep_with_hidden, shown_part

    hidden = CellFilter(flagged=leave_out_flagged).hidden(result.obs)
    if not hidden.any():
        return result, try_map(result, seed)
    shown = shown_part(result, hidden)
    problem = try_map(shown, seed)
    return result if problem else keep_with_hidden(result, shown), problem


def try_map(result: AnnData, seed: int) -> str:
    """Lay out the cells and cluster them; why it failed, or nothing.

    What took longer is to be kept all the same.
    """
    from napari_c3r.core.reduce import cluster, map_cells
    from napari_c3r.core.reduce.sample import map_notes

    say("Making the map …")
    try:
        cluster(map_cells(result, seed=seed), seed=seed)
    except Exception as error:
        said = " ".join(str(error).split())
        return said if isinstance(error, InputError) else f"{type(error).__name__}: {said}"
    for note in map_notes(result.uns, len(result)):
        say(note)
    return ""


def require_map(table: Path, problem: str) -> None:
    """End with 1 and a line if a table had to be written without its map."""
    if problem:
        say(f"napari-c3r: {table} is without a map, which could not be made: {problem}")
        raise typer.Exit(1)


def _made_again(driver: Embedded) -> str:
    """How many fields of an earlier run were made again, and why."""
    reasons = Counter(why for name, why in driver.again.items() if name not in driver.errors)
    parts = [f"{count} made again: {why}" for why, count in reasons.most_common()]
    return "".join(f"; {part}" for part in parts)


def _left_out(driver: Embedded) -> str:
    total, failed = len(driver.tasks), len(_failures(driver))
    empty = len(driver.errors) - failed
    # A well where all cells died is no mistake.
    told = f"; {empty} of {total} images hold no cell" if empty else ""
    return told + (f"; {failed} of {total} images could not be embedded" if failed else "")


def _failures(driver: Embedded) -> list[InputError]:
    """Why images that may well hold cells could not be embedded."""
    return [error for error in driver.errors.values() if not isinstance(error, NoCellsError)]


def exit_by(driver: Embedded) -> None:
    """Exit with 1 if images that may well hold cells could not be embedded."""
    if _failures(driver):
        raise typer.Exit(1)


def _require_table(out: Path) -> None:
    """Refuse a table that could not be written before hours are spent on it."""
    if out.suffix.lower() not in _known_suffixes():
        raise InputError(f"--out is '{out}'; give a name that ends in {_suffixes()}")
    if not out.parent.is_dir():
        raise InputError(f"--out is in the folder '{out.parent}', which does not exist; create it")
    require_writable(out)
