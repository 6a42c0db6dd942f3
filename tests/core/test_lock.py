"""One process at a time in a folder, whatever became of the last."""

from __future__ import annotations

import errno
import json
import os
import platform
import subprocess
import sys

import pytest

from napari_c3r.core import lock
from napari_c3r.core.errors import InputError, OutputError
from napari_c3r.core.lock import FolderLock

HOLD = """
import pathlib, sys, time
from napari_c3r.core import lock
if sys.argv[2] == "no locks":
    def fail(_): raise OSError(95, "Operation not supported")
    lock._lock = fail
held = lock.FolderLock(pathlib.Path(sys.argv[1]))
held.acquire()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture(params=["locks", "no locks"])
def system(request, monkeypatch):
    """File systems with locks and without."""
    if request.param == "no locks":

        def fail(_):
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

        monkeypatch.setattr(lock, "_lock", fail)
    return request.param


def test_a_second_one_is_refused_until_the_first_is_through(tmp_path, system):
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.acquire()
    with pytest.raises(InputError, match=rf"in use by another run \(process {os.getpid()} on "):
        second.acquire()
    first.release()
    second.acquire()
    first.release()
    with pytest.raises(InputError, match="wait until it ends, or choose another folder"):
        FolderLock(tmp_path).acquire()
    second.release()
    assert list(tmp_path.iterdir()) == []


def test_that_of_another_process_counts_until_it_is_killed(tmp_path, system):
    other = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path, system], stdout=-1)
    try:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(InputError, match=f"process {other.pid} on "):
            FolderLock(tmp_path).acquire()
    finally:
        other.kill()
        other.communicate()
    taken = FolderLock(tmp_path)
    taken.acquire()
    taken.release()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("said", ["", "{", "[]", "null", '{"pid": 99999999999}'])
def test_what_is_no_lock_is_taken_over(tmp_path, said):
    (tmp_path / lock.NAME).write_text(said)
    taken = FolderLock(tmp_path)
    taken.acquire()
    with pytest.raises(InputError):
        FolderLock(tmp_path).acquire()
    taken.release()


def test_where_there_are_no_locks_another_machine_is_believed(tmp_path, monkeypatch):
    def fail(_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(lock, "_lock", fail)
    (tmp_path / ".lock-by-file").write_text(json.dumps({"pid": 1, "host": "elsewhere"}))
    with pytest.raises(InputError, match="process 1 on elsewhere"):
        FolderLock(tmp_path).acquire()
    said = {"pid": 99999999, "host": platform.node()}
    (tmp_path / ".lock-by-file").write_text(json.dumps(said))
    FolderLock(tmp_path).acquire()


def test_a_closed_folder_is_one_line(tmp_path):
    with pytest.raises(OutputError, match="Could not write"):
        FolderLock(tmp_path / "missing").acquire()
