"""The doctor tells what is there, what is missing and what is broken, and never falls over."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from napari_c3r.cli import doctor
from napari_c3r.cli.app import main
from napari_c3r.cli.doctor import computing, format_report, packages, window
from napari_c3r.core.encoder import local

HEALTHY = (
    {key: {"text": "fine", "broken": False} for key in ("Qt", "settings", "torch", "gl")},
    "exit code 0",
)


def run(capsys) -> tuple[int, dict[str, str], str]:
    """Exit code, text by title, and all that was printed."""
    with pytest.raises(SystemExit) as ended:
        main(["doctor"])
    said = capsys.readouterr()
    text = said.out + said.err
    assert "Traceback" not in text
    lines = {line[:17].strip(): line[18:] for line in text.splitlines()}
    return int(ended.value.code or 0), lines, text


@pytest.fixture
def no_window(monkeypatch):
    monkeypatch.setattr(window, "_ask", lambda: HEALTHY)


def test_everything_is_told_and_no_home_is_named(capsys, monkeypatch):
    home = Path(sys.executable).parents[1]
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    code, lines, text = run(capsys)
    assert code == 0
    assert lines["result"] == "nothing is broken"
    assert str(home) not in text
    assert "~" in lines["python"]
    for name in ("napari-c3r", "napari", "npe2", "qtpy", "numpy", "torch", "scikit-image"):
        assert lines[name][0].isdigit()
    assert lines["Qt"].partition(" by ")[2].startswith(("PyQt6", "PySide6"))
    assert lines["settings"].startswith("device ")
    assert lines["PyTorch beside Qt"] == "loads"
    shown = os.environ.get("DISPLAY") and os.environ.get("QT_QPA_PLATFORM") != "offscreen"
    assert ("on the platform" in lines["OpenGL"]) or not shown
    assert "GB free" in lines["memory"]
    assert "bfloat16" in lines["device cpu"]
    assert lines["bundled encoder"].endswith("match their checksum")
    for extra, purpose in (("czi", "CZI files"), ("nd2", "ND2 files"), ("lif", "LIF files")):
        assert lines[purpose] == "installed" or f'"napari-c3r[{extra}]"' in lines[purpose]


@pytest.mark.usefixtures("no_window")
def test_damaged_weights_are_broken(capsys, monkeypatch, tmp_path):
    shutil.copytree(local.MODELS / "bundled", tmp_path / "bundled")
    (tmp_path / "bundled" / "config.json").write_text("{}")
    monkeypatch.setattr(local, "MODELS", tmp_path)
    code, lines, _ = run(capsys)
    assert code == 1
    assert "does not match its checksum" in lines["bundled encoder"]
    assert lines["result"] == "broken: bundled encoder"


@pytest.mark.usefixtures("no_window")
def test_packages_that_do_not_fit_are_broken(capsys, monkeypatch):
    needed = ["numpy>=99", "no-such-thing>=1", "pandas>=1", "cellpose>=4; extra == 'cellpose'"]
    monkeypatch.setattr(packages, "requires", lambda _: needed)
    code, lines, text = run(capsys)
    assert code == 1
    assert lines["numpy"].endswith('does not fit: pip install "numpy>=99"')
    assert 'no-such-thing     missing: pip install "no-such-thing>=1"' in text
    assert lines["result"] == "broken: numpy, no-such-thing"


@pytest.mark.usefixtures("no_window")
def test_a_torch_that_does_not_load_is_one_line(capsys, torch_clash):
    code, lines, _ = run(capsys)
    assert code == 1
    assert lines["PyTorch"].startswith(f"does not load ({torch_clash}")


def test_what_falls_over_is_one_line(monkeypatch):
    def fall():
        raise OSError("no such\nthing")

    monkeypatch.setattr(computing, "processor", fall)
    monkeypatch.setattr(window, "_ask", lambda: HEALTHY)
    assert "fall              cannot be told (OSError: no such)\n" in format_report(
        doctor.run_checks()
    )


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for Python")
@pytest.mark.parametrize(
    ("last", "seconds", "said"),
    [
        ("kill -SEGV $$", 60, "cannot be told (ended by signal 11: libGL error)"),
        ("exec sleep 60", 3, "cannot be told (no answer in 3 s)"),
        ("exit 3", 60, "cannot be told (exit code 3: libGL error)"),
    ],
)
def test_a_driver_that_crashes_or_hangs_is_one_line(monkeypatch, tmp_path, last, seconds, said):
    script = tmp_path / "python"
    fact = '{"asked": "Qt", "title": "", "text": "6.1 by PyQt6", "broken": false}'
    script.write_text(f"#!/bin/sh\necho noise\necho '{fact}'\necho libGL error >&2\n{last}\n")
    script.chmod(0o755)
    monkeypatch.setattr(window.sys, "executable", str(script))
    monkeypatch.setattr(window, "SECONDS", seconds)
    found = {finding.title: finding.text for finding in window.window()}
    assert found["Qt"] == "6.1 by PyQt6"
    assert found["settings"] == said
    assert found["OpenGL"] == "cannot be told (as the process that asks had ended before)"
