"""Options of the shell: what cannot be is refused in one line before anything is computed."""

from __future__ import annotations

import pytest

import napari_c3r as c3r
from tests.cli.conftest import one_line, small_field

LABELS = ("--labels", "l.tif")
ROLES = ("--context", "DNA", "--concept", "RNA")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--batch-size=--5"], "--batch-size is '--5'; give a whole number from 1 to"),
        (["--batch-size", "²"], "--batch-size is '²'"),
        (["--batch-size", "0"], "--batch-size is 0"),
        (["--batch-size", "1e3"], "--batch-size is '1e3'"),
        (
            ["--z=--5"],
            "--z is '--5'; give a whole number of 0 or more, max, mean, focus or one by "
            "channel such as DNA=max",
        ),
        (["--z=-1"], "--z is -1"),
        (["--z", "9" * 5000], "(5002 letters)"),
        (["--t", "nan"], "--t is 'nan'"),
        (["--scene=-2"], "--scene is -2"),
        (["--pixel-size-um", "1e300"], "--pixel-size-um is 1e+300; give a number from"),
        (["--pixel-size-um", "nan"], "--pixel-size-um is 'nan'"),
        (["--field-um", "inf"], "--field-um is 'inf'"),
        (["--crop-size-px", "2"], "--crop-size-px is 2"),
        (["--nucleus-size-px", "0"], "--nucleus-size-px is 0.0"),
        (["--names", "DNA=X,DNA=Y"], "'DNA' is given a new name twice"),
        (["--names", "DNA=X,RNA=X"], "'X' occurs 2 times"),
        (["--context", "DNA,DNA", "--concept", "RNA"], "--context names 'DNA' twice"),
        (["--context", '"DNA', "--concept", "RNA"], "not closed"),
        (["--method", "by\neye"], "'by\\neye'; give classical"),
        (["--device", "\x1b[2J"], "\\x1b[2J"),
        (["--bo\x1b[2Jgus"], "\\x1b[2J"),
    ],
)
@pytest.mark.parametrize("command", ["embed", "plate"])
def test_what_cannot_be_is_refused_first(shell, command, words, said, monkeypatch):
    small_field()
    monkeypatch.setattr("napari_c3r.core.embed.field.FieldEmbedder.steps", pytest.fail)
    out = "o.csv" if command == "embed" else "o"
    line = one_line(
        *shell(command, "f.ome.tif" if command == "embed" else ".", "--out", out, *words)
    )
    assert said in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["embed", "f.ome.tif", "--labels-channel", "x", "--out", "o.csv"], "no --labels"),
        (
            ["embed", "f.ome.tif", "--out", "o.csv", "--map", "--seed", "-1"],
            "--seed is -1; give a whole number from 0 to 2147483647",
        ),
        (["embed", "f.ome.tif", "--out", "o.csv", "--seed", "1_000"], "--seed is '1_000'"),
        (["embed", "f.ome.tif", "--out", "o.xlsx"], "ends in .csv"),
        (["embed", "f.ome.tif", "--out", "no/o.csv"], "does not exist"),
        (["diagnose", "f.ome.tif", "--out", "r.html", "--cells", "0"], "--cells is 0"),
        (["diagnose", "f.ome.tif", "--out", "r.html", "--cells", "²"], "--cells is '²'"),
        (["diagnose", "f.ome.tif", "--out", "r.html", "--seed", "-1"], "--seed is -1"),
        (["diagnose", "f.ome.tif", "--out", "r.html", "--label-table", "t.csv"], "--label-column"),
        (["demo", "--out", "d", "--seed", "-1"], "--seed is -1"),
        (["demo", "--out", "d", "--seed=1", "--seed", "2"], "--seed is given twice, as '1' and"),
        (
            ["embed", "f.ome.tif", "--out", "o.csv", "--context", "DNA", "--context=RNA"],
            "--context is given twice, as 'DNA' and 'RNA'; give it once",
        ),
        (["demo", "--out", "d", "--seed", "9" * 30], "--seed is '9999"),
    ],
)
def test_what_does_nothing_or_cannot_be_kept_is_refused_first(shell, tmp_path, words, said):
    small_field()
    before = sorted(tmp_path.iterdir())
    assert said in one_line(*shell(*words))
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "note"),
    [
        (["--seed", "3"], "--seed does nothing without --map"),
        (["--nucleus", "DNA", "--cell-distance-px", "3"], "--nucleus, --cell-distance-px do"),
    ],
)
def test_what_does_nothing_beside_the_others_is_said(shell, words, note):
    small_field()
    code, said = shell("embed", "f.ome.tif", *LABELS, *ROLES, "--out", "o.csv", *words)
    assert code == 0, said
    assert f"Note: {note}" in said


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Alexa 488, 50%", ["Alexa 488, 50%", '"Alexa 488, 50%"', "Alexa 488\\, 50%"]),
        ("a=b", ["a=b", '"a=b"', "a\\=b"]),
        ('5" x, 2', ['5" x, 2', '"5\\" x, 2"', '5" x\\, 2']),
        ("x\\y", ["x\\y", '"x\\\\y"']),
        ("[bold]", ["[bold]"]),
        ("²", ["²"]),
    ],
)
def test_any_channel_can_be_named(shell, name, written):
    small_field(("DNA", name))
    for text in written:
        words = ("--context", "DNA", "--concept", text, "--out", "o.csv")
        code, said = shell("embed", "f.ome.tif", *LABELS, *words)
        assert code == 0, said
        assert set(c3r.read("o.csv").var["concept_channel"]) == {name}
        renamed = ("--names", f"{text}=X", "--context", "DNA", "--concept", "X", "--out", "o.csv")
        code, said = shell("embed", "f.ome.tif", *LABELS, *renamed)
        assert code == 0, said
        assert set(c3r.read("o.csv").var["concept_channel"]) == {"X"}
        if text == written[0]:
            code, said = shell("embed", "f.ome.tif", "--cell", text, "--out", "o.csv", *words[:4])
            assert code == 0, said


def test_cells_that_get_no_label_are_counted(shell, tmp_path):
    small_field(cells=16)
    rows = "".join(f"{label};{'a' if label % 2 else 'b'}\n" for label in range(1, 13))
    (tmp_path / "t.csv").write_text("Label;Drug\n" + rows + "99;c\n")
    table = ("--label-table", "t.csv", "--label-column", "drug", "--ask", "swap")
    code, said = shell("diagnose", "f.ome.tif", *LABELS, *ROLES, *table, "--out", "r.html")
    assert code == 0, said
    assert "Note: 4 of 16 cells got no 'drug' from the table of labels: label 13; label 14" in said
    assert "Note: 1 of 13 keys in the table of labels fit no cell: label 99" in said
    assert "4 of 16 cells got no 'drug'" in (tmp_path / "r.md").read_text("utf-8")
