"""The tool that tries odd command lines and spoilt files: what it counts, and a short run of it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.fuzz import trials, watch
from tools.fuzz.spoil import spoil
from tools.fuzz.words import commands, draw_line


def test_every_command_and_its_options_are_known():
    assert {"embed", "plate", "diagnose", "convert", "demo", "doctor"} <= set(commands())
    assert {"--out", "--map", "--z", "--label-table"} <= {o for c in commands().values() for o in c}
    assert "int" in commands()["embed"]["--seed"]


def test_a_seed_decides_the_command_line():
    lines = [draw_line(random.Random(seed)) for seed in range(40)]
    assert lines == [draw_line(random.Random(seed)) for seed in range(40)]
    assert len({tuple(line) for line in lines}) > 30


@pytest.mark.parametrize("name", ["a.json", "a.csv", "a.tif", "a.bin", "empty.json"])
def test_a_seed_decides_what_is_spoilt_and_no_other_file_is_touched(tmp_path, name):
    sound = b"" if "empty" in name else json.dumps({"a": [1, {"b": None}], "c": "d,e"}).encode()
    (tmp_path / "origin").write_bytes(sound)
    seen = []
    for _ in range(2):
        results = []
        for seed in range(60):
            path = tmp_path / f"{len(seen)}-{seed}" / name
            path.parent.mkdir()
            os.link(tmp_path / "origin", path)
            said = spoil(path, random.Random(seed))
            results.append((said, path.read_bytes() if path.is_file() else None))
        seen.append(results)
    assert seen[0] == seen[1]
    assert (tmp_path / "origin").read_bytes() == sound
    assert len({content for _, content in seen[0]}) > (1 if not sound else 25)


def _say(text: str, code: int):
    def call():
        sys.stderr.write(text)
        raise SystemExit(code)

    return call


def _raise():
    raise RuntimeError("codec")


@pytest.mark.parametrize(
    ("call", "code", "defect"),
    [
        (_say("Wrote o.csv\n", 0), 0, ""),
        (_say("  DNA: context\n1/2 a: done\nWrote o.csv\n", 1), 1, ""),
        (_say("napari-c3r: 'x' does not exist\n", 2), 2, ""),
        (_say("napari-c3r: 'x'\nnapari-c3r: 'y'\n", 2), 2, "not one line"),
        (_say("something else\n", 2), 2, "not one line"),
        (_say("", 2), 2, "not one line"),
        (_say("napari-c3r: '\x1b[2J'\n", 2), 2, "control characters"),
        (_say("napari-c3r: '\u202e'\n", 2), 2, "control characters"),
        (_say("", 130), 130, "exit 130"),
        (_raise, 1, "traceback RuntimeError"),
        (lambda: os.kill(os.getpid(), signal.SIGTERM), -15, "exit -15"),
        (lambda: time.sleep(60), None, "hang"),
        (lambda: bytearray(b"x") * (150 * 2**20), 0, "over 2 GB"),
        (lambda: bytearray(b"x") * (900 * 2**20), 1, "traceback MemoryError"),
    ],
)
def test_what_is_counted(tmp_path, monkeypatch, call, code, defect):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(watch, "MEGABYTES", 100)
    monkeypatch.setattr(watch, "_CEILING", 500 * 2**20)
    outcome = watch.run(trials.Trial("test", call=call), seconds=0.5 if code is None else 20)
    assert outcome.code == code
    assert len(outcome.defects) == bool(defect)
    assert all(found.startswith(defect) for found in outcome.defects)


def test_a_short_run_finds_no_defect():
    done = subprocess.run(
        [sys.executable, "-m", "tools.fuzz", "--runs", "40", "--seed", "1", "--jobs", "2"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "40 trials in" in done.stdout
