"""Kill writers at random instants and see what is left: ``python -m tools.kill all --times 100``.

Each writer runs in a process forked from a warm one and gets SIGKILL, either after a random time
or right before or after one of its calls that move, remove or flush a file. Whoever reads next
must find the old or the new, and the next writer must leave nothing but the new. The seed decides
what is killed where, but for the random times, which depend on the machine. A cluster has parts
that are killed one at a time: see `tools.kill_cluster`.
"""

from __future__ import annotations

import argparse
import os
import pickle
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.kill_cluster import ClusterBrokenError, kill_cluster
from tools.kill_targets import TARGETS, Target, load_libraries, tiny_model

_CALLS = ("replace", "rename", "unlink", "rmdir", "mkdir", "fsync")
_SECONDS = 120.0
CLUSTER = "cluster"


class Broken(Exception):
    """What was left is neither the old nor the new."""


@dataclass(frozen=True)
class Plan:
    """How a writer is killed.

    Attributes
    ----------
    seconds
        After which it is killed, or None.
    call
        Or at which of its calls, from 0.
    after
        Whether once the call is done, or before.
    exchange
        Whether the system can exchange two names.
    """

    seconds: float | None = None
    call: int | None = None
    after: bool = False
    exchange: bool = True


def forked(body: Callable[[], Any], plan: Plan = Plan()) -> tuple[bool, int]:
    """Run something in a process of its own; whether it was killed, and how many calls it made.

    Raises
    ------
    Broken
        It failed, or hangs.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _run(body, plan, writing)
    os.close(writing)
    began = time.monotonic()
    with os.fdopen(reading, "rb") as stream:
        if plan.seconds is not None:
            time.sleep(plan.seconds)
            os.kill(child, signal.SIGKILL)
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() - began > _SECONDS:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                raise Broken("a writer hangs")
            time.sleep(0.002)
        said = stream.read()
    if not said:
        return True, 0
    calls, error = pickle.loads(said)
    if error:
        raise Broken(error)
    return False, calls


def _run(body: Callable[[], Any], plan: Plan, writing: int) -> None:
    error = ""
    calls = _hook(plan)
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        body()
    except SystemExit as ended:
        error = f"a writer ended with {ended.code}" if ended.code else ""
    except BaseException as raised:
        error = f"a writer failed: {type(raised).__name__}: {raised}"
    finally:
        os.write(writing, pickle.dumps((len(calls), error)))
        os._exit(0)


def _hook(plan: Plan) -> list[str]:
    """Count the calls that change a folder, and die at one of them."""
    from napari_c3r.core import atomic

    made: list[str] = []

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            made.append(name)
            here = len(made) - 1 == plan.call
            if here and not plan.after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = real(*args, **kwargs)
            if here:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    for name in _CALLS:
        setattr(os, name, counted(name, getattr(os, name)))
    real = atomic._exchange if plan.exchange else lambda *_: False
    atomic._exchange = counted("exchange", real)
    return made


def kill_many(target: Target, times: int, rng: random.Random) -> Counter[str]:
    """Kill the writers of a target so many times; what was found after each.

    Raises
    ------
    Broken
        Neither the old nor the new, or something else beside the new in the end.
    """
    found: Counter[str] = Counter()
    forked(lambda: target.write(0))
    began = time.monotonic()
    # Over another, which takes more calls.
    _, calls = forked(lambda: target.write(1))
    seconds = time.monotonic() - began
    turn = 2
    while found["kills"] < times:
        exchange = rng.random() < 0.5
        by_call = Plan(call=rng.randrange(calls), after=rng.random() < 0.5, exchange=exchange)
        by_time = Plan(seconds=rng.uniform(0, seconds), exchange=exchange)
        plan = by_call if rng.random() < 0.5 else by_time
        killed, _ = forked(lambda turn=turn: target.write(turn), plan)
        if not killed:
            found["through before"] += 1
        else:
            found["kills"] += 1
            found["at a call" if plan is by_call else "at a time"] += 1
        left = target.left(turn)
        if left not in ("old", "new", "part"):
            raise Broken(f"after {found['kills']} kills, {plan}: {left}")
        found[left] += killed
        if rng.random() < 0.5:
            forked(lambda turn=turn: target.write(turn), Plan(exchange=exchange))
            remains = target.left(turn, finished=True)
            if remains != "new":
                raise Broken(f"written again after {found['kills']} kills, {plan}: {remains}")
            turn += 1
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill what is named; 1 if anything was broken."""
    parser = argparse.ArgumentParser(prog="python -m tools.kill", description=__doc__)
    parser.add_argument("what", nargs="+", choices=[*TARGETS, CLUSTER, "all"])
    parser.add_argument("--times", type=int, default=100, help="kills of each")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    if not hasattr(os, "fork"):
        print("This system cannot fork a process, so nothing can be killed here")
        return 0
    load_libraries()
    broken = 0
    with tempfile.TemporaryDirectory(prefix="kill-") as scratch:
        for name in (*TARGETS, CLUSTER) if "all" in given.what else given.what:
            folder = Path(scratch) / name
            folder.mkdir()
            try:
                told = _kill(name, folder, given.times, random.Random(given.seed))
            except (Broken, ClusterBrokenError) as error:
                broken += 1
                told = f"BROKEN: {error}"
            print(f"{name}: {told}", flush=True)
    return int(broken > 0)


def _kill(name: str, folder: Path, times: int, rng: random.Random) -> str:
    """Kill something so many times; what was found, in a line."""
    if name == CLUSTER:
        return kill_cluster(folder, tiny_model(folder / "tiny"), times, rng)
    found = kill_many(TARGETS[name](folder), times, rng)
    return (
        f"{found['kills']} kills ({found['at a time']} at a random time, "
        f"{found['at a call']} at a call): {found['old']} left the old, {found['new']} the "
        f"new, {found['part']} whole parts that the next goes on from, 0 anything else"
    )


if __name__ == "__main__":
    sys.exit(main())
