"""The process that embeds for a window which cannot load PyTorch itself.

Started by `napari_c3r.core.encoder.remote`; it answers on its standard output, one message for
each that comes on its standard input, and ends when that is closed.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.families import register_by_name
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.encoder.protocol import Assigned
from napari_c3r.core.encoder.wire import receive, send
from napari_c3r.core.errors import InputError

_Answer = tuple[dict[str, Any], NDArray[Any] | None]


def main() -> None:
    """Answer requests until the input is closed."""
    # Whatever else prints must not get between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    server = Server()
    while True:
        try:
            message, array = receive(sys.stdin.buffer)
        except EOFError:
            return
        _answer(answers, server, message, array)


def _answer(
    answers: BinaryIO, server: Server, message: dict[str, Any], array: NDArray[Any] | None
) -> None:
    try:
        send(answers, *server.answer(message, array))
    except InputError as error:
        send(answers, {"input_error": str(error)})
    except Exception as error:
        traceback.print_exc()
        send(answers, {"error": f"{type(error).__name__}: {error}"})


class Server:
    """One encoder, and the runs that were started with it."""

    def __init__(self) -> None:
        self._encoder: Any = None
        self._runs: dict[int, Any] = {}
        self._started = 0

    def answer(self, message: dict[str, Any], array: NDArray[Any] | None) -> _Answer:
        """Answer a request.

        Parameters
        ----------
        message
            ``"method"`` is ``"load"``, ``"start"``, ``"start_variants"``, ``"close"``, or a method
            of a run that takes crops; the other values are its arguments.
        array
            Crops, for such a method.
        """
        method = message.pop("method")
        if method == "load":
            return self._load(**message), None
        if method == "start":
            return self._start(self._encoder.start, message.pop("roles")[0], message), None
        if method == "start_variants":
            return self._start(self._encoder.start_variants, message.pop("roles"), message), None
        if method == "close":
            self._runs.pop(message["run"]).close()
            return {}, None
        return self._embed(method, message["run"], array)

    def _load(self, source: str, families: Sequence[str] = ()) -> dict[str, Any]:
        try:
            from napari_c3r.core.encoder.local import LocalEncoder
        except (ImportError, OSError) as error:
            raise InputError(
                f"PyTorch cannot be loaded, not even in a process of its own ({error}); "
                "install it again, and see what 'napari-c3r doctor' says"
            ) from error
        for name in families:
            register_by_name(name)
        encoder = self._encoder = LocalEncoder.load(source)
        return {
            "config": encoder.config.to_json(),
            "card": encoder.card,
            "weights_hash": encoder.weights_hash,
            "n_weights": encoder.n_weights,
            "devices": encoder.devices,
        }

    def _start(
        self, start: Callable[..., Any], roles: Any, message: dict[str, Any]
    ) -> dict[str, Any]:
        several = isinstance(roles, list)
        assignment = [*map(_assigned, roles)] if several else ChannelAssignment(roles)
        run = start(assignment, message["channel_names"], RunOptions(**message["options"]))
        self._started += 1
        self._runs[self._started] = run
        return {
            "run": self._started,
            "concept_mode": run.concept_mode,
            "readout": run.readout,
            "columns": run.columns,
            "numbers": run.numbers,
            "all_columns": run.all_columns if several else [run.columns],
            **_state(run),
        }

    def _embed(self, method: str, number: int, crops: NDArray[Any] | None) -> _Answer:
        run = self._runs[number]
        if method == "run_all":
            return _state(run), np.concatenate(run.run_all(crops), axis=1)
        if method not in ("run", "run_with_numbers", "tokens"):
            raise ValueError(f"unknown method '{method}'")
        vectors = getattr(run, method)(crops)
        return _state(run), vectors


def _assigned(roles: Any) -> Assigned:
    """Roles as they came: those of one assignment, or a list of those of several passes."""
    if isinstance(roles, list):
        return tuple(map(ChannelAssignment, roles))
    return ChannelAssignment(roles)


def _state(run: Any) -> dict[str, Any]:
    """What changes from batch to batch."""
    return {
        "batch_size": run.batch_size,
        "notes": run.notes,
        "device": run.device,
        "precision": run.precision,
    }


if __name__ == "__main__":
    main()
