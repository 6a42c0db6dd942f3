"""Jobs beside each other, on a machine with few cores."""

from __future__ import annotations

import ast
import threading
from pathlib import Path

import pytest
from qtpy.QtCore import QThreadPool

from napari_c3r import widgets
from napari_c3r.widgets.common.jobs import Jobs


@pytest.fixture
def one_core():
    pool = QThreadPool.globalInstance()
    before = pool.maxThreadCount()
    pool.setMaxThreadCount(1)
    yield pool
    pool.setMaxThreadCount(before)


def test_a_long_job_and_one_given_up_hold_up_no_other(qtbot, one_core) -> None:
    go, began, found = threading.Event(), [], []

    def long(stop):
        began.append(stop)
        go.wait(60)
        yield "late"
        return "long"

    def short(stop):
        yield "soon"
        return "short"

    first, second = Jobs(), Jobs()
    try:
        first.start("long", long, found.append)
        qtbot.waitUntil(lambda: len(began) == 1)
        second.start("short", short, found.append)
        qtbot.waitUntil(lambda: found == ["short"])
        # Given up, it runs on unheeded, while its successor does its work.
        first.cancel()
        first.start("again", short, found.append)
        qtbot.waitUntil(lambda: found == ["short", "short"])
    finally:
        go.set()
    assert one_core.waitForDone(60_000)
    qtbot.wait(100)
    assert found == ["short", "short"]
    # The pool is as it was: nothing in it counts, and one worker of others fills it.
    assert one_core.activeThreadCount() == 0
    rest = threading.Event()
    one_core.start(lambda: rest.wait(60))
    assert one_core.activeThreadCount() == one_core.maxThreadCount() == 1
    rest.set()
    assert one_core.waitForDone(60_000)


def _is_body(function: ast.FunctionDef) -> bool:
    kinds = [ast.unparse(each.annotation) for each in function.args.args if each.annotation]
    return kinds == ["threading.Event"] and function.args.args[0].arg != "self"


def test_no_body_of_a_job_holds_what_started_it():
    """A dock that is closed would live on with all it has, as long as its job does."""
    bodies = [
        (path, inner)
        for path in sorted(Path(widgets.__path__[0]).rglob("*.py"))
        for inner in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(inner, ast.FunctionDef) and _is_body(inner)
    ]
    assert len(bodies) > 20
    held = [
        f"{path.name}:{node.lineno}"
        for path, body in bodies
        for node in ast.walk(body)
        if isinstance(node, ast.Name) and node.id == "self"
    ]
    assert held == []
