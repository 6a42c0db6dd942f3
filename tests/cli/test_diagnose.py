"""The command ``diagnose``: a report, and one line for every mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tifffile

import napari_c3r as c3r
from napari_c3r.cli.app import main
from napari_c3r.core.diagnose import registry
from tests.core.diagnose.small import base_sc_folder, small_encoder
from tests.core.diagnose.toy import register_toy

ROLES = ("--names", "ch1=DNA,ch2=ER,ch3=RNA", "--context", "DNA,ER", "--concept", "RNA")


def run(capsys, *arguments) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0), capsys.readouterr().err


@pytest.fixture
def field(tmp_path):
    """One file per channel of a small simulated field, and its labels."""
    simulated = c3r.simulate_field("cell-painting", shape=(256, 256), n_cells=12, seed=1)
    folder = tmp_path / "field"
    folder.mkdir()
    for number, plane in enumerate(simulated.image.data.compute(), 1):
        tifffile.imwrite(folder / f"r01c02f01p01-ch{number}sk1fk1fl1.tiff", plane)
    tifffile.imwrite(tmp_path / "labels.tif", simulated.cells)
    simulated.truth.to_csv(tmp_path / "truth.csv", index=False)
    return folder


def test_the_python_of_the_documentation_runs(monkeypatch):
    known = dict(registry._diagnostics)
    monkeypatch.setattr(registry, "_diagnostics", known)
    page = Path(__file__).resolve().parents[2] / "docs" / "diagnostics.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "diagnostics.md", "exec"), {})
    assert "area-position" in known


def test_a_report_is_written(field, tmp_path, capsys):
    out = tmp_path / "report.html"
    code, said = run(
        capsys,
        *("diagnose", field, *ROLES, "--labels", tmp_path / "labels.tif", "--device", "cpu"),
        *("--label-column", "phenotype", "--label-table", tmp_path / "truth.csv", "--out", out),
    )
    assert code == 0, said
    page = out.read_text("utf-8")
    assert "Do the roles matter?" in page
    assert "phenotype" in page
    assert out.with_suffix(".md").exists()


def test_what_is_registered_from_outside_has_its_section(field, tmp_path, capsys, monkeypatch):
    register_toy(monkeypatch)
    small_encoder(tmp_path)
    out = tmp_path / "report.html"
    code, said = run(
        capsys,
        *("diagnose", field, *ROLES, "--labels", tmp_path / "labels.tif", "--device", "cpu"),
        *("--encoder", tmp_path / "post", "--ask", "swap,area-position", "--out", out),
    )
    assert code == 0, said
    assert "Area against position: " in said
    page = out.read_text("utf-8")
    assert "<h2>Area against position</h2>" in page
    assert "<th>axis</th>" in page
    assert 'alt="Correlation along each axis"' in page
    # Only what was chosen is asked.
    assert "all groups swapped" in page
    for other in ("RNA as context", "What else explains", "What the channels themselves say"):
        assert other not in page


def test_two_encoders_are_compared_on_the_same_cells(field, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        "napari_c3r.core.diagnose.entries.encoders.paired_maps",
        lambda first, second, seed: (first[:, :2], second[:, :2]),
    )
    small_encoder(tmp_path)
    base_sc_folder(tmp_path)
    out = tmp_path / "report.html"
    code, said = run(
        capsys,
        *("diagnose", field, *ROLES, "--labels", tmp_path / "labels.tif", "--device", "cpu"),
        *("--encoder", tmp_path / "post", "--second-encoder", tmp_path / "base_sc"),
        *("--ask", "encoders", "--out", out),
    )
    assert code == 0, said
    told = re.search(r"Another encoder on the same cells: (\d+)% of neighbours in common", said)
    assert told is not None
    assert f"have {told[1]}% of a cell's" in out.with_suffix(".md").read_text("utf-8")


def test_a_damaged_image_is_left_out_of_the_report(field, tmp_path, capsys):
    small_encoder(tmp_path)
    for plane in sorted(field.iterdir()):
        second = field / plane.name.replace("c02", "c03")
        second.write_bytes(plane.read_bytes()[:200])
    out = tmp_path / "report.html"
    words = ("diagnose", field, *ROLES, "--device", "cpu", "--encoder", tmp_path / "post")
    code, said = run(capsys, *words, "--ask", "swap", "--out", out)
    assert code == 1, said
    assert said.count(" is left out: ") == 1
    assert "Diagnosing 1 image" in said
    assert out.exists()
    for plane in field.iterdir():
        plane.write_bytes(plane.read_bytes()[:200])
    out.unlink()
    code, said = run(capsys, *words, "--ask", "swap", "--out", out)
    assert code == 2, said
    assert "None of the 2 fields could be embedded" in said
    assert not out.exists()


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (("--out", "report.txt"), "ends in .html"),
        (("--out", "nowhere/report.html"), "does not exist; create it"),
        (
            ("--out", "r.html", "--label-table", "missing.csv", "--label-column", "x"),
            "There is no file 'missing.csv'",
        ),
        (("--out", "r.html", "--cells", "0"), "--cells is 0; give a whole number from 1"),
        (("--out", "r.html", "--ask", "turn"), "No diagnostic 'turn'; choose among confounds"),
        (("--out", "r.html", "--ask", "encoders"), "give --second-encoder FOLDER"),
        (("--out", "r.html", "--second-encoder", "none"), "no model folder at 'none'"),
        (("--out", "r.html", "--label-column", "dose"), "No label column 'dose'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(field, tmp_path, capsys, monkeypatch, extra, said):
    monkeypatch.chdir(tmp_path)
    code, out = run(capsys, "diagnose", field, *ROLES, "--labels", tmp_path / "labels.tif", *extra)
    assert code == 2
    last = out.strip().splitlines()[-1]
    assert last.startswith("napari-c3r: ")
    assert said in last
