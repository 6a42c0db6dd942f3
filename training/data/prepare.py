"""Make crop sets to train on: ``python -m training.data.prepare --help``.

    python -m training.data.prepare images PLATE --out crops/plate --context DNA --concept GFP
    python -m training.data.prepare hpa-h5 HPA --out crops/hpa --size-px 224
    python -m training.data.prepare sheet crops/plate --out plate.png

Simulated cells come from ``python -m training.data.simulated``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from napari_c3r.core.crops.spec import CropSpec
    from training.data.metadata import Metadata

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Make crop sets to train on.",
)

Out = Annotated[Path, typer.Option(help="Folder of the crop set; must not be there yet.")]
FieldUm = Annotated[float, typer.Option(help="Side of the field around a cell, in µm.")]
FieldDiameters = Annotated[
    float, typer.Option(help="The same in cell diameters, where the pixel size is unknown.")
]
SizePx = Annotated[int, typer.Option(help="Side of a crop in pixels.")]
Neighbours = Annotated[str, typer.Option(help="keep or mask other cells.")]
PixelSize = Annotated[float, typer.Option(help="Side of a pixel in µm.")]
MetadataFile = Annotated[
    Path | None, typer.Option(help="CSV with plate, well or site and what is known of them.")
]
IdColumn = Annotated[str, typer.Option(help="Its column of treatments or antibodies.")]


@app.command()
def images(
    paths: Annotated[list[Path], typer.Argument(help="Image files, or a folder of them.")],
    out: Out,
    names: Annotated[str, typer.Option(help="Rename channels first: ch2=ER,ch5=DNA,…")] = "",
    context: Annotated[str, typer.Option(help="Context channels, by name: DNA,ER")] = "",
    concept: Annotated[str, typer.Option(help="Concept channels, by name: RNA,AGP")] = "",
    labels: Annotated[
        Path | None, typer.Option(help="Folder of label images; segments without it.")
    ] = None,
    labels_channel: Annotated[
        str, typer.Option(help="Which label image, where files hold several.")
    ] = "",
    nucleus: Annotated[str, typer.Option(help="Channel of the nuclei.")] = "",
    cell: Annotated[str, typer.Option(help="Channel that shows how far cells reach.")] = "",
    nucleus_size_um: Annotated[
        float | None, typer.Option(help="Nucleus diameter; found from the image by default.")
    ] = None,
    method: Annotated[str, typer.Option(help="classical, cellpose, stardist, …")] = "classical",
    pattern: Annotated[str, typer.Option(help="Regular expression for file names.")] = "",
    plate: Annotated[str, typer.Option(help="Name of the plate.")] = "",
    pixel_size_um: Annotated[
        float | None, typer.Option(help="Where files do not say it, or wrongly.")
    ] = None,
    metadata: MetadataFile = None,
    id_column: IdColumn = "",
    cell_line: Annotated[str, typer.Option(help="Of all cells.")] = "",
    source: Annotated[str, typer.Option(help="Where the images are from.")] = "",
    licence: Annotated[str, typer.Option(help="Of the images.")] = "",
    field_um: FieldUm = 64.0,
    field_diameters: FieldDiameters = 2.5,
    size_px: SizePx = 112,
    neighbours: Neighbours = "keep",
) -> None:
    """Images of any format the plugin reads, with labels or segmented."""
    from napari_c3r.core.images import find_images
    from training.data.cutting import write_fields
    from training.data.images import FieldReadOptions, choose_roles, read_fields

    spec = _spec(field_um, size_px, neighbours, field_diameters)
    about = {"cell_line": cell_line, "source": source}
    reading = FieldReadOptions(
        _parse_names(names),
        pixel_size_um=pixel_size_um,
        plate=plate,
        labels=labels,
        labels_channel=labels_channel,
        nucleus=nucleus,
        cell=cell,
        nucleus_diameter_um=nucleus_size_um,
        method=method,
        metadata=_metadata(metadata, id_column),
        about={name: value for name, value in about.items() if value},
    )
    found = find_images([str(path) for path in paths], pattern=pattern or None)
    channels = reading.read(found[0]).channel_names
    roles = choose_roles(channels, _parse_list(context), _parse_list(concept))
    for name, role in roles.roles.items():
        _say(f"  {name}: {role}")
    write_fields(out, read_fields(found, reading, _say), roles, spec, licence=licence)
    _tell(out)


@app.command()
def hpa_h5(
    root: Annotated[Path, typer.Argument(help="Folder with train-balanced and so on.")],
    out: Out,
    splits: Annotated[str, typer.Option(help="Which of them.")] = "train,valid,test",
    size_px: Annotated[
        int | None, typer.Option(help="Side of a crop in pixels; as it is by default.")
    ] = None,
) -> None:
    """Crops of the Human Protein Atlas in the official code's .h5 files."""
    from training.data.hpa_h5 import write_hpa_h5

    write_hpa_h5(root, out, _parse_list(splits), size_px=size_px, say=_say)
    _tell(out)


@app.command()
def hpa_raw(
    images: Annotated[Path, typer.Argument(help="Folder of the plates' folders.")],
    out: Out,
    masks: Annotated[Path, typer.Option(help="Folder of …_cellmask.png.")],
    table: Annotated[Path, typer.Option(help="CSV with if_plate_id, position, antibody, ….")],
    pixel_size_um: PixelSize = 0.08,
    field_um: FieldUm = 64.0,
    size_px: SizePx = 112,
    neighbours: Neighbours = "keep",
) -> None:
    """Images of the Human Protein Atlas, a file for each colour, and masks."""
    from training.data.hpa_raw import write_hpa_raw

    spec = _spec(field_um, size_px, neighbours)
    write_hpa_raw(images, masks, table, out, spec, pixel_size_um=pixel_size_um, say=_say)
    _tell(out)


@app.command()
def jump(
    images: Annotated[Path, typer.Argument(help="Folder that holds plates' folders 'Images'.")],
    out: Out,
    load_data: Annotated[
        Path | None, typer.Option(help="load_data.csv, which says what channels are.")
    ] = None,
    centres: Annotated[
        Path | None, typer.Option(help="Where cells are: a table, or DeepProfiler's folder.")
    ] = None,
    metadata: MetadataFile = None,
    id_column: IdColumn = "",
    pixel_size_um: PixelSize = 0.598,
    field_um: FieldUm = 64.0,
    size_px: SizePx = 112,
    neighbours: Neighbours = "keep",
) -> None:
    """Plates of JUMP-CP as in the Cell Painting Gallery."""
    from training.data.jump import write_jump

    write_jump(
        images,
        out,
        _spec(field_um, size_px, neighbours),
        load_data=load_data,
        centres=centres,
        metadata=_metadata(metadata, id_column),
        pixel_size_um=pixel_size_um,
        say=_say,
    )
    _tell(out)


@app.command()
def chammi(
    root: Annotated[Path, typer.Argument(help="Folder with Allen, HPA and CP.")],
    dataset: Annotated[str, typer.Argument(help="Allen, HPA or CP.")],
    out: Out,
    size_px: SizePx = 224,
) -> None:
    """One of the three collections of the CHAMMI benchmark."""
    from training.data.chammi import write_chammi

    write_chammi(root, dataset, out, size_px=size_px, say=_say)
    _tell(out)


@app.command()
def shared(
    data: Annotated[Path, typer.Argument(help="Folder of the real images and their README.")],
    out: Annotated[Path, typer.Option(help="Folder for the crop sets; those there are kept.")],
    sets: Annotated[str, typer.Option(help="Which; all that may be trained on by default.")] = "",
    field_um: FieldUm = 64.0,
    field_diameters: FieldDiameters = 2.5,
    size_px: SizePx = 112,
    neighbours: Neighbours = "keep",
) -> None:
    """The project's own real images that may be trained on."""
    from training.data.shared import write_shared
    from training.data.shared_sets import choose_sets

    spec = _spec(field_um, size_px, neighbours, field_diameters)
    for folder in write_shared(data, out, choose_sets(_parse_list(sets)), spec, _say):
        _tell(folder)


@app.command()
def sheet(
    crops: Annotated[Path, typer.Argument(help="A crop set.")],
    out: Annotated[Path, typer.Option(help="PNG file to write.")],
    count: Annotated[int, typer.Option(help="How many cells.")] = 40,
) -> None:
    """Draw some cells of a crop set, to see whether it is what it should be."""
    from training.data.sheet import write_sheet

    _say(f"Wrote {write_sheet(crops, out, count)}")


def _spec(field_um: float, size_px: int, neighbours: str, field_diameters: float = 2.5) -> CropSpec:
    from napari_c3r.core.crops.spec import CropSpec

    return CropSpec(field_um, field_diameters, size_px, neighbours)  # type: ignore[arg-type]


def _metadata(path: Path | None, id_column: str) -> Metadata | None:
    from training.data.metadata import Metadata

    if path is None and id_column:
        raise InputError("--id-column names a column of --metadata, which is not given; give it")
    return None if path is None else Metadata(path, id_column)


def _parse_list(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _parse_names(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in _parse_list(text)]
    for old, equals, new in pairs:
        if not (old.strip() and equals and new.strip()):
            raise InputError(f"--names has the part '{old}{equals}{new}'; write it as old=new")
    return {old.strip(): new.strip() for old, _, new in pairs}


def _tell(folder: Path) -> None:
    from training.data.cropset import CropSet

    found = CropSet.open(folder)
    known = found.table["id"].replace("", None).nunique()
    _say(f"{folder}: {len(found)} crops {found.shape} of {found.dtype}, {known} ids")


def _say(text: str) -> None:
    typer.echo(text, err=True)


def main(arguments: Iterable[str] | None = None) -> int:
    """Run a command; 2 with one line on bad input."""
    try:
        code = app(list(arguments) if arguments is not None else None, standalone_mode=False)
    except InputError as error:
        _say(f"prepare: {error}")
        return 2
    except Exception as error:
        # A usage error of the command line parser; without arguments it printed the help.
        if not hasattr(error, "format_message"):
            raise
        if error.format_message():
            _say(f"prepare: {error.format_message()}")
        return 2
    return code or 0


if __name__ == "__main__":
    sys.exit(main())
