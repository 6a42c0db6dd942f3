"""Dask's engine: processes of this machine, or a cluster that a scheduler hands work to."""

from __future__ import annotations

import os
import queue
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from napari_c3r.core.embed.plates.engine import (
    LOOK_SECONDS,
    Done,
    Function,
    LostFieldError,
    Waiting,
)
from napari_c3r.core.errors import InputError, MissingPackageError

if TYPE_CHECKING:
    from distributed import Client, Future

# Fields that the scheduler knows at a time: enough for a large cluster, few enough for any memory.
_AHEAD: Final = 2000
_THREADS: Final = 2
# A scheduler that is started together with its client takes a while.
_CONNECT_SECONDS = 30


class Cluster:
    """Fields on processes, through Dask.

    Parameters
    ----------
    workers
        Processes to start on this machine, which end with the work.
    address
        Of a scheduler that runs, such as ``tcp://10.0.0.1:8786``, whose workers see the same files
        under the same paths.
    """

    def __init__(self, *, workers: int = 0, address: str = "") -> None:
        if bool(workers) == bool(address):
            raise InputError("Give either a number of workers or the address of a scheduler")
        self._workers, self._address = workers, address

    def map(self, function: Function, items: Iterable[Any]) -> Iterator[Done | Waiting]:
        """Call the function for every item; see `Engine`."""
        with ExitStack() as stack:
            client = self._connect(stack)
            yield from _Session(client, self._where).map(function, items)

    @property
    def _where(self) -> str:
        return f"'{self._address}'" if self._address else "this machine"

    def _connect(self, stack: ExitStack) -> Client:
        try:
            from distributed import Client
            from distributed.comm.addressing import parse_address, parse_host_port
        except ImportError as error:
            raise MissingPackageError("distributed", "Work in several processes") from error
        address: Any = self._address or self._start(stack)
        try:
            if self._address:
                # A client that was refused its address hangs when it is forgotten.
                parse_host_port(parse_address(self._address)[1])
            client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        # An address that is none, a host that is not there, and one that speaks otherwise.
        except (OSError, ValueError, TypeError, ImportError) as error:
            raise InputError(
                f"No Dask scheduler answers at '{self._address}' ({_line(error)}); start one with "
                "'dask scheduler', or give --workers to work on this machine"
            ) from error
        stack.callback(_close, client)
        from napari_c3r.core.embed.plates.worker import NAME, PreparedWorker

        try:
            client.register_plugin(PreparedWorker())
        except Exception as error:
            raise _unfit(self._where, error) from error
        if self._address:
            # Another's workers stay; with ours all goes.
            stack.callback(_unregister, client, NAME)
        return client

    def _start(self, stack: ExitStack) -> Any:
        import logging

        from distributed import LocalCluster

        # Each worker computes with its share of the processor.
        threads = max(1, (os.cpu_count() or 1) // self._workers)
        cluster = LocalCluster(
            n_workers=self._workers,
            threads_per_worker=_THREADS,
            processes=True,
            dashboard_address=":0",
            silence_logs=logging.CRITICAL,
            env={"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(threads))},
        )
        stack.callback(partial(_close, cluster))
        return cluster


class _Session:
    """Work under way on a cluster."""

    def __init__(self, client: Client, where: str) -> None:
        self._client, self._where = client, where
        self._through: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        self._items: dict[Any, tuple[Future[Any], Any]] = {}

    def map(self, function: Function, items: Iterable[Any]) -> Iterator[Done | Waiting]:
        source = iter(items)
        self._submit(function, islice(source, _AHEAD))
        while self._items:
            futures = self._next()
            if not futures:
                yield Waiting(self._problem())
                continue
            results = self._gather(futures)
            taken = [self._items.pop(future.key) for future in futures]
            self._submit(function, islice(source, len(taken)))
            for future, item in taken:
                if future.key in results:
                    yield Done(item, results[future.key])
                else:
                    yield Done(item, error=self._error(future))

    def _submit(self, function: Function, items: Iterable[Any]) -> None:
        for item in items:
            future = self._client.submit(function, item, pure=False)
            self._items[future.key] = future, item
            future.add_done_callback(self._through.put)

    def _next(self) -> list[Future[Any]]:
        """What came, at once: asking for results costs a journey each time."""
        try:
            found = [self._through.get(timeout=LOOK_SECONDS)]
        except queue.Empty:
            return []
        with suppress(queue.Empty):
            while True:
                found.append(self._through.get_nowait())
        # One whose worker ended may have come before.
        return list({each.key: each for each in found if each.key in self._items}.values())

    def _gather(self, futures: list[Future[Any]]) -> dict[Any, Any]:
        finished = [each for each in futures if each.status == "finished"]
        try:
            results = self._client.gather(finished)
            return dict(zip((each.key for each in finished), results, strict=True))
        except Exception:
            # A worker ended between the work and the asking, or the scheduler did.
            return self._gather_singly(finished)

    def _gather_singly(self, futures: list[Future[Any]]) -> dict[Any, Any]:
        results: dict[Any, Any] = {}
        for future in futures:
            with suppress(Exception):
                results[future.key] = future.result()
        return results

    def _error(self, future: Future[Any]) -> Exception:
        """Why a field has no result, where others may have one; raises where none can."""
        from distributed import KilledWorker

        if future.status == "error":
            error = future.exception()
            if isinstance(error, KilledWorker):
                return LostFieldError(
                    "The workers that embedded it ended each time, perhaps for lack of memory; "
                    "give fewer workers, or more memory to each"
                )
            if isinstance(error, ImportError):
                raise _unfit(self._where, error)
            return error if isinstance(error, Exception) else RuntimeError(_line(error))
        raise self._gone()

    def _gone(self) -> InputError:
        return InputError(
            f"The Dask scheduler at {self._where} is gone; the fields that are done are kept: "
            "start it again and run again"
        )

    def _problem(self) -> str:
        """What keeps results from coming."""
        if self._client.status != "running":
            raise self._gone()
        if not self._client.nthreads():
            return f"No worker is connected to {self._where}; waiting for one"
        return ""


def _unfit(where: str, error: BaseException) -> InputError:
    return InputError(
        f"The workers of {where} cannot load napari-c3r ({_line(error)}); install the same version "
        "for them and the scheduler"
    )


def _line(error: object) -> str:
    said = " ".join(str(error).split()) or type(error).__name__
    return re.sub(r"\.+$", "", said)[:160]


def _unregister(client: Client, plugin: str) -> None:
    # The scheduler may be gone, or another run may have done it.
    with suppress(Exception):
        client.unregister_worker_plugin(plugin)


def _close(service: Any) -> None:
    with suppress(Exception):
        service.close(timeout=2)
