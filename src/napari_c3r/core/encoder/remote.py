"""An encoder in a process of its own, for a window that cannot load PyTorch itself.

The other process is `napari_c3r.core.encoder.serve`. It gets the very batches that would be
embedded here and runs the same code on them, so that the numbers are the same but for rounding:
within 1e-5 in float32, within 0.02 in bfloat16.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.bundled import bundled_folders
from napari_c3r.core.encoder.config import ConceptMode, Readout
from napari_c3r.core.encoder.encoder import Encoder
from napari_c3r.core.encoder.families import read_config, registered_families
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.encoder.protocol import Assigned
from napari_c3r.core.encoder.wire import receive, send
from napari_c3r.core.errors import InputError

_STDERR_BYTES = 2000
_EXIT_SECONDS = 2


class RemoteEncoder(Encoder):
    """A frozen encoder, computed in a process of its own.

    The process ends with this object, by `release`, or with the process that started it; the
    next run starts another.

    Parameters
    ----------
    source
        Name of a bundled folder, or the path of a model folder.

    Raises
    ------
    InputError
        As for `load_encoder`, or if PyTorch cannot be loaded in the other process either.
    """

    def __init__(self, source: str | Path) -> None:
        by_name = isinstance(source, str) and source in bundled_folders()
        self._source = str(source if by_name else Path(source).absolute())
        self._starting = threading.Lock()
        self._process: _Process | None = None
        self._finalizer: weakref.finalize[..., RemoteEncoder] | None = None
        info = self._running().info
        super().__init__(read_config(info["config"]), info["card"], info["weights_hash"])
        self._n_weights: int = info["n_weights"]
        self._devices: tuple[str, ...] = tuple(info["devices"])

    def _running(self) -> _Process:
        with self._starting:
            if self._process is None or self._process.ended:
                if self._finalizer is not None:
                    # Ends the last one, whose streams would stay open as long as this object.
                    self._finalizer()
                self._process = _Process(self._source)
                self._finalizer = weakref.finalize(self, self._process.end)
            return self._process

    @property
    def devices(self) -> tuple[str, ...]:
        """What this machine can compute on, best first."""
        return self._devices

    @property
    def n_weights(self) -> int:
        """Numbers that were learned."""
        return self._n_weights

    def release(self) -> None:
        """End the other process, which gives all its memory back."""
        if self._process is not None:
            self._process.end()

    def start(
        self,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        options: RunOptions = RunOptions(),
    ) -> RemoteRun:
        """Get ready to embed crops that come bit by bit, as `Encoder.start` says."""
        return RemoteRun(self, self._running(), "start", [assignment], channel_names, options)

    def start_variants(
        self,
        assignments: Sequence[Assigned],
        channel_names: Sequence[str],
        options: RunOptions = RunOptions(),
    ) -> RemoteRun:
        """Get ready to embed crops under several assignments, as `Encoder.start_variants` says."""
        process = self._running()
        return RemoteRun(self, process, "start_variants", assignments, channel_names, options)


class RemoteRun:
    """A run in the other process; see `InferenceRun` and `VariantsRun` for what it offers."""

    def __init__(
        self,
        encoder: RemoteEncoder,
        process: _Process,
        method: str,
        assignments: Sequence[Assigned],
        channel_names: Sequence[str],
        options: RunOptions,
    ) -> None:
        # The process ends with the encoder, which must therefore outlive its runs.
        self._encoder = encoder
        self._process = process
        if isinstance(options.batch_size, np.integer):
            options = replace(options, batch_size=int(options.batch_size))
        request = {
            "method": method,
            "roles": [_as_dicts(assigned) for assigned in assignments],
            "channel_names": list(channel_names),
            "options": asdict(options),
        }
        answer, _ = process.ask(request)
        self._number = answer["run"]
        self.concept_mode: ConceptMode = answer["concept_mode"]
        self.readout: Readout = answer["readout"]
        self.columns = _pairs(answer["columns"])
        self.numbers: tuple[str, ...] = tuple(answer["numbers"])
        self.all_columns = tuple(_pairs(columns) for columns in answer["all_columns"])
        self._state = answer

    @property
    def device(self) -> str:
        """Where it computes."""
        return str(self._state["device"])

    @property
    def precision(self) -> str:
        """Data type of the matrix products."""
        return str(self._state["precision"])

    @property
    def batch_size(self) -> int:
        """Crops that are computed at once."""
        size: int = self._state["batch_size"]
        return size

    @property
    def notes(self) -> list[str]:
        """What the user should know of how it went, in sentences."""
        return list(self._state["notes"])

    def run(self, crops: ArrayLike) -> NDArray[np.float32]:
        """Embed crops, as `InferenceRun.run` does."""
        return self._ask("run", crops)

    def run_with_numbers(self, crops: ArrayLike) -> NDArray[np.float32]:
        """Vectors and numbers, as `InferenceRun.run_with_numbers` gives them."""
        return self._ask("run_with_numbers", crops)

    def tokens(self, crops: ArrayLike) -> NDArray[np.float32]:
        """Every token of crops, as `InferenceRun.tokens` gives them."""
        return self._ask("tokens", crops)

    def run_all(self, crops: ArrayLike) -> list[NDArray[np.float32]]:
        """Embed crops under every assignment, as `VariantsRun.run_all` does."""
        ends = np.cumsum([len(columns) for columns in self.all_columns])
        return np.split(self._ask("run_all", crops), ends[:-1], axis=1)

    def _ask(self, method: str, crops: ArrayLike) -> NDArray[np.float32]:
        request = {"method": method, "run": self._number}
        self._state, vectors = self._process.ask(request, np.asarray(crops))
        assert vectors is not None
        return vectors

    def close(self) -> None:
        """Give the memory of the device back. The run is of no use afterwards."""
        # A process that is gone holds nothing, and why it is gone has been reported.
        with suppress(InputError):
            self._process.ask({"method": "close", "run": self._number})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _as_dicts(assigned: Assigned) -> dict[str, str] | list[dict[str, str]]:
    if isinstance(assigned, ChannelAssignment):
        return assigned.to_dict()
    return [roles.to_dict() for roles in assigned]


class _Process:
    """The other process with its encoder loaded; requests to it are answered one at a time.

    Attributes
    ----------
    info
        What it reports of its encoder.
    """

    def __init__(self, source: str) -> None:
        self._lock = threading.Lock()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                # Without -P, a torch.py in the folder that napari was started from would be run.
                [sys.executable, "-P", "-m", "napari_c3r.core.encoder.serve"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            self._stderr.close()
            raise InputError(
                f"No process could be started to embed in ({error.strerror or error}); "
                "close other programs and try again"
            ) from error
        try:
            request = {"method": "load", "source": source, "families": registered_families()}
            self.info, _ = self.ask(request)
        except BaseException:
            self.end()
            raise

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def ask(
        self, message: Mapping[str, Any], array: NDArray[Any] | None = None
    ) -> tuple[dict[str, Any], NDArray[Any] | None]:
        """Send a message and wait for its answer.

        Raises
        ------
        InputError
            As the other process raised it, or since it is gone.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            try:
                send(self._process.stdin, message, array)  # type: ignore[arg-type]
                answer, result = receive(self._process.stdout)  # type: ignore[arg-type]
            except (OSError, EOFError, ValueError) as error:
                reason = self._exit_message()
                self._close()
                raise InputError(reason) from error
        if "input_error" in answer:
            raise InputError(answer["input_error"])
        if "error" in answer:
            raise RuntimeError(f"in the process that embeds: {answer['error']}")
        return answer, result

    def _exit_message(self) -> str:
        """Why the process is gone, in one line."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_EXIT_SECONDS)
        self._stop()
        code = self._process.returncode
        cause = f"exit code {code}"
        if code < 0:
            with suppress(ValueError):
                cause = f"killed by {signal.Signals(-code).name}"
        line = (
            f"The process that embeds has ended ({cause}); embed again, with a smaller batch if "
            "the memory may have run out"
        )
        if self._stderr.closed:
            return line
        self._stderr.seek(0, 2)
        self._stderr.seek(max(0, self._stderr.tell() - _STDERR_BYTES))
        written = self._stderr.read().decode("utf-8", "replace").split("\n")
        lines = [text.strip() for text in written if text.strip()]
        return f"{line}. It said last: {lines[-1]}" if lines else line

    def _stop(self) -> None:
        """End it at once: it holds nothing that should be kept."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """End it, and close the streams to and from it."""
        self._stop()
        # A thread that still waits for an answer is released first.
        with self._lock:
            self._close()

    def _close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout, self._stderr):
            # What is left unsent cannot be sent any more.
            with suppress(OSError):
                stream.close()  # type: ignore[union-attr]


def _pairs(columns: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((label, part) for label, part in columns)
