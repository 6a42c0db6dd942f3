"""Jobs beside each other, on a machine with few cores."""

from __future__ import annotations

import ast
import random
import sys
import threading
from functools import partial
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


@pytest.fixture
def jobs(qtbot):
    """Some jobs, and what was said of them."""
    made, said = Jobs(), []
    made.started.connect(lambda name: said.append(("started", name)))
    made.failed.connect(lambda name, line: said.append((name, line)))
    made.finished.connect(lambda name: said.append(("finished", name)))
    yield made, said
    made.discard()


def test_whatever_ends_a_job_it_is_said_to_have_ended(qtbot, jobs) -> None:
    made, said = jobs

    def leaves(stop):
        yield "soon"
        raise SystemExit(3)

    made.start("leaves", leaves, lambda _: None)
    qtbot.waitUntil(lambda: made.running is None)
    assert said[1][0] == "leaves"
    assert "SystemExit: 3" in said[1][1]
    assert said[-1] == ("finished", "leaves")

    # Another plugin that waits for all workers makes each of them quit.
    go, began = threading.Event(), threading.Event()

    def long(stop):
        began.set()
        go.wait(60)
        yield "soon"
        yield "late"

    made.start("quits", long, lambda _: None)
    qtbot.waitUntil(began.is_set)
    made._worker.quit()
    go.set()
    qtbot.waitUntil(lambda: made.running is None)
    assert said[-2:] == [
        ("quits", "The work was ended from outside; start again"),
        ("finished", "quits"),
    ]


def test_a_result_that_cannot_be_shown_ends_the_job_all_the_same(qtbot, jobs) -> None:
    made, said = jobs

    def short(stop):
        yield "soon"
        return "short"

    def fail(found):
        raise ValueError(found)

    with qtbot.capture_exceptions() as raised:
        made.start("shown", short, fail)
        qtbot.waitUntil(lambda: ("finished", "shown") in said)
    assert [kind for kind, *_ in raised] == [ValueError]
    assert made.running is None


@pytest.fixture
def restless():
    """Threads take turns thousands of times more often, as when many want the processor."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_no_job_is_lost_on_a_busy_machine(qtbot, one_core, restless) -> None:
    """Started, replaced while they wait, stopped and given up, with a worker of others there."""
    rng, found, wanted = random.Random(7), {}, {}
    many = [Jobs() for _ in range(6)]
    rest = threading.Event()
    one_core.start(lambda: rest.wait(60))

    def body(number):
        def work(stop):
            for step in range(3):
                yield step
                if stop.is_set():
                    break
            return number

        return work

    try:
        for number in range(60):
            which = rng.randrange(len(many))
            jobs = many[which]
            jobs.start(f"job {number}", body(number), partial(found.__setitem__, which))
            wanted[which] = number
            do = rng.random()
            if do < 0.1:
                jobs.cancel()
                wanted[which] = found.get(which)
            elif do < 0.2:
                jobs.request_stop()
            elif do < 0.5:
                qtbot.wait(rng.choice((1, 2, 5)))
                if jobs.running is None:
                    assert found[which] == number
        qtbot.waitUntil(lambda: not any(jobs.running for jobs in many), timeout=60_000)
    finally:
        rest.set()
    assert one_core.waitForDone(60_000)
    qtbot.waitUntil(lambda: one_core.activeThreadCount() == 0)
    assert found == {which: number for which, number in wanted.items() if number is not None}
