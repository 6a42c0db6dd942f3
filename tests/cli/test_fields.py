"""Many fields in the shell: options and the four types, a bad field among others, methods."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest
import tifffile

import napari_c3r as c3r
from napari_c3r.cli.app import main
from napari_c3r.cli.options import FieldOptions, field_parameters
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops import CropSpec
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import ReadOptions
from napari_c3r.core.options import described, shell_words
from napari_c3r.core.segment import SegmentMethod, SegmentOptions, methods, register_method

# What the options were called before they were made of the four types; scripts rely on it.
CONTRACT = [
    "names",
    "context",
    "concept",
    "labels",
    "labels-channel",
    "nucleus",
    "cell",
    "nucleus-size-um",
    "nucleus-size-px",
    "method",
    "scene",
    "t",
    "z",
    "swap",
    "pattern",
    "pixel-size-um",
    "encoder",
    "device",
    "precision",
    "batch-size",
    "concept-mode",
    "readout",
    "neighbours",
]
ADDED = [
    "field-um",
    "field-diameters",
    "crop-size-px",
    "cell-distance-um",
    "cell-distance-px",
    "number-cells",
    "times",
]


def run(capsys, *arguments) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0), capsys.readouterr().err


def typed(words):
    """What `FieldOptions` makes of words, as the shell would."""
    given = {parameter.name: parameter.default for parameter in field_parameters()}
    for name, text in zip(words[::2], words[1::2], strict=True):
        given[name.removeprefix("--").replace("-", "_")] = text
    return FieldOptions.typed(given)


def test_the_options_keep_their_names():
    names = {parameter.name.replace("_", "-") for parameter in field_parameters()}
    assert names == {*CONTRACT, *ADDED}


def test_every_setting_says_what_it_is():
    for kind in (ReadOptions, SegmentOptions, CropSpec, RunOptions):
        infos = dict(described(kind))
        assert [field.name for field in fields(kind)] == list(infos)
        for info in infos.values():
            assert info.label
            assert info.help
            assert not info.help.endswith(".")


def test_nothing_typed_is_every_default():
    assert typed([]) == FieldOptions()
    assert FieldOptions().roles() is None


@pytest.mark.parametrize(
    ("part", "options"),
    [
        ("reading", ReadOptions({"w1": "DNA", "w2": "a b"}, 0.5, 1, 2, 3, "CZ", "(?P<well>x)")),
        ("reading", ReadOptions(z="focus")),
        ("segmenting", SegmentOptions("DNA", "RNA", "stardist", 7.5, None, None, 4.0)),
        ("segmenting", SegmentOptions(nucleus_diameter_px=9.0, cell_distance_um=2.0)),
        ("crop", CropSpec(30.0, 2.5, 64, "keep")),
        ("run", RunOptions("cuda:1", "float32", 7, "joint", "cls+std")),
    ],
)
def test_what_a_script_types_makes_the_same_settings_again(part, options):
    assert typed(shell_words(options)) == replace(FieldOptions(), **{part: options})


def test_roles_are_those_of_the_channels_named():
    options = FieldOptions(context="DNA, ER", concept="RNA,DNA")
    assert options.roles() == ChannelAssignment({"DNA": "both", "ER": "context", "RNA": "concept"})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--names", "ch1"], "write it as old=new"),
        (["--field-um", "-1"], "--field-um is -1.0; give a number from 0.01 to 100000"),
        (["--neighbours", "blur"], "'blur'"),
    ],
)
def test_what_a_setting_cannot_be(words, said):
    with pytest.raises(InputError, match=said):
        typed(words)


@pytest.fixture
def three(tmp_path):
    """Three images of a few cells each, the second one cut short."""
    folder = tmp_path / "fields"
    folder.mkdir()
    for number, name in enumerate(("a", "b", "c")):
        field = c3r.simulate_field("cell-painting", shape=(160, 160), n_cells=3, seed=number)
        tifffile.imwrite(
            folder / f"{name}.ome.tif",
            field.image.data.compute(),
            metadata={"axes": "CYX", "Channel": {"Name": list(field.image.channel_names)}},
        )
    broken = folder / "b.ome.tif"
    broken.write_bytes(broken.read_bytes()[:3000])
    return folder


def test_embed_names_a_bad_image_and_writes_the_others(three, tmp_path, capsys):
    out = tmp_path / "cells.parquet"
    code, said = run(capsys, "embed", three, "--out", out)
    assert code == 1, said
    assert "'b' is left out: " in said
    assert "1 of 3 images could not be embedded" in said
    table = c3r.read(out)
    assert table.obs["image"].unique().tolist() == ["a", "c"]
    notes = table.uns["napari_c3r"]["notes"]
    assert [note for note in notes if note.startswith("'b' is left out: ") and "b.ome.tif" in note]


def test_plate_names_a_bad_field_and_goes_on_when_it_is_mended(three, tmp_path, capsys):
    out = tmp_path / "plate"
    code, said = run(capsys, "plate", three, "--out", out)
    assert code == 1, said
    assert "1/3 a: done" in said
    assert "2/3 b: " in said
    assert "3/3 c: done" in said
    assert list(json.loads((out / "failed.json").read_text())) == ["b"]
    first = c3r.read(out / "cells.parquet")
    (three / "b.ome.tif").write_bytes((three / "a.ome.tif").read_bytes())
    code, said = run(capsys, "plate", three, "--out", out)
    assert code == 0, said
    assert "1/3 a: kept" in said
    assert "2/3 b: done" in said
    table = c3r.read(out / "cells.parquet")
    assert table.obs["image"].unique().tolist() == ["a", "b", "c"]
    kept = table[(table.obs["image"] != "b").to_numpy()]
    np.testing.assert_array_equal(kept.X, first.X)


@pytest.mark.parametrize("error", [c3r.InputError("too few cells"), RuntimeError("a\nb")])
def test_a_map_that_fails_costs_no_table(three, tmp_path, capsys, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("napari_c3r.core.reduce.map_cells", fail)
    out = tmp_path / "cells.csv"
    code, said = run(capsys, "embed", three / "a.ome.tif", "--map", "--out", out)
    assert code == 1, said
    reason = " ".join(str(error).split())
    last = said.strip().splitlines()[-1]
    assert last.startswith(f"napari-c3r: {out} is without a map, which could not be made: ")
    assert last.endswith(reason)
    assert len(c3r.read(out)) == 4


def test_what_was_made_again_is_said_with_its_reason(three, tmp_path, capsys):
    (three / "b.ome.tif").unlink()
    out = tmp_path / "plate"
    assert run(capsys, "plate", three, "--out", out)[0] == 0
    (three / "a.ome.tif").write_bytes((three / "c.ome.tif").read_bytes())
    code, said = run(capsys, "plate", three, "--out", out)
    assert code == 0
    assert "1/2 a: done again: the image changed" in said
    assert "2/2 c: kept" in said
    assert said.strip().endswith("cells.parquet; 1 made again: the image changed")


@pytest.mark.parametrize("command", ["embed", "plate"])
def test_nothing_embedded_is_an_error(three, tmp_path, capsys, command):
    for name in ("a", "c"):
        path = three / f"{name}.ome.tif"
        path.write_bytes(path.read_bytes()[:3000])
    code, said = run(capsys, command, three, "--out", tmp_path / "out.csv")
    assert code == 2
    assert "None of the 3 fields could be embedded; 'a': " in said.strip().splitlines()[-1]
    assert not (tmp_path / "out.csv").is_file()


def test_a_well_without_cells_is_no_failure_of_a_plate(three, tmp_path, capsys):
    tifffile.imwrite(
        three / "b.ome.tif",
        np.random.default_rng(0).poisson(100, (5, 160, 160)).astype(np.uint16),
        metadata={"axes": "CYX", "Channel": {"Name": ["DNA", "ER", "RNA", "AGP", "Mito"]}},
    )
    code, said = run(capsys, "plate", three, "--out", tmp_path / "plate")
    assert code == 0, said
    assert "2/3 b: No nuclei found" in said
    assert "1 of 3 images hold no cell" in said


def test_a_method_from_outside_is_a_method_of_the_shell(three, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(methods, "_METHODS", dict(methods._METHODS))

    def squares(plane, diameter_px):
        labels = np.zeros(plane.shape, int)
        labels[40:60, 40:60], labels[100:120, 90:110] = 1, 2
        return labels

    register_method(SegmentMethod("toy", "Toy", squares, licence="Squares are free"))
    out = tmp_path / "cells.csv"
    arguments = ("embed", three / "a.ome.tif", "--out", out)
    code, said = run(capsys, *arguments, "--method", "toy", "--cell-distance-px", "2", "--cell")
    assert code == 2
    code, said = run(capsys, *arguments, "--method", "toy", "--nucleus", "DNA", "--cell", "DNA")
    assert code == 0, said
    assert "Note: Squares are free" in said
    table = c3r.read(out)
    assert table.obs["label"].tolist() == [1, 2]
    (call,) = table.uns["napari_c3r"]["images"]["cells_from"]
    assert call == "segment_cells(nucleus='DNA', method='toy')"
    with pytest.raises(SystemExit):
        main(["embed", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "instanseg or toy" in shown.replace("│ │ ", "")
    assert run(capsys, *arguments, "--method", "magic")[1].endswith("instanseg or toy\n")


@pytest.mark.parametrize(
    ("stems", "said"),
    [
        (["HeLa_c1", "HeLa_c2", "HeLa_c5"], "c1, c2, c5 are taken as channels of one image 'HeLa'"),
        (["ctrl_t1", "ctrl_t7"], "t1, t7 are taken as time points of one image 'ctrl'"),
        (["e_t1_ch1", "e_t2_ch1"], "'e' has 2 time points by its file names; number 0 is read"),
        (["A01_s1_w1", "A01_s1_w2", "A01_s2_w1"], "1 of 2 fields have other channels than most"),
        (["A01_s1_w1", "A01_s1_w2"], ""),
    ],
)
def test_what_names_were_guessed_to_mean_is_said_before_the_work(tmp_path, capsys, stems, said):
    for stem in stems:
        tifffile.imwrite(tmp_path / f"{stem}.tif", np.ones((8, 9), "uint16"))
    FieldOptions().tasks([tmp_path])
    told = capsys.readouterr().err
    assert said in told
    assert told.startswith("  Note: ") == bool(said)
