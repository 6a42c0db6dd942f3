"""The copied text, run by itself, gives the same table to the bit."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import tifffile

import napari_c3r as c3r
from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.embed.driver import FieldsRun, FieldTask
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import ReadOptions, scan
from napari_c3r.session.script import Recipe, RecipeField, python_script, shell_command
from tests.widgets.fields import labels, write_plate

ROLES = ChannelAssignment({"DNA": "context", "w2": "context", "w3": "concept"})
FIND = {"nucleus": "DNA", "cell": "w2", "nucleus_diameter_um": 7.5}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = write_plate(tmp_path_factory.mktemp("plate of two") / "p", ("A01",))
    return scan(folder).sources(ReadOptions({"w1": "DNA"}, 0.4))


def embedded(tasks):
    run = FieldsRun(tasks, ROLES, c3r.load_encoder())
    for _ in run.steps():
        pass
    return run.result()


def run_python(recipe, folder):
    out = folder / "python.h5ad"
    script = folder / "again.py"
    script.write_text(python_script(replace(recipe, out=str(out))), "utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return c3r.read(out)


def run_shell(recipe, folder):
    out = folder / "shell.h5ad"
    words = shlex.split(shell_command(replace(recipe, out=str(out))))
    assert words[0] == "napari-c3r"
    done = subprocess.run(
        [sys.executable, "-m", "napari_c3r", *words[1:]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return c3r.read(out)


def same(table, expected):
    np.testing.assert_array_equal(table.X, expected.X)
    assert table.obs_names.tolist() == expected.obs_names.tolist()
    assert table.obs["area_px"].tolist() == expected.obs["area_px"].tolist()


def test_several_fields(sources, tmp_path):
    expected = embedded([FieldTask(s.name, source=s, find=FIND) for s in sources])
    recipe = Recipe([RecipeField(source, FIND) for source in sources], ROLES)
    same(run_python(recipe, tmp_path), expected)
    same(run_shell(recipe, tmp_path), expected)


def test_one_field_without_a_cell_channel_with_its_map(sources, tmp_path):
    find = {"nucleus": "DNA", "cell": None}
    expected = embedded([FieldTask(sources[1].name, source=sources[1], find=find)])
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
    reading = ReadOptions({"w1": "a b"}, 0.5, t=2, z=3, swap="CZ")
    one = RecipeField(replace(sources[0], reading=reading), {"nucleus": "a b", "cell": None})
    text = shell_command(Recipe([one], ROLES, "my model", RunOptions("cpu", "float32", 4)))
    for words in (
        "--names 'w1=a b'",
        "--t 2 --z 3 --swap CZ --pixel-size-um 0.5",
        "--nucleus 'a b' --cell 'a b'",
        "--encoder 'my model' --device cpu --precision float32 --batch-size 4",
    ):
        assert words in text
    script = python_script(Recipe([one], ROLES, "my model", RunOptions("cpu", "float32", 4)))
    assert "t=2, z=3, swap='CZ', names={'w1': 'a b'}, pixel_size_um=0.5" in script
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
    ],
)
def test_what_a_command_cannot_say(sources, recipe, said):
    with pytest.raises(InputError, match=said):
        shell_command(recipe(sources))
