"""Where real images and golden numbers are, and isolation from the user's own settings."""

from __future__ import annotations

import functools
import gc
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def pytest_runtest_setup(item):
    """Skip what draws with OpenGL where nothing can."""
    if item.get_closest_marker("gl") and not _has_screen():
        pytest.skip("napari's canvas needs a screen with OpenGL; run under Xvfb")


def _has_screen() -> bool:
    if os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        return False
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return sys.platform != "linux" or bool(shown)


def _folder(variable: str, default: Path, what: str) -> Path:
    path = Path(os.environ.get(variable, default))
    if not path.is_dir():
        pytest.skip(f"{what} not found at {path}; set {variable} to their folder")
    return path


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real microscopy images, outside the project."""
    return _folder("C3R_DATA", SHARED / "data", "real images")


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """Folder of numbers computed by the official code."""
    return _folder("C3R_REFERENCE", SHARED / "reference", "golden numbers") / "golden"


@pytest.fixture(scope="module", autouse=True)
def _kept_between_modules():
    """Leave alone what stays, such as what was imported, when garbage is looked for.

    A run of all tests imports millions of objects, through which every collection would go.
    """
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def compiled_once():
    """UMAP compiles the same code anew for every pair of aligned maps, for seconds; here once."""
    import numba
    import umap.layouts

    njit = numba.njit
    kept = functools.cache(njit)

    def njit_once(*functions, **options):
        ours = functions and getattr(functions[0], "__module__", "") == umap.layouts.__name__
        return (kept if ours else njit)(*functions, **options)

    numba.njit = njit_once
    yield
    numba.njit = njit


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Path:
    """A model folder called bundled, of a network that takes no time."""
    import torch

    from napari_c3r.core.encoder import write_model_folder
    from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder

    config = CceConfig(
        name="tiny", width=16, heads=2, branch_depth=1, joint_depth=1, input_size=32, field_um=20.0
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weights = ContextConceptEncoder(config).state_dict()
    folder = tmp_path_factory.mktemp("models") / "bundled"
    return write_model_folder(folder, config, weights, "# Tiny\n")


class _Clash:
    """What Windows says when another library's DLLs are in the way of PyTorch's."""

    WORDS = "[WinError 1114] A dynamic link library (DLL) initialization routine failed"

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise OSError(f'{self.WORDS}. Error loading "c10.dll" or one of its dependencies.')


@pytest.fixture
def torch_clash(monkeypatch):
    """PyTorch cannot be loaded into this process, whatever was loaded before; says how."""
    from napari_c3r.core.encoder.loading import torch_problem

    torch_problem.cache_clear()
    for name, module in list(sys.modules.items()):
        ours = name.startswith("napari_c3r.") and hasattr(module, "torch")
        if name.partition(".")[0] == "torch" or ours:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Clash(), *sys.meta_path])
    yield _Clash.WORDS
    torch_problem.cache_clear()
