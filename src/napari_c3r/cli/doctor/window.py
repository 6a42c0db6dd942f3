"""What can only be found out with a window: Qt, OpenGL, napari's settings, PyTorch next to Qt.

A broken driver ends the process that asks it, so another process asks: this module, run with -m.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, Final

from napari_c3r.cli.doctor.result import CheckResult, one_line

SECONDS: Final = 120
_PROBE: Final = "napari_c3r.cli.doctor.window"


def window() -> Iterator[CheckResult]:
    """Ask another process, and say how far it came if it did not come to its end."""
    reported, end = _ask()
    requested = {"Qt": "Qt", "settings": "settings", "torch": "PyTorch beside Qt", "gl": "OpenGL"}
    for key, title in requested.items():
        if key in reported:
            yield CheckResult(title, reported[key]["text"], reported[key]["broken"])
        else:
            yield CheckResult(title, f"cannot be told ({end})")
            end = "as the process that asks had ended before"


def _ask() -> tuple[dict[str, dict[str, Any]], str]:
    """What the other process said, by key, and how it ended."""
    command = [sys.executable, "-P", "-m", _PROBE]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        said, end = done.stdout, _end_in_words(done.returncode, done.stderr)
    except subprocess.TimeoutExpired as late:
        said, end = late.stdout or b"", f"no answer in {SECONDS} s"
    reported = {}
    for line in said.decode("utf-8", "replace").splitlines():
        # Drivers print what they like.
        if line.startswith('{"asked":'):
            fact = json.loads(line)
            reported[fact["asked"]] = fact
    return reported, end


def _end_in_words(code: int, said: bytes) -> str:
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines()]
    last = next((line for line in reversed(lines) if line), "")
    how = f"exit code {code}" if code >= 0 else f"ended by signal {-code}"
    return f"{how}: {last}" if last else how


def _main() -> None:
    for key, find in (("Qt", _qt), ("settings", _settings), ("torch", _torch), ("gl", _gl)):
        fact = _found(find)
        print(json.dumps({"asked": key, **asdict(fact)}), flush=True)


def _found(find: Callable[[], str]) -> CheckResult:
    try:
        return CheckResult("", find())
    except Exception as error:
        return CheckResult("", f"cannot be told ({one_line(error)})")


def _qt() -> str:
    try:
        import qtpy
        from qtpy.QtCore import qVersion
    except Exception as error:
        if type(error).__name__ == "QtBindingsNotFoundError":
            return 'none, so no window can be opened; to add: pip install "napari[all]"'
        raise
    binding = qtpy.PYQT_VERSION or qtpy.PYSIDE_VERSION
    return f"{qVersion()} by {qtpy.API_NAME} {binding}"


def _settings() -> str:
    from napari_c3r.widgets.common.settings import read_settings

    kept = read_settings()
    batch = kept.batch_size or "auto"
    words = f"device {kept.device}, precision {kept.precision}, batch {batch}, seed {kept.seed}"
    return f"{words}; {kept.problem}" if kept.problem else words


def _torch() -> str:
    # What clashes on Windows are the libraries of Qt's widgets with those of PyTorch.
    import qtpy.QtWidgets  # noqa: F401

    from napari_c3r.core.encoder.loading import torch_problem

    problem = torch_problem()
    if problem:
        return f"does not load, so the window embeds in a process of its own ({problem})"
    return "loads"


def _gl() -> str:
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform == "linux" and not (screen or os.environ.get("QT_QPA_PLATFORM")):
        return "no screen"
    from qtpy.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

    application = QGuiApplication([])
    context, surface = QOpenGLContext(), QOffscreenSurface()
    surface.create()
    platform = application.platformName()
    if not (context.create() and context.makeCurrent(surface)):
        return f"no context can be made on the platform '{platform}'"
    from vispy.gloo import gl

    requested = (gl.GL_VENDOR, gl.GL_RENDERER, gl.GL_VERSION)
    facts = ", ".join(str(gl.glGetParameter(name)) for name in requested)
    context.doneCurrent()
    return f"{facts}, on the platform '{platform}'"


if __name__ == "__main__":
    _main()
