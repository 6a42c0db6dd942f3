"""The sound inputs from which a trial begins: one small file or folder of every kind."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAMES = ("DNA", "RNA")
_SIDE = 96


def write_inputs(folder: Path) -> None:
    """Write every input into an empty folder.

    Parameters
    ----------
    folder
        Gets images (``i.*``) of four cells, their labels, a folder of fields, tables, a session,
        a model folder and a checkpoint.
    """
    image, labels = _field(0)
    _write_images(folder, image)
    _write_labels(folder, labels)
    _write_tables(folder)
    _write_model(folder / "model")
    _write_results(folder, image, labels)


def write_plate(folder: Path) -> None:
    """Begin a plate in ``plate``, to be gone on with; it runs in the folder of the inputs."""
    from napari_c3r.cli import main

    quiet = contextlib.redirect_stderr(io.StringIO())
    with contextlib.suppress(SystemExit), _in_folder(folder), quiet:
        main(["plate", "fields", "--out", "plate", "--encoder", "model"])


@contextlib.contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _field(seed: int) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Two channels (2, Y, X) of four round cells, and their labels (Y, X)."""
    rng = np.random.default_rng(seed)
    step = _SIDE / 2
    yy, xx = np.mgrid[:_SIDE, :_SIDE]
    labels = np.zeros((_SIDE, _SIDE), np.uint16)
    image = rng.normal(200, 8, (2, _SIDE, _SIDE))
    for cell in range(4):
        distance = np.hypot(yy - (cell // 2 + 0.5) * step, xx - (cell % 2 + 0.5) * step)
        labels[distance < step * 0.32] = cell + 1
        for channel, size in enumerate((0.15, 0.32)):
            wave = 1 + 0.2 * np.sin((cell + channel + 1 + seed) * xx / 3)
            image[channel] += (2000 + 300 * cell) * (distance < step * size) * wave
    return image.clip(0, 65535).astype(np.uint16), labels


def _write_images(folder: Path, image: NDArray[np.uint16]) -> None:
    import tifffile
    from PIL import Image as Picture

    metadata = {"axes": "CYX", "Channel": {"Name": list(NAMES)}, "PhysicalSizeX": 0.5}
    metadata["PhysicalSizeY"] = 0.5
    tifffile.imwrite(folder / "i.ome.tif", image, ome=True, metadata=metadata)
    tifffile.imwrite(folder / "lzw.tif", image, photometric="minisblack", compression="lzw")
    tifffile.imwrite(folder / "tiled.tif", image, photometric="minisblack", tile=(32, 32))
    tifffile.imwrite(folder / "ij.tif", image, imagej=True, metadata={"axes": "CYX"})
    stack = np.stack([image, image // 2])
    tifffile.imwrite(folder / "z.ome.tif", stack, ome=True, metadata={"axes": "ZCYX"})
    bytes_ = (image[0] // 20).astype(np.uint8)
    Picture.fromarray(bytes_).save(folder / "i.png")
    Picture.fromarray(bytes_).save(folder / "i.jpg")
    for version in (2, 3):
        _write_zarr(folder / f"i{version}.zarr", image, version)
    (folder / "fields").mkdir()
    for number in range(1, 4):
        pixels = _field(number)[0]
        path = folder / "fields" / f"P1_A0{number}_s1.ome.tif"
        tifffile.imwrite(path, pixels, ome=True, metadata=metadata)


def _write_zarr(path: Path, image: NDArray[np.uint16], version: int) -> None:
    import zarr

    group = zarr.open_group(str(path), mode="w", zarr_format=2 if version == 2 else 3)
    array = group.create_array("0", shape=image.shape, dtype=image.dtype, chunks=(1, 64, 64))
    array[...] = image
    axes = [{"name": "c", "type": "channel"}]
    axes += [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
    scale = [{"type": "scale", "scale": [1, 0.5, 0.5]}]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    told: dict[str, Any] = {
        "multiscales": [{"version": "0.4", "axes": axes, "datasets": datasets}],
        "omero": {"channels": [{"label": name} for name in NAMES]},
    }
    group.attrs.update(told if version == 2 else {"ome": told | {"version": "0.5"}})


def _write_labels(folder: Path, labels: NDArray[np.uint16]) -> None:
    import tifffile
    from PIL import Image as Picture

    tifffile.imwrite(folder / "labels.tif", labels)
    Picture.fromarray(labels.astype(np.uint8)).save(folder / "labels.png")


def _write_tables(folder: Path) -> None:
    import gzip

    rows = [f"{image},{label},t{label % 2}" for image in ("i", "z") for label in range(1, 5)]
    text = "\n".join(["image,label,treatment", *rows]) + "\n"
    (folder / "treatments.csv").write_text(text)
    (folder / "treatments.tsv").write_text(text.replace(",", "\t"))
    with gzip.open(folder / "treatments.csv.gz", "wt") as stream:
        stream.write(text)


def _write_model(folder: Path) -> None:
    import torch

    from napari_c3r.core.encoder import write_model_folder
    from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder

    sizes: dict[str, Any] = {"width": 16, "heads": 2, "branch_depth": 1, "joint_depth": 1}
    sizes |= {"position_grid": 2}
    config = CceConfig(name="tiny", input_size=32, field_um=40.0, **sizes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weights = ContextConceptEncoder(config).state_dict()
        official = ContextConceptEncoder(
            CceConfig(name="tiny", **(sizes | {"width": 192, "heads": 3}))
        ).state_dict()
    write_model_folder(folder, config, weights, "# Tiny\n\nUntrained.\n")
    named = {f"module.backbone.{name}": value for name, value in official.items()}
    torch.save({"teacher": named}, folder.with_name("checkpoint.pth"))


def _write_results(folder: Path, image: NDArray[np.uint16], labels: NDArray[np.uint16]) -> None:
    import napari_c3r as c3r
    from napari_c3r.core.images import FieldSource, find_images
    from napari_c3r.session.file import SavedCells, SavedSession, write_session

    roles = c3r.ChannelAssignment({"DNA": "context", "RNA": "concept"})
    encoder = c3r.load_encoder(str(folder / "model"))
    result = c3r.embed(c3r.Image.from_array(image, NAMES, 0.5), labels, roles, encoder=encoder)
    for suffix in ("csv", "parquet", "h5ad"):
        c3r.write(result, folder / f"result.{suffix}")
    source = FieldSource(find_images(str(folder / "i.ome.tif"))[0])
    cells = {source.name: SavedCells(labels)}
    write_session(folder / "s.c3r", SavedSession((source,), 0, roles, cells, result))
