from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_c3r.core import atomic
from napari_c3r.core.atomic import (
    could_not_write,
    recovered,
    replacing,
    replacing_folder,
    replacing_together,
    require_folder,
    require_space,
    require_writable,
)
from napari_c3r.core.errors import InputError, OutputError
from napari_c3r.core.leftovers import temporary_path


def test_the_file_appears_whole_with_usual_permissions(tmp_path):
    path = tmp_path / "a.csv"
    with replacing(path) as temporary:
        temporary.write_text("x")
        assert not path.exists()
    assert path.read_text() == "x"
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "plain"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_line(tmp_path):
    path = tmp_path / "a.csv"
    with pytest.raises(InputError, match=r"a\.csv.*No space left") as caught, replacing(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_disk_that_is_really_full(tmp_path):
    path = tmp_path / "a.csv"
    with (
        pytest.raises(InputError, match="No space left"),
        replacing(path),
        open("/dev/full", "w") as stream,
    ):
        stream.write("x" * 100_000)
    assert not path.exists()


def test_missing_and_wrong_folders_are_named(tmp_path):
    with pytest.raises(InputError, match="does not exist"), replacing(tmp_path / "no" / "a.csv"):
        pass
    with pytest.raises(InputError, match="is a folder"), replacing(tmp_path):
        pass


def test_what_cannot_be_written_is_known_before(tmp_path, monkeypatch):
    require_writable(tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        require_writable(tmp_path / "folder.csv")

    with pytest.raises(InputError, match="File name too long"):
        require_writable(tmp_path / f"{'x' * 300}.csv")

    def refuse(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(InputError, match="Permission denied"):
        require_writable(tmp_path / "a.csv")


def test_a_folder_is_made_unless_a_file_is_in_the_way(tmp_path):
    assert require_folder(tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    for name in ("file", "file/below"):
        with pytest.raises(InputError, match="folder"):
            require_folder(tmp_path / name)


@pytest.fixture
def ended(monkeypatch):
    """Give names as a process would that has ended since."""
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1)

    def name(path, suffix):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("os.getpid", lambda: int(done.stdout))
            return temporary_path(path, suffix)

    return name


def contents(folder):
    return {each.name: each.read_text() for each in folder.iterdir()}


def fail_in(under_way):
    with under_way as new:
        first = new / "a" if isinstance(new, Path) else new[0]
        first.write_text("half")
        raise RuntimeError


def write_folder(folder, text):
    with replacing_folder(folder) as new:
        (new / "a").write_text(text)
        (new / "b").write_text(text)


@pytest.mark.parametrize("exchanges", [True, False])
def test_a_folder_is_replaced_as_a_whole(tmp_path, monkeypatch, exchanges):
    if not exchanges:
        monkeypatch.setattr(atomic, "_exchange", lambda *_: False)
    folder = tmp_path / "my.c3r"
    for text in ("one", "two", "three"):
        write_folder(folder, text)
        assert contents(folder) == {"a": text, "b": text}
    with pytest.raises(RuntimeError):
        fail_in(replacing_folder(folder))
    assert contents(folder) == {"a": "three", "b": "three"}
    assert [each.name for each in tmp_path.iterdir()] == ["my.c3r"]


def test_what_cannot_be_written_into_a_folder_is_said_of_the_folder(tmp_path):
    folder, error = tmp_path / "folder", OSError(28, "full")
    with pytest.raises(InputError) as refused, replacing_folder(folder) as new:
        raise could_not_write(new / "a.h5ad", error) from error
    assert str(refused.value).startswith(f"Could not write '{folder}': No space left on device; ")
    with pytest.raises(InputError, match="no such thing"), replacing_folder(folder):
        raise InputError("no such thing")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_moved_stays(tmp_path, monkeypatch):
    folder = tmp_path / "my.c3r"
    write_folder(folder, "old")
    monkeypatch.setattr(atomic, "_exchange", lambda *_: False)
    real = os.rename

    def busy(one, other):
        if str(one).endswith(".new"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        real(one, other)

    monkeypatch.setattr("os.rename", busy)
    with pytest.raises(OutputError, match="Permission denied"):
        write_folder(folder, "new")
    assert contents(folder) == {"a": "old", "b": "old"}
    assert [each.name for each in tmp_path.iterdir()] == ["my.c3r"]


def test_a_process_killed_between_two_moves_leaves_the_old_folder_to_be_found(tmp_path, ended):
    folder = tmp_path / "my.c3r"
    write_folder(folder, "old")
    write_folder(tmp_path / "spare", "new")
    folder.rename(ended(folder, ".old"))
    (tmp_path / "spare").rename(ended(folder, ".new"))
    assert contents(recovered(folder)) == {"a": "old", "b": "old"}
    write_folder(folder, "next")
    assert [each.name for each in tmp_path.iterdir()] == ["my.c3r"]


@pytest.mark.parametrize("name", ["a.csv", "n" * 244 + ".parquet", "µ" * 120 + ".csv", "a[1].csv"])
def test_what_a_killed_process_left_is_removed_by_the_next_and_nothing_else(tmp_path, ended, name):
    path = tmp_path / name
    mine, others = temporary_path(path, ".csv"), ended(tmp_path / "b.csv", ".csv")
    for each in (ended(path, ".csv"), mine, others, tmp_path / ".a.csv~notes", tmp_path / ".a"):
        each.touch()
    with replacing(path) as temporary:
        temporary.write_text("x")
    left = {path.name, mine.name, others.name, ".a.csv~notes", ".a"}
    assert {each.name for each in tmp_path.iterdir()} == left


def test_files_that_belong_together_are_complete_before_any_takes_its_name(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    with pytest.raises(RuntimeError):
        fail_in(replacing_together(one, two))
    assert list(tmp_path.iterdir()) == []
    with replacing_together(one, two) as (first, second):
        first.write_text("1")
        second.write_text("2")
    assert contents(tmp_path) == {"one": "1", "two": "2"}


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        OSError(28, "Can't close file (file write failed: filename = '.a~1.h5ad', errno = 28)"),
        OSError("Can't write\n(errno = 28, error message = 'No space left on device')\nmore"),
        OSError("[Errno 28] Error writing bytes to file. Detail: [errno 28] No space left"),
    ],
)
def test_what_a_library_says_of_a_full_disk_is_said_in_the_system_s_words(tmp_path, error):
    said = str(could_not_write(tmp_path / "a.h5ad", error))
    assert said.startswith(f"Could not write '{tmp_path / 'a.h5ad'}': No space left on device; ")
    assert "\n" not in said


def test_room_is_asked_for_before(tmp_path):
    require_space(tmp_path, 1)
    with pytest.raises(OutputError, match=r"MB free and about 1e\+12 MB will be needed"):
        require_space(tmp_path, 10**18)
