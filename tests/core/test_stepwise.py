"""Work that only calls back, as a generator."""

from __future__ import annotations

import threading

import pytest

from napari_c3r.core.stepwise import Stopped, stepwise


def test_all_that_is_reported_comes_in_order_and_then_the_result():
    def work(report):
        for number in range(3):
            report(number)
        return "done"

    steps = stepwise(work)
    assert [next(steps) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value == "done"


def test_errors_are_raised_where_the_result_is_waited_for():
    def work(report):
        report(1)
        raise OSError("full")

    steps = stepwise(work)
    assert next(steps) == 1
    with pytest.raises(OSError, match="full"):
        next(steps)


def test_asked_to_stop_it_ends_with_its_next_report():
    stop, ended = threading.Event(), threading.Event()

    def work(report):
        try:
            while True:
                report(0)
        finally:
            ended.set()

    steps = stepwise(work, stop)
    next(steps)
    stop.set()
    with pytest.raises(Stopped):
        list(steps)
    assert ended.is_set()


def test_closed_it_ends_too():
    ended = threading.Event()

    def work(report):
        try:
            while True:
                report(0)
        finally:
            ended.set()

    steps = stepwise(work)
    next(steps)
    steps.close()
    assert ended.wait(30)
