"""The copied text, run by itself, gives the same table to the bit."""

from __future__ import annotations

import runpy
import shlex
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import tifffile

import napari_c3r as c3r
from napari_c3r.cli.app import main
from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops import CropSpec
from napari_c3r.core.embed import EmbedDriver, FieldTask
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import ReadOptions, scan
from napari_c3r.core.segment import NO_CELL_CHANNEL, SegmentOptions
from napari_c3r.session.script import Recipe, RecipeField, python_script
from napari_c3r.session.shell import shell_command
from tests.widgets.fields import labels, write_plate

ROLES = ChannelAssignment({"DNA": "context", "w2": "context", "w3": "concept"})
FIND = SegmentOptions("DNA", "w2", nucleus_diameter_um=7.5)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = write_plate(tmp_path_factory.mktemp("plate of two") / "p", ("A01",))
    return scan(folder).sources(ReadOptions({"w1": "DNA"}, 0.4))


def embedded(tasks, **settings):
    run = EmbedDriver(tasks, ROLES, c3r.load_encoder(), **settings)
    for _ in run.steps():
        pass
    return run.result()


def run_python(recipe, folder):
    out = folder / "python.h5ad"
    script = folder / "again.py"
    script.write_text(python_script(replace(recipe, out=str(out))), "utf-8")
    runpy.run_path(str(script), run_name="__main__")
    return c3r.read(out)


def run_shell(recipe, folder):
    out = folder / "shell.h5ad"
    words = shlex.split(shell_command(replace(recipe, out=str(out))))
    assert words[0] == "napari-c3r"
    with pytest.raises(SystemExit) as ended:
        main(words[1:])
    assert ended.value.code == 0
    return c3r.read(out)


def run_apart(words):
    """In a process of its own, as a person runs it."""
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def same(table, expected):
    np.testing.assert_array_equal(table.X, expected.X)
    assert table.obs_names.tolist() == expected.obs_names.tolist()
    assert table.obs["area_px"].tolist() == expected.obs["area_px"].tolist()


def test_several_fields(sources, tmp_path):
    expected = embedded([FieldTask.of(s) for s in sources], segmenting=FIND)
    recipe = Recipe([RecipeField(source, FIND) for source in sources], ROLES)
    same(run_python(recipe, tmp_path), expected)
    same(run_shell(recipe, tmp_path), expected)
    for out in tmp_path.glob("*.h5ad"):
        out.unlink()
    run_apart([tmp_path / "again.py"])
    same(c3r.read(tmp_path / "python.h5ad"), expected)
    command = shlex.split(shell_command(replace(recipe, out=str(tmp_path / "shell.h5ad"))))
    run_apart(["-m", "napari_c3r", *command[1:]])
    same(c3r.read(tmp_path / "shell.h5ad"), expected)


def test_one_field_without_a_cell_channel_with_its_map(sources, tmp_path):
    find = SegmentOptions("DNA", NO_CELL_CHANNEL)
    expected = embedded([FieldTask.of(sources[1])], segmenting=find)
    c3r.cluster(c3r.map_cells(expected, seed=3), seed=3)
    recipe = Recipe(
        [RecipeField(sources[1], find)],
        ROLES,
        map={"seed": 3},
        cluster={"method": "hdbscan", "seed": 3},
    )
    for table in (run_python(recipe, tmp_path), run_shell(recipe, tmp_path)):
        same(table, expected)
        np.testing.assert_array_equal(table.obsm["X_umap"], expected.obsm["X_umap"])
        assert table.obs["cluster"].tolist() == expected.obs["cluster"].tolist()


def test_a_scene_is_read_again(tmp_path):
    with tifffile.TiffWriter(tmp_path / "p.ome.tif", ome=True) as file:
        for name in ("left", "right"):
            pixels = np.zeros((2, 8, 9), "uint8")
            file.write(pixels, photometric="minisblack", metadata={"axes": "CYX", "Name": name})
    fields = [RecipeField(source) for source in scan(tmp_path).sources(ReadOptions())]
    roles = ChannelAssignment({"ch1": "context", "ch2": "concept"})
    one = Recipe(fields[1:], roles)
    assert "scene=1" in python_script(one)
    assert "--scene 1" in shell_command(one)
    both = Recipe(fields, roles)
    assert "{'scene': 1}" in python_script(both)
    assert "--scene" not in shell_command(both)
    (tmp_path / "p.ome.tif").rename(tmp_path / "q.ome.tif")
    with tifffile.TiffWriter(tmp_path / "p.ome.tif", ome=True) as file:
        for _ in range(3):
            file.write(pixels, photometric="minisblack", metadata={"axes": "CYX"})
    with pytest.raises(InputError, match="reads every scene"):
        shell_command(both)


SETTINGS = {
    "options": RunOptions("cpu", "float32", 8, "joint", "cls"),
    "crop": CropSpec(field_um=24.0, size_px=48, neighbours="keep"),
    "segmenting": SegmentOptions(
        "DNA", NO_CELL_CHANNEL, nucleus_diameter_px=18.0, cell_distance_px=3.0
    ),
}


def test_every_setting_makes_the_same_vectors_again(sources, tmp_path):
    expected = embedded([FieldTask.of(s) for s in sources], **SETTINGS)
    assert not np.array_equal(expected.X.shape, embedded([FieldTask.of(sources[0])]).X.shape)
    recipe = Recipe(
        [RecipeField(source, SETTINGS["segmenting"]) for source in sources],
        ROLES,
        options=SETTINGS["options"],
        crop=SETTINGS["crop"],
    )
    for table in (run_python(recipe, tmp_path), run_shell(recipe, tmp_path)):
        same(table, expected)
        facts = table.uns["napari_c3r"]
        assert (facts["concept_mode"], facts["readout"]) == ("joint", "cls")
        assert (facts["crop"]["size_px"], facts["crop"]["neighbours"]) == (48, "keep")
        assert facts["crop"]["hot_pixels"] == "replaced"


def test_fields_that_were_made_in_different_ways(sources, tmp_path):
    """As when one field was found again with another nucleus size, or read in another way."""
    other = replace(sources[1], reading=replace(sources[1].reading, pixel_size_um=0.5))
    finds = (FIND, replace(FIND, nucleus_diameter_um=9.0))
    parts = [
        embedded([FieldTask.of(source)], segmenting=find)
        for source, find in zip((sources[0], other), finds, strict=True)
    ]
    recipe = Recipe(
        [RecipeField(s, f) for s, f in zip((sources[0], other), finds, strict=True)], ROLES
    )
    same(run_python(recipe, tmp_path), c3r.join_results(parts))
    with pytest.raises(InputError, match="reads all fields in one way; copy as Python"):
        shell_command(recipe)
    found = Recipe([RecipeField(s, f) for s, f in zip(sources, finds, strict=True)], ROLES)
    with pytest.raises(InputError, match="finds the cells of all fields in one way"):
        shell_command(found)


def test_drawn_labels_and_hidden_cells(sources, tmp_path):
    tifffile.imwrite(tmp_path / "drawn.tif", labels())
    task = FieldTask(sources[0].name, source=sources[0], labels=labels())
    expected = embedded([task])
    recipe = Recipe(
        [RecipeField(sources[0], labels=tmp_path / "drawn.tif")],
        ROLES,
        filter=CellFilter(unusual_size=True),
    )
    hidden = CellFilter(unusual_size=True).hidden(expected.obs)
    same(run_python(recipe, tmp_path), expected[~hidden])
    with pytest.raises(InputError, match="cannot hide cells of unusual size; copy as Python"):
        shell_command(recipe)


def test_every_choice_is_in_the_command(sources):
    reading = ReadOptions({"w1": "a b"}, 0.5, t=2, z=3, swap="CZ", pattern="(?P<well>x)")
    find = SegmentOptions("a b", NO_CELL_CHANNEL, "stardist", cell_distance_um=2.0)
    one = RecipeField(replace(sources[0], reading=reading), find)
    recipe = Recipe(
        [one],
        ROLES,
        "my model",
        RunOptions("cpu", "float32", 4, "joint", "cls"),
        CropSpec(30.0, size_px=64, neighbours="keep"),
    )
    text = shell_command(recipe)
    for words in (
        "--names 'w1=a b' --pixel-size-um 0.5 --t 2 --z 3 --swap CZ --pattern '(?P<well>x)'",
        "--nucleus 'a b' --cell 'a b' --method stardist --cell-distance-um 2.0",
        "--encoder 'my model' --device cpu --precision float32 --batch-size 4",
        "--batch-size 4 --concept-mode joint --readout cls",
        "--field-um 30.0 --crop-size-px 64 --neighbours keep",
    ):
        assert words in text
    script = python_script(recipe)
    for words in (
        "names={'w1': 'a b'}, pixel_size_um=0.5, t=2, z=3, swap='CZ', pattern='(?P<well>x)')",
        "image, nucleus='a b', method='stardist', cell_distance_um=2.0)",
        "device='cpu', precision='float32', batch_size=4, concept_mode='joint', readout='cls'",
        "crop=c3r.CropSpec(field_um=30.0, size_px=64, neighbours='keep')",
    ):
        assert words in script
    compile(script, "again.py", "exec")


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (lambda s: Recipe([], ROLES), "nothing to copy"),
        (
            lambda s: Recipe([RecipeField(f, labels=f.files.paths[0]) for f in s], ROLES),
            "one field",
        ),
        (
            lambda s: Recipe([RecipeField(s[0], FIND)], ROLES, cluster={"method": "kmeans"}),
            "HDBSCAN only",
        ),
        (
            lambda s: Recipe([RecipeField(s[0], FIND)], ROLES, map={"batch": "plate"}),
            "brings no batches together in the map",
        ),
    ],
)
def test_what_a_command_cannot_say(sources, recipe, said):
    with pytest.raises(InputError, match=said):
        shell_command(recipe(sources))


def test_what_was_done_to_clusters_by_hand_is_said_and_not_done(sources):
    recipe = Recipe(
        [RecipeField(sources[0], FIND)],
        ROLES,
        map={"seed": 0},
        cluster={"method": "leiden", "resolution": 2.0, "seed": 0},
        by_hand=("merge clusters 0 and 2", "call cluster 1 'odd\nones'"),
    )
    lines = python_script(recipe).splitlines()
    made = lines.index("c3r.cluster(cells_table, method='leiden', resolution=2.0, seed=0)")
    assert lines[made + 1] == (
        "# By hand afterwards, which this script does not do: merge clusters 0 and 2; "
        "call cluster 1 'odd ones'"
    )


def test_all_the_times_of_a_movie_are_one_command_and_some_of_them_none(tmp_path):
    path = tmp_path / "movie.ome.tif"
    pixels = np.zeros((3, 3, 20, 20), np.uint16)
    told = {"axes": "TCYX", "Channel": {"Name": list(ROLES.names)}}
    tifffile.imwrite(path, pixels, metadata=told)
    frames = scan(path).sources(ReadOptions(times="all"))
    fields = [RecipeField(frame, FIND) for frame in frames]
    words = shlex.split(shell_command(Recipe(fields, ROLES)))
    assert words[2] == str(path)
    assert words.count(str(path)) == 1
    assert words[words.index("--times") + 1] == "all"
    with pytest.raises(InputError, match="reads all fields in one way; copy as Python"):
        shell_command(Recipe(fields[:2], ROLES))
