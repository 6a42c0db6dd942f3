"""A short run of the kills, which finds what it is made to find."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tools.kill import Broken, kill_many

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks what is killed")


def test_no_kill_leaves_neither_the_old_nor_the_new():
    # In a process of its own: what is forked must have no threads.
    done = subprocess.run(
        [sys.executable, "-m", "tools.kill", "all", "--times", "5"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "plate",
        "session",
        "table",
        "model",
        "report",
    ]
    assert all(": 5 kills (" in line and "0 anything else" in line for line in lines)


class Careless:
    """Two files written in place, one after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, turn: int) -> None:
        for name in "ab":
            os.replace(self._half(turn), self._folder / name)

    def _half(self, turn: int) -> Path:
        (self._folder / "half").write_text(str(turn % 2))
        return self._folder / "half"

    def left(self, turn: int, finished: bool = False) -> str:
        found = {(self._folder / name).read_text() for name in "ab"}
        if len(found) == 2:
            return "one of each"
        return "new" if found == {str(turn % 2)} else "old"


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_what_is_not_written_as_a_whole_is_found_out(tmp_path):
    with pytest.raises(Broken, match="one of each"):
        kill_many(Careless(tmp_path), 60, random.Random(0))
