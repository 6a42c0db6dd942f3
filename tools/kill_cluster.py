"""Kill the parts of a cluster that embeds a plate: ``python -m tools.kill cluster --times 100``.

A scheduler, two workers and the client are processes of their own, forked from a warm one. One of
them gets SIGKILL at a random instant. A worker's end must not be noticed in the result; after that
of the scheduler or the client, who runs the command again must get the table that a run without
any accident gives, byte by byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.simulated_plate import shell_words, write_plate

VICTIMS = ("worker", "scheduler", "client")
# What the client ends with. It needs no scheduler any more while it joins the tables.
_CODES = {"worker": (0,), "scheduler": (2, 0), "client": (-signal.SIGKILL,)}
_WORKERS = 2
_SECONDS = 180.0
_WELLS, _SITES = 3, 2


class ClusterBrokenError(Exception):
    """What was left is not what a run without accident leaves."""


@dataclass
class _Processes:
    """A scheduler and its workers."""

    address: str
    scheduler: int
    workers: list[int] = field(default_factory=list)


class KilledPlate:
    """A plate that is embedded again and again by clusters that are killed.

    Parameters
    ----------
    folder
        For its files.
    model
        A model folder.
    """

    def __init__(self, folder: Path, model: str) -> None:
        self._folder, self._model = folder, model
        self._where = folder / "where.txt"
        self._plate = write_plate(folder / "in", _WELLS, _SITES).folder
        self._ended(self._client(folder / "here", ()), 0)
        self._expected = _files(folder / "here")
        self.seconds = 0.0

    def time(self) -> None:
        """See how long a run without accident takes, and that it gives what one process does."""
        out = self._folder / "undisturbed"
        with self._cluster() as cluster:
            began = time.monotonic()
            self._ended(self._client(out, ("--scheduler", cluster.address)), 0)
            self.seconds = time.monotonic() - began
        self._require_whole(out)

    def trial(self, victim: str, rng: random.Random) -> str:
        """Kill one of them at a random instant, and run again where that is needed.

        Returns
        -------
        str
            ``"before"`` if the run was through by then, or what was there after the kill:
            ``"a table"`` or ``"parts"``.
        """
        out = self._folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        with self._cluster() as cluster:
            client = self._client(out, ("--scheduler", cluster.address))
            time.sleep(rng.uniform(0, self.seconds))
            through = os.waitpid(client, os.WNOHANG) != (0, 0)
            if through:
                self._require_whole(out)
                return "before"
            killed = {"scheduler": cluster.scheduler, "client": client}
            killed["worker"] = rng.choice(cluster.workers)
            os.kill(killed[victim], signal.SIGKILL)
            if victim == "worker":
                os.waitpid(killed[victim], 0)
                cluster.workers.remove(killed[victim])
            code = self._ended(client, *_CODES[victim])
            left = "a table" if (out / "cells.parquet").exists() else "parts"
            if code == 0:
                self._require_whole(out)
            elif victim == "client" and rng.random() < 0.5:
                # The workers may still be at the fields of the run that was killed.
                self._ended(self._client(out, ("--scheduler", cluster.address)), 0)
                self._require_whole(out, at_work=True)
        with self._cluster() as cluster:
            self._ended(self._client(out, ("--scheduler", cluster.address)), 0)
        self._require_whole(out)
        return left

    def _require_whole(self, out: Path, at_work: bool = False) -> None:
        found = _files(out)
        if found["cells.parquet"] != self._expected["cells.parquet"]:
            raise ClusterBrokenError("the table differs from that of an undisturbed run")
        names = {name for name in found if not (at_work and Path(name).name.startswith("."))}
        if names != self._expected.keys():
            raise ClusterBrokenError(f"the files are {sorted(names)}")

    @contextlib.contextmanager
    def _cluster(self) -> Iterator[_Processes]:
        address, scheduler = _started(_run_scheduler)
        cluster = _Processes(address, scheduler)
        try:
            for number in range(_WORKERS):
                run = lambda told, name=number: _run_worker(told, address, name)  # noqa: E731
                cluster.workers.append(_started(run)[1])
            yield cluster
        finally:
            for each in (*cluster.workers, cluster.scheduler):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(each, 0)

    def _client(self, out: Path, more: tuple[str, ...]) -> int:
        """Begin the command in a process of its own; its number."""

        def run() -> None:
            from napari_c3r.cli.app import main
            from napari_c3r.core.embed.plates import cluster

            # A scheduler that is gone is looked for in vain, here for less long.
            cluster._CONNECT_SECONDS = 5
            with self._where.open("w") as told:
                faulthandler.register(signal.SIGUSR1, told)
                main(shell_words(self._plate, out, *more, "--encoder", self._model))

        return _forked(run)

    def _ended(self, process: int, *codes: int) -> int:
        """Wait for a process, which must end with one of these codes; which it was."""
        began = time.monotonic()
        while (ended := os.waitpid(process, os.WNOHANG)) == (0, 0):
            if time.monotonic() - began > _SECONDS:
                os.kill(process, signal.SIGUSR1)
                time.sleep(1)
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
                raise ClusterBrokenError(f"a client hangs:\n{self._where.read_text()}")
            time.sleep(0.005)
        found = os.waitstatus_to_exitcode(ended[1])
        if found not in codes:
            raise ClusterBrokenError(f"a client ended with {found} in place of {codes}")
        return found


def kill_cluster(folder: Path, model: str, times: int, rng: random.Random) -> str:
    """Kill so many times; what was found, in a line.

    Raises
    ------
    ClusterBrokenError
        A run that was gone on with does not end with what an undisturbed one gives.
    """
    plate = KilledPlate(folder, model)
    plate.time()
    found: Counter[str] = Counter()
    while found["kills"] < times:
        # Each of the three as often as the others.
        victim = VICTIMS[found["kills"] % len(VICTIMS)]
        left = plate.trial(victim, rng)
        if left == "before":
            continue
        found["kills"] += 1
        found[left] += 1
        found[victim] += 1
    each = ", ".join(f"{found[victim]} of a {victim}" for victim in VICTIMS)
    return (
        f"{found['kills']} kills ({each}): {found['a table']} left the whole table, "
        f"{found['parts']} whole parts that the next goes on from, 0 anything else"
    )


def _forked(body: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        body()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    finally:
        os._exit(code)


def _started(body: Callable[[int], None]) -> tuple[str, int]:
    """Begin a part of a cluster; its address, once it has one, and its process."""
    reading, writing = os.pipe()
    process = _forked(lambda: body(writing))
    os.close(writing)
    with os.fdopen(reading) as stream:
        return stream.readline().strip(), process


def _run_scheduler(told: int) -> None:
    from distributed import Scheduler

    async def run() -> None:
        async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
            os.write(told, f"{scheduler.address}\n".encode())
            await scheduler.finished()

    asyncio.run(run())


def _run_worker(told: int, address: str, name: int) -> None:
    from distributed import Worker

    async def run() -> None:
        async with Worker(address, nthreads=2, name=name, host="127.0.0.1") as worker:
            os.write(told, f"{worker.address}\n".encode())
            await worker.finished()

    asyncio.run(run())


def _files(folder: Path) -> dict[str, bytes]:
    found = [each for each in folder.rglob("*") if each.is_file()]
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in found}
