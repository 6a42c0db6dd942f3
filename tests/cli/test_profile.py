"""From a table of cells and a plate map to wells and what is active, in one command."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest

import napari_c3r as c3r
from napari_c3r.cli.app import main
from napari_c3r.core.profiles.files import read_profiles

pytest.importorskip("pycytominer")


@pytest.fixture
def experiment(tmp_path):
    """Cells of two plates of other tools, and a plate map; compound x moves them."""
    rng = np.random.default_rng(0)
    wells = [f"{row}{column:02d}" for row in "ABC" for column in range(1, 7)]
    names = {well: "DMSO" if well[0] == "A" else ("x" if well[0] == "B" else "y") for well in wells}
    rows = [(plate, well) for plate in ("0041", "0042") for well in wells for _ in range(12)]
    cells = pd.DataFrame(rows, columns=["Metadata_Plate", "Metadata_Well"])
    values = rng.normal(size=(len(cells), 8))
    values[cells["Metadata_Well"].str[0].eq("B").to_numpy(), :3] += 2.0
    for number, column in enumerate(values.T):
        cells[f"Cells_Feature_{number}"] = column
    cells.to_csv(tmp_path / "cells.csv", index=False)
    lines = [f"{well[0]}{int(well[1:])};{name}" for well, name in names.items()]
    (tmp_path / "map.csv").write_text("Well;Compound\n" + "\n".join(lines))
    return tmp_path


def run(folder, *words):
    with pytest.raises(SystemExit) as ended:
        main(["profile", str(folder / "cells.csv"), *map(str, words)])
    return ended.value.code


def test_wells_and_what_is_active(experiment, capsys):
    out, judged = experiment / "wells.csv", experiment / "active.csv"
    words = ("--metadata", experiment / "map.csv", "--out", out, "--activity", judged)
    assert run(experiment, *words) == 0
    said = capsys.readouterr().err
    assert "Compound for 432 of 432 rows, by well." in said
    assert "36 wells by plate and well" in said
    assert "Normalised to Compound = DMSO, each plate by itself" in said
    assert "1 of 2 treatments are active" in said
    found = pd.read_csv(judged).set_index("Compound")["active"]
    assert found.to_dict() == {"x": True, "y": False}
    wells = read_profiles(out)
    assert wells.obs["plate"].tolist()[:1] == ["0041"]
    assert wells.obs["n_cells"].astype(int).eq(12).all()


def test_the_same_numbers_in_python(experiment):
    out = experiment / "wells.h5ad"
    run(experiment, "--metadata", experiment / "map.csv", "--out", out)
    cells = c3r.annotate(read_profiles(experiment / "cells.csv"), experiment / "map.csv")
    wells = c3r.normalise(c3r.aggregate(cells), ("Compound", "DMSO"))
    np.testing.assert_array_equal(anndata.read_h5ad(out).X, wells.X)


def test_other_tools_read_it(experiment):
    pycytominer = pytest.importorskip("pycytominer")
    scanpy = pytest.importorskip("scanpy")
    for suffix in ("csv", "parquet", "h5ad"):
        assert run(experiment, "--out", experiment / f"w.{suffix}", "--normalise", "none") == 0
    frame = pd.read_csv(experiment / "w.csv")
    again = pycytominer.aggregate(frame, ["Metadata_Plate"], operation="median")
    assert [name for name in again if name.startswith("Cells_")] == [
        f"Cells_Feature_{number}" for number in range(8)
    ]
    pd.testing.assert_frame_equal(
        pd.read_parquet(experiment / "w.parquet")[again.columns[1:]], frame[again.columns[1:]]
    )
    table = scanpy.read_h5ad(experiment / "w.h5ad")
    assert scanpy.pp.pca(table, 2, copy=True).obsm["X_pca"].shape == (36, 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "w.txt"], "has to end in .csv, .parquet or .h5ad"),
        (["--controls", "DMSO"], "has to be column=value"),
        (["--controls", "Compound=DMSO"], "no column 'Compound'"),
        (["--by", "row"], "no column 'row'"),
        (["--normalise", "zca"], "Unknown method 'zca'"),
        (["--metadata", "none.csv"], "There is no file"),
        (["--activity", "a.csv"], "give --treatment"),
        (["--seed", "-1"], "--seed is -1"),
        (["--batch", "magic"], "--batch is 'magic'; give none, harmony, combat, cellpaintr"),
        (["--batch", "cellpaintr"], "give --treatment"),
        (["--batch", "cellpaintr", "--activity", "a.csv"], "makes their replicates alike"),
        (["--keep-fit", "fit"], "--keep-fit is for --batch cellpaintr"),
    ],
)
def test_mistakes_are_one_line(experiment, capsys, monkeypatch, words, said):
    monkeypatch.chdir(experiment)
    usual = [] if "--out" in words else ["--out", "w.csv"]
    assert run(experiment, *usual, *words) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_batches_are_brought_together(experiment, capsys, monkeypatch):
    from napari_c3r.core.profiles.cellpaintr import config

    whole = config.FitOptions
    monkeypatch.setattr(
        config, "FitOptions", lambda seed: whole(seed=seed, epochs=1, early_epochs=1)
    )
    out, kept = experiment / "wells.h5ad", experiment / "fit"
    usual = ("--metadata", experiment / "map.csv", "--out", out)
    assert run(experiment, *usual, "--batch", "combat") == 0
    assert "Batches of plate brought together by combat" in capsys.readouterr().err
    assert read_profiles(out).shape == (36, 8)
    assert run(experiment, *usual, "--batch", "cellpaintr", "--keep-fit", kept) == 0
    said = capsys.readouterr().err
    assert "Learning from compounds across sources" in said
    assert "Kept the fit in" in said
    fitted = read_profiles(out)
    assert fitted.shape == (36, 32)
    assert run(experiment, *usual, "--batch", kept) == 0
    np.testing.assert_array_equal(read_profiles(out).X, fitted.X)
    assert run(experiment, *usual, "--batch", kept, "--activity", experiment / "a.csv") == 2
    assert "told 2 of these treatments" in capsys.readouterr().err
