from __future__ import annotations

import errno
import os

import pytest

from napari_c3r.core.atomic import replacing, require_folder, require_writable
from napari_c3r.core.errors import InputError


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

    def refuse(**_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(InputError, match="Permission denied"):
        require_writable(tmp_path / "a.csv")


def test_a_folder_is_made_unless_a_file_is_in_the_way(tmp_path):
    assert require_folder(tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    for name in ("file", "file/below"):
        with pytest.raises(InputError, match="folder"):
            require_folder(tmp_path / name)
