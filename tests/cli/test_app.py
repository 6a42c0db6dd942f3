"""The shell: what it writes, its exit codes, and one line for every mistake."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import tifffile
from skimage.measure import label as connected

import napari_c3r as c3r
from napari_c3r.cli.app import main

PAINTING = "fields/cellpainting_BR00143976"
NAMES = "ch2=ER,ch3=AGP,ch4=Mito,ch5=DNA,ch6=RNA"


def run(capsys, *arguments) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0), capsys.readouterr().err


def test_real_cell_painting_twice_gives_the_same_bytes(data_dir, tmp_path, capsys):
    written = []
    for name in ("one.csv", "two.csv"):
        out = tmp_path / name
        code, said = run(
            capsys,
            *("embed", data_dir / PAINTING, "--names", NAMES, "--context", "DNA,ER"),
            *("--concept", "RNA,AGP,Mito", "--out", out),
        )
        assert code == 0, said
        written.append(out.read_bytes())
    assert written[0] == written[1]
    table = c3r.read(tmp_path / "one.csv")
    assert np.isfinite(table.X).all()
    # CellProfiler outlines about 35 nuclei in this field.
    assert 30 <= len(table) <= 45
    assert table.obs["label"].is_monotonic_increasing
    assert c3r.core.table.roles_of(table)["ch1"] == "ignore"
    assert set(table.obs["well"]) == {"C03"}
    header = pd.read_csv(tmp_path / "one.csv", nrows=0).columns
    assert header[-1] == f"c3r_{table.n_vars - 1:04d}"


def test_the_demo_writes_its_three_files(tmp_path, capsys):
    out = tmp_path / "demo"
    assert run(capsys, "demo", "--out", out)[0] == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "cells.csv",
        "cells.png",
        "cells.provenance.json",
    ]
    table = c3r.read(out / "cells.csv")
    assert np.isfinite(table.X).all()
    assert table.obsm["X_umap"].shape == (len(table), 2)
    assert "cluster" in table.obs


@pytest.fixture
def field(tmp_path):
    """One file per channel of a small simulated field, and its labels."""
    simulated = c3r.simulate_field("cell-painting", shape=(256, 256), n_cells=8, seed=1)
    folder = tmp_path / "field"
    folder.mkdir()
    for number, plane in enumerate(simulated.image.data.compute(), 1):
        tifffile.imwrite(folder / f"r01c02f01p01-ch{number}sk1fk1fl1.tiff", plane)
    tifffile.imwrite(tmp_path / "labels.tif", simulated.cells)
    return folder


ROLES = ("--names", "ch1=DNA,ch2=ER,ch3=RNA", "--context", "DNA,ER", "--concept", "RNA")


def test_labels_of_one_s_own_are_used_as_they_are(field, tmp_path, capsys):
    labels = tifffile.imread(tmp_path / "labels.tif")
    out = tmp_path / "cells.parquet"
    code, said = run(
        capsys, "embed", field, *ROLES, "--labels", tmp_path / "labels.tif", "--out", out
    )
    assert code == 0, said
    assert c3r.read(out).obs["label"].tolist() == np.unique(labels[labels > 0]).tolist()


def test_a_mask_is_said_and_numbered_by_a_flag(field, tmp_path, capsys):
    labels = tifffile.imread(tmp_path / "labels.tif")
    tifffile.imwrite(tmp_path / "mask.tif", np.where(labels > 0, 255, 0).astype(np.uint8))
    out = tmp_path / "cells.csv"
    given = ("embed", field, *ROLES, "--labels", tmp_path / "mask.tif", "--out", out)
    code, said = run(capsys, *given)
    assert (code, len(c3r.read(out))) == (0, 1)
    pieces = int(connected(labels > 0).max())
    assert f"a single value, 255, in {pieces} separate pieces" in said
    assert "--number-cells" in said
    code, said = run(capsys, *given, "--number-cells")
    assert (code, len(c3r.read(out))) == (0, pieces)
    assert "pieces" not in said
    assert c3r.read(out).uns["napari_c3r"]["images"]["cells_from"] == [
        "labels of mask.tif, pieces numbered"
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--number-cells",), "give --labels"),
        (("--pixel-size-um", "352.8"), "at least 4 are needed; check the pixel size"),
        (("--crop-size-px", "2"), "2"),
        (("--context", "DNA", "--names", "ch1=DNA"), "No concept channel"),
        (("--concept", "RNA", "--names", "ch3=RNA"), "No context channel"),
        ((*ROLES[:2], "--context", "DNAA", "--concept", "RNA"), "no channel 'DNAA'"),
        (("--names", "ch1=DNA,ch2=DNA"), "'DNA' occurs 2 times"),
        (("--names", "ch1"), "'ch1'; write it as old=new"),
        (("--names", "ch9=DNA"), "No channel 'ch9'"),
        ((*ROLES, "--device", "tpu"), "tpu"),
        ((*ROLES, "--precision", "int8"), "int8"),
        ((*ROLES, "--encoder", "nowhere"), "nowhere"),
        ((*ROLES, "--neighbours", "blur"), "'blur'"),
        ((*ROLES, "--readout", "max"), "max"),
        ((*ROLES, "--concept-mode", "all"), "all"),
        ((*ROLES, "--labels", "nowhere.tif"), "nowhere.tif"),
        ((*ROLES, "--method", "magic"), "magic"),
        ((*ROLES, "--nucleus", "Golgi"), "Golgi"),
        ((*ROLES, "--z", "sharp"), "sharp"),
        ((*ROLES, "--scene", "4"), "4"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_file(field, tmp_path, capsys, arguments, said):
    out = tmp_path / "cells.csv"
    code, printed = run(capsys, "embed", field, *arguments, "--out", out)
    assert code == 2
    last = printed.strip().splitlines()[-1]
    assert last.startswith("napari-c3r: ")
    assert said in last
    assert "Traceback" not in printed
    assert not out.exists()


@pytest.mark.parametrize(
    ("out", "said"), [("cells.xlsx", "ends in .csv"), ("no/cells.csv", "does not exist")]
)
def test_a_table_that_could_not_be_written_is_refused_first(field, tmp_path, capsys, out, said):
    code, printed = run(capsys, "embed", field, *ROLES, "--out", tmp_path / out)
    assert code == 2
    assert said in printed


def test_channel_files_of_different_shapes_are_refused(field, tmp_path, capsys):
    tifffile.imwrite(field / "r01c02f01p01-ch2sk1fk1fl1.tiff", np.ones((99, 256), np.uint16))
    code, printed = run(capsys, "embed", field, *ROLES, "--out", tmp_path / "cells.csv")
    assert code == 2
    assert "differ in shape" in printed


def test_a_truncated_file_is_refused(field, tmp_path, capsys):
    broken = field / "r01c02f01p01-ch2sk1fk1fl1.tiff"
    broken.write_bytes(broken.read_bytes()[:2000])
    code, printed = run(capsys, "embed", field, *ROLES, "--out", tmp_path / "cells.csv")
    assert code == 2
    assert broken.name in printed


def test_an_image_without_cells_is_refused(tmp_path, capsys):
    rng = np.random.default_rng(0)
    for number in (1, 2):
        plane = rng.poisson(100, (256, 256)).astype(np.uint16)
        tifffile.imwrite(tmp_path / f"r01c02f01p01-ch{number}sk1fk1fl1.tiff", plane)
    code, printed = run(
        capsys,
        *("embed", tmp_path, "--names", "ch1=DNA,ch2=RNA", "--context", "DNA"),
        *("--concept", "RNA", "--out", tmp_path / "cells.csv"),
    )
    assert code == 2
    assert "No nuclei found" in printed


def test_images_without_cells_are_left_out_and_named(tmp_path, capsys):
    field = c3r.simulate_field("cell-painting", shape=(160, 160), n_cells=3, seed=2)
    rng = np.random.default_rng(0)
    planes = {"a": field.image.data.compute(), "dead": rng.poisson(100, field.image.shape)}
    for name, pixels in planes.items():
        tifffile.imwrite(
            tmp_path / f"{name}.ome.tif",
            pixels.astype(np.uint16),
            metadata={"axes": "CYX", "Channel": {"Name": list(field.image.channel_names)}},
        )
    out = tmp_path / "out" / "cells.csv"
    out.parent.mkdir()
    code, said = run(capsys, "embed", tmp_path, "--out", out)
    assert code == 0, said
    assert "1 of 2 images hold no cell" in said
    table = c3r.read(out)
    assert set(table.obs["image"]) == {"a"}
    assert any("'dead' is left out: No nuclei" in n for n in table.uns["napari_c3r"]["notes"])
    # Where none holds a cell, nothing is written.
    (tmp_path / "a.ome.tif").unlink()
    shutil.copy(tmp_path / "dead.ome.tif", tmp_path / "dying.ome.tif")
    code, said = run(capsys, "embed", tmp_path, "--out", out.with_name("none.csv"))
    assert code == 2
    assert "None of the 2 images holds a cell; 'dead'" in said
    assert not out.with_name("none.csv").exists()


def test_one_cell_is_enough(tmp_path, capsys):
    simulated = c3r.simulate_field("cell-painting", shape=(160, 160), n_cells=1, seed=2)
    tifffile.imwrite(
        tmp_path / "one.ome.tif",
        simulated.image.data.compute(),
        metadata={"axes": "CYX", "Channel": {"Name": list(simulated.image.channel_names)}},
    )
    labels = (simulated.cells > 0).astype(np.uint8) * 7
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    out = tmp_path / "cells.h5ad"
    code, said = run(
        capsys,
        *("embed", tmp_path / "one.ome.tif", "--labels", tmp_path / "labels.tif"),
        *("--out", out, "--map"),
    )
    assert code == 0, said
    assert c3r.read(out).obs["label"].tolist() == [7]


def test_the_command_itself_never_shows_a_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "napari_c3r", "embed", "nowhere", "--out", "cells.csv"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip().count("\n") == 0
    assert "nowhere" in done.stderr


def test_another_tool_s_weights_are_named_with_their_licence(field, tmp_path, capsys):
    from importlib.util import find_spec

    if find_spec("cellpose") is not None:
        pytest.skip("cellpose is installed here")
    out = tmp_path / "cells.csv"
    code, said = run(capsys, "embed", field, *ROLES, "--method", "cellpose", "--out", out)
    assert code == 2
    assert "CC-BY-NC" in said
    assert "pip install cellpose" in said


def test_ctrl_c_is_told_in_one_line(capsys, monkeypatch):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr("napari_c3r.cli.doctor.run_checks", interrupt)
    assert run(capsys, "doctor") == (130, "napari-c3r: stopped\n")
