"""Work shared out among cores."""

from __future__ import annotations

import threading
import time

import pytest

from napari_c3r.core import cores
from napari_c3r.core.cores import allowed_threads, side_by_side, usable_cores


@pytest.mark.parametrize(
    ("said", "threads"), [("1", 1), ("3", 3), (" 2,4", 2), ("99", 4), ("0", 4), ("", 4), ("x", 4)]
)
def test_a_process_takes_the_cores_there_are_but_no_more_than_its_share(monkeypatch, said, threads):
    monkeypatch.setattr(cores, "usable_cores", lambda: 4)
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert allowed_threads() == threads
    assert usable_cores() >= 1


class Work:
    """Squares numbers, the first of them last, and sees how many are at work at a time."""

    def __init__(self):
        self.lock, self.now, self.most, self.done = threading.Lock(), 0, 0, []

    def __call__(self, number):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02 if number % 3 == 0 else 0.001)
        with self.lock:
            self.now -= 1
            self.done.append(number)
        if number == 13:
            raise ValueError("unlucky")
        return number**2


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_the_order_of_the_items(monkeypatch, threads):
    monkeypatch.setattr(cores, "_turns", lambda: threading.Semaphore(8))
    work, taken = Work(), []
    items = (taken.append(number) or number for number in range(10))
    results = side_by_side(work, items, threads)
    assert next(results) == 0
    assert len(taken) <= threads + 2
    assert list(results) == [number**2 for number in range(1, 10)]
    assert work.most == threads


def test_several_callers_share_the_cores(monkeypatch):
    turns = threading.Semaphore(2)
    monkeypatch.setattr(cores, "_turns", lambda: turns)
    work = Work()
    callers = [
        threading.Thread(target=lambda: list(side_by_side(work, range(8), 4))) for _ in range(3)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(work.done) == 24
    assert work.most == 2


def test_what_is_raised_reaches_the_caller_and_nothing_is_begun_after_it():
    work = Work()
    with pytest.raises(ValueError, match="unlucky"):
        list(side_by_side(work, range(10, 100), 2))
    assert max(work.done) < 20
