"""Python, the system, and the packages that are needed or can be added."""

from __future__ import annotations

import importlib.util
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from napari_c3r.cli.doctor.result import CheckResult

# Those that decide the numbers or are often at fault; others are named only where they do not fit.
_SHOWN: Final = (
    *("napari-c3r", "napari", "npe2", "qtpy", "numpy", "torch", "scikit-image", "umap-learn"),
    "anndata",
)

# What can be added: the module that shows it is there, and the extra that brings it.
_EXTRAS: Final = {
    "CZI files": ("bioio_czi", "czi"),
    "ND2 files": ("bioio_nd2", "nd2"),
    "LIF files": ("bioio_lif", "lif"),
    "Cellpose": ("cellpose", "cellpose"),
    "StarDist": ("stardist", "stardist"),
    "InstanSeg": ("instanseg", "instanseg"),
}


def system() -> Iterator[CheckResult]:
    """Python and the operating system."""
    yield CheckResult("python", f"{platform.python_version()} at {sys.executable}")
    yield CheckResult("system", platform.platform())


def packages() -> Iterator[CheckResult]:
    """Versions, and every package that is missing or of a version that does not fit."""
    problems = dict(_unfit())
    for name in _SHOWN:
        problem = problems.pop(name, "")
        yield CheckResult(name, problem or _version(name), bool(problem))
    for name, problem in problems.items():
        yield CheckResult(name, problem, broken=True)


def _unfit() -> Iterator[tuple[str, str]]:
    """Packages that the installed plugin needs and does not have, each with what to do."""
    from packaging.requirements import Requirement

    for line in requires("napari-c3r") or ():
        needed = Requirement(line)
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        there = _version(needed.name)
        if there == _MISSING:
            yield needed.name, f'missing: pip install "{needed.name}{needed.specifier}"'
        elif not needed.specifier.contains(there, prereleases=True):
            wanted = f'"{needed.name}{needed.specifier}"'
            yield needed.name, f"{there} does not fit: pip install {wanted}"


_MISSING: Final = "not installed"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return _MISSING


def extras() -> Iterator[CheckResult]:
    """Readers and segmentation that can be added."""
    for purpose, (module, extra) in _EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        add = f'not installed; to add: pip install "napari-c3r[{extra}]"'
        yield CheckResult(purpose, "installed" if there else add)
