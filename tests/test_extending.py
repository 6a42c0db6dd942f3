"""What others add in one call is there everywhere: in the library, the shell and the docks."""

from __future__ import annotations

import json
from itertools import product
from unittest.mock import MagicMock

import dask.array as da
import numpy as np
import pytest
import tifffile
import yaml
from qtpy.QtWidgets import QFileDialog

import napari_c3r as c3r
from napari_c3r.cli import main
from napari_c3r.core.atomic import replacing
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import (
    ImageFormat,
    Layout,
    NameParts,
    layouts,
    register_image_format,
    register_layout,
    scan,
)
from napari_c3r.core.images import formats as image_formats
from napari_c3r.core.images.layouts import StainNames
from napari_c3r.core.images.stack import Stack, check_index
from napari_c3r.core.table import KEY, TableFormat, flat, register_format, table_formats
from napari_c3r.core.table.formats import BUILT_IN
from napari_c3r.readers import get_reader
from napari_c3r.widgets.common.files import table_filters
from napari_c3r.widgets.explorer import dock as explorer
from napari_c3r.widgets.main.dialogs import Dialogs
from tests.test_architecture import ROOT, SOURCE

ROLES = ("--context", "DNA,ER", "--concept", "RNA")


def shell(capsys, *arguments) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0), capsys.readouterr().err


@pytest.fixture
def planes():
    """Channels of a small simulated field, by stain, and its cells."""
    field = c3r.simulate_field("cell-painting", shape=(256, 256), n_cells=6, seed=1)
    names = ("DNA", "ER", "RNA")
    pixels = field.image.select(names).data.compute()
    return dict(zip(names, pixels, strict=True)), field.cells


def write_lines(result, path):
    rows = flat.to_frame(result).to_dict("records")
    with replacing(path) as temporary:
        text = "\n".join(json.dumps(each) for each in [flat.describe(result), *rows])
        temporary.write_text(text, encoding="utf-8")


def read_lines(path):
    import pandas as pd

    description, *rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return flat.from_frame(pd.DataFrame(rows), description)


@pytest.fixture
def lines(monkeypatch):
    """A format of results, registered from outside and forgotten after the test."""
    monkeypatch.setattr("napari_c3r.core.table.formats._formats", {f.suffix: f for f in BUILT_IN})
    register_format(TableFormat(".jsonl", "JSON lines", write_lines, read_lines))


def test_a_format_added_in_one_call_is_written_and_read(lines, planes, tiny_model, tmp_path):
    pixels, cells = planes
    image = c3r.Image.from_array(np.stack(list(pixels.values())), list(pixels))
    roles = c3r.ChannelAssignment({"DNA": "context", "RNA": "concept"})
    table = c3r.embed(image, cells, roles, encoder=c3r.load_encoder(tiny_model))
    again = c3r.read(c3r.write(table, tmp_path / "cells.jsonl"))
    np.testing.assert_array_equal(again.X, table.X)
    assert again.uns[KEY] == table.uns[KEY]
    with pytest.raises(InputError, match=r"use \.csv, \.parquet, \.h5ad, \.properties, \.jsonl"):
        c3r.write(table, tmp_path / "cells.xlsx")


def test_the_shell_writes_an_added_format(lines, planes, tiny_model, tmp_path, capsys):
    pixels, cells = planes
    for name, plane in pixels.items():
        tifffile.imwrite(tmp_path / f"field_{name}.tif", plane)
    labels, out = tmp_path / "labels" / "cells.tif", tmp_path / "cells.jsonl"
    labels.parent.mkdir()
    tifffile.imwrite(labels, cells)
    command = ("embed", tmp_path, *ROLES, "--labels", labels, "--encoder", tiny_model)
    code, said = shell(capsys, *command, "--out", out)
    assert code == 0, said
    assert len(c3r.read(out)) == len(np.unique(cells)) - 1
    code, said = shell(capsys, *command, "--out", tmp_path / "cells.xlsx")
    assert code == 2
    assert "ends in .csv, .parquet, .h5ad, .properties or .jsonl" in said


def test_the_docks_offer_an_added_format(lines, monkeypatch, tmp_path):
    offered = []

    def choose(_parent, _title, _name, filters):
        offered.append(filters)
        return str(tmp_path / "cells"), "JSON lines (*.jsonl)"

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    path = str(tmp_path / "cells.jsonl")
    controller, dock = MagicMock(), MagicMock()
    Dialogs(None, controller).export()
    controller.persistence.export.assert_called_once_with(path)
    explorer.C3RExplorer._choose_export(dock)
    assert dock.panel.exports.write.call_args.args[-1] == path
    filters = (
        "Table (*.csv);;Parquet (*.parquet);;AnnData (*.h5ad);;"
        "CellProfiler Analyst (*.properties);;JSON lines (*.jsonl)"
    )
    assert offered == [filters, filters] == [table_filters()] * 2


def test_a_format_cannot_take_the_suffix_of_another(lines):
    for suffix in (".csv", ".jsonl"):
        with pytest.raises(InputError, match=f"'{suffix}' is the suffix of the format"):
            register_format(TableFormat(suffix, "Mine", write_lines, read_lines))
    ours = [each.suffix for each in BUILT_IN]
    assert [each.suffix for each in table_formats()] == [*ours, ".jsonl"]


@pytest.mark.parametrize("suffix", ["", "csv", ".CSV", ".tar.gz", "."])
def test_a_suffix_that_no_file_could_be_chosen_by_is_refused(suffix):
    with pytest.raises(InputError, match="The suffix of a format"):
        TableFormat(suffix, "Mine", write_lines, read_lines)


def test_manifest_and_docs_list_exactly_the_built_in_formats():
    suffixes = [each.suffix for each in BUILT_IN]
    manifest = yaml.safe_load((SOURCE / "napari.yaml").read_text("utf-8"))
    (writer,) = manifest["contributions"]["writers"]
    assert writer["filename_extensions"] == suffixes
    docs = (ROOT / "docs" / "formats.md").read_text("utf-8")
    rows = docs.partition("| suffix |")[2].partition("\n\n")[0].splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == suffixes


def read_our_names(stem):
    """``B03@2 (dna)`` is channel dna of well B03, site 2."""
    well, _, rest = stem.partition("@")
    site, _, dye = rest.partition(" ")
    return NameParts(f"{well}@{site}", well=well, site=site, channel=dye[1:-1]) if dye else None


OUR_DYES = {"dna": "DNA", "er": "ER", "rna": "RNA"}


def as_function():
    return Layout(
        "our lab",
        read_our_names,
        stains=lambda file, channels: StainNames(OUR_DYES, "our dyes"),
    )


def as_expression():
    return Layout(
        "our lab",
        r"(?P<well>[A-P]\d\d)@(?P<site>\d)(?P<vary> \((?P<channel>\w+)\))",
        stains=lambda file, channels: StainNames(OUR_DYES, "our dyes"),
    )


@pytest.fixture(params=[as_function, as_expression])
def our_names(request, monkeypatch, planes, tmp_path):
    """A folder of files named in our own way, the layout registered and forgotten afterwards."""
    monkeypatch.setattr("napari_c3r.core.images.layouts._layouts", list(layouts.BUILT_IN))
    register_layout(request.param())
    folder = tmp_path / "field"
    folder.mkdir()
    for (dye, stain), site in product(OUR_DYES.items(), (1, 2)):
        tifffile.imwrite(folder / f"B03@{site} ({dye}).tif", planes[0][stain])
    return folder


def test_a_layout_added_in_one_call_is_known_to_library_dock_and_shell(
    our_names, planes, tiny_model, tmp_path, capsys
):
    listed = c3r.find_images(our_names)
    assert [(i.name, i.well, i.site) for i in listed] == [
        ("B03@1", "B03", "1"),
        ("B03@2", "B03", "2"),
    ]
    found = scan(our_names)
    assert found.images == listed
    assert found.channel_names == ("DNA", "ER", "RNA")
    assert found.notes == ("Channels are named by our dyes: dna is DNA, er is ER, rna is RNA.",)
    labels, out = tmp_path / "cells.tif", tmp_path / "cells.csv"
    tifffile.imwrite(labels, planes[1])
    (tmp_path / "one").mkdir()
    for file in listed[0].paths:
        (tmp_path / "one" / file.name).write_bytes(file.read_bytes())
    options = (*ROLES, "--labels", labels, "--encoder", tiny_model, "--out", out)
    code, said = shell(capsys, "embed", tmp_path / "one", *options)
    assert code == 0, said
    table = c3r.read(out)
    assert set(table.obs["well"]) == {"B03"}
    assert table.uns[KEY]["roles"] == {"DNA": "context", "ER": "context", "RNA": "concept"}


def test_an_added_layout_comes_before_a_built_in_one_and_after_a_pattern(our_names):
    assert layouts.read_name("A01_s1_w1").layout == "ImageXpress"
    register_layout(Layout("all the same", r"(?P<channel>.+)_w\d"))
    assert layouts.read_name("A01_s1_w1").layout == "all the same"
    by_pattern = c3r.find_images(our_names, pattern=r"(?P<site>\d) \((?P<channel>dna|er)\)")
    assert [image.channel_names for image in by_pattern] == [("dna", "er")] * 2


def test_an_image_format_added_in_one_call_is_found_and_read(monkeypatch, planes, tmp_path):
    def open_array(path, scene, one_channel):
        check_index(scene, 1, "scene", path.name)
        return Stack(da.from_array(np.load(path))[None, :, None], ("DNA", "ER", "RNA"), 0.5)

    known = {suffix: each for each in image_formats.BUILT_IN for suffix in each.suffixes}
    monkeypatch.setattr("napari_c3r.core.images.formats._formats", known)
    np.save(tmp_path / "field.npy", np.stack(list(planes[0].values())))
    with pytest.raises(InputError, match="holds no image"):
        c3r.find_images(tmp_path)
    register_image_format(ImageFormat((".npy",), open_array))
    image = c3r.read_image(tmp_path)
    assert image.channel_names == scan(tmp_path).channel_names == ("DNA", "ER", "RNA")
    assert image.pixel_size_um == 0.5
    np.testing.assert_array_equal(image.channel("ER").compute(), planes[0]["ER"])
    assert get_reader(str(tmp_path / "field.npy")) is not None
    with pytest.raises(InputError, match=r"'\.npy' are read already"):
        register_image_format(ImageFormat((".npy",), open_array))
    with pytest.raises(InputError, match="The suffixes of a format"):
        ImageFormat((), open_array)


def test_the_manifest_lists_exactly_the_image_files_that_are_read():
    manifest = yaml.safe_load((SOURCE / "napari.yaml").read_text("utf-8"))
    (reader,) = manifest["contributions"]["readers"]
    patterns = {pattern.lower() for pattern in reader["filename_patterns"]}
    suffixes = {suffix for each in image_formats.BUILT_IN for suffix in each.suffixes}
    assert patterns == {f"*{suffix}" for suffix in (*suffixes, ".zarr")}
