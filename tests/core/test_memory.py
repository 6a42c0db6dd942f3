"""What is free, and what is refused before it is built."""

from __future__ import annotations

import pytest

from napari_c3r.core import memory
from napari_c3r.core.errors import InputError


def test_what_fits_passes_and_what_does_not_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 3_000_000_000)
    memory.require_memory(2_999_999_999, "x.tif")
    with pytest.raises(InputError, match=r"^x\.tif would take 4 GB of memory, and 3 GB are free"):
        memory.require_memory(4_000_000_000, "x.tif")


def test_the_limit_of_a_container_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    whole = memory.free_memory()
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 300\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.free_memory() > 0.1 * whole
    (tmp_path / "memory.max").write_text("1000\n")
    assert memory.free_memory() == 400


@pytest.mark.skipif(memory.sys.platform == "win32", reason="limits of POSIX")
def test_the_limit_of_the_process_counts(monkeypatch):
    import resource

    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(resource, "getrlimit", lambda _: unlimited)
    assert memory.free_memory() > 0
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1, 1))
    assert memory.free_memory() == 0
