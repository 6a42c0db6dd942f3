"""A short run of the kills, which finds what it is made to find."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tools.kill import Broken, kill_many
from tools.kill_targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks what is killed")


def killed(*words):
    """What the tool prints."""
    # In a process of its own: what is forked must have no threads.
    done = subprocess.run(
        [sys.executable, "-m", "tools.kill", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_no_kill_leaves_neither_the_old_nor_the_new():
    lines = killed(*TARGETS, "--times", "4")
    assert [line.split(":")[0] for line in lines] == [*TARGETS]
    assert all(": 4 kills (" in line and "0 anything else" in line for line in lines)


def test_no_kill_of_a_cluster_s_part_changes_the_table():
    pytest.importorskip("distributed")
    (line,) = killed("cluster", "--times", "3")
    assert line.startswith("cluster: 3 kills (1 of a worker, 1 of a scheduler, 1 of a client): ")
    assert line.endswith("0 anything else")


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
