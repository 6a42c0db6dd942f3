"""The last net: an error that nobody foresaw is one line, and its traceback is in a log."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from napari_c3r.cli.app import main


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def run(capsys, *arguments) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0), capsys.readouterr().err


ERRORS = [
    RuntimeError("planted\nin two lines"),
    AssertionError(),
    KeyError("x"),
    RecursionError("too deep"),
    OSError(5, "Input/output error"),
    RuntimeError("a" * 1000),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    ("place", "command"),
    [
        ("napari_c3r.core.images.find_images", "embed"),
        ("napari_c3r.core.images.find_images", "plate"),
        ("napari_c3r.core.simulate.sample_field", "demo"),
        ("napari_c3r.core.encoder.convert_checkpoint", "convert"),
        ("napari_c3r.cli.doctor.run_checks", "doctor"),
    ],
)
def test_it_is_one_line_that_asks_for_a_report(
    monkeypatch, capsys, temporary, place, command, error
):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(place, fail)
    given = {"demo": [], "convert": ["a.pth"], "doctor": []}.get(command, [temporary])
    out = [] if command == "doctor" else ["--out", temporary / "o.csv"]
    code, said = run(capsys, command, *given, *out)
    assert code == 2
    assert said.count("\n") == 1
    assert "Traceback" not in said
    found = re.fullmatch(
        r"napari-c3r: This should not have happened \((.*)\)\. "
        r"Please report it with the log (.*)\n",
        said,
    )
    assert found is not None, said
    assert found[1].startswith(type(error).__name__)
    assert len(found[1]) < 200
    log = Path(found[2]).read_text("utf-8")
    assert "Traceback (most recent call last)" in log
    assert "in fail" in log
    assert "Python" in log


def test_without_a_place_for_a_log_the_line_is_said_all_the_same(monkeypatch, capsys, tmp_path):
    def fail():
        raise RuntimeError("planted")

    monkeypatch.setattr("napari_c3r.cli.doctor.run_checks", fail)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    code, said = run(capsys, "doctor")
    assert code == 2
    assert "(RuntimeError: planted). Please report it with this line and the command" in said


def test_too_little_memory_is_said_as_such(monkeypatch, capsys):
    def fail():
        raise MemoryError

    monkeypatch.setattr("napari_c3r.cli.doctor.run_checks", fail)
    code, said = run(capsys, "doctor")
    assert (code, said.startswith("napari-c3r: There is not enough memory")) == (2, True)


def test_a_file_that_ends_too_early_is_not_taken_for_the_end_of_what_is_typed(
    monkeypatch, capsys, temporary
):
    def fail():
        raise EOFError("Compressed file ended before the end-of-stream marker was reached")

    monkeypatch.setattr("napari_c3r.cli.doctor.run_checks", fail)
    code, said = run(capsys, "doctor")
    assert code == 2
    assert said.count("\n") == 1
    assert "a file ends too early: Compressed file" in said
