"""What stands under a path: devices, pipes, loops and names that no system takes."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.paths import require_file, require_there, shown

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX kinds of files")


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.tif")
    return folder / "pipe.tif"


def _socket(folder: Path) -> Path:
    here = Path.cwd()
    os.chdir(folder)
    try:
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind("s.tif")
    finally:
        os.chdir(here)
    return folder / "s.tif"


def _loop(folder: Path) -> Path:
    (folder / "a.tif").symlink_to("b.tif")
    (folder / "b.tif").symlink_to("a.tif")
    return folder / "a.tif"


def _dangling(folder: Path) -> Path:
    (folder / "a.tif").symlink_to("gone.tif")
    return folder / "a.tif"


def _under_a_file(folder: Path) -> Path:
    (folder / "a").write_text("x")
    return folder / "a" / "b.tif"


UNUSABLE = {
    "device": (lambda _: Path(os.devnull), "a device"),
    "pipe": (_pipe, "a pipe"),
    "socket": (_socket, "a socket"),
    "loop": (_loop, "cannot be used"),
    "dangling link": (_dangling, "does not exist"),
    "long name": (lambda folder: folder / ("x" * 300), "cannot be used"),
    "zero byte": (lambda folder: folder / "a\0b", "cannot be used"),
    "under a file": (_under_a_file, "does not exist"),
}


@pytest.mark.parametrize(("make", "said"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_no_file_or_folder(tmp_path, make, said):
    path = make(tmp_path)
    for check in (require_there, require_file):
        with pytest.raises(InputError, match=said) as caught:
            check(path)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 260


def test_a_folder_is_there_and_is_no_file(tmp_path):
    assert require_there(tmp_path) == tmp_path
    with pytest.raises(InputError, match="is a folder"):
        require_file(tmp_path)


def test_a_long_path_is_shown_by_its_ends():
    text = shown(Path("a" * 100 + "b" * 100))
    assert len(text) == 121
    assert text.startswith("a")
    assert text.endswith("b")
