"""Run a trial in a process of its own, within limits, and judge how it ended."""

from __future__ import annotations

import contextlib
import io
import os
import re
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.fuzz.trials import Trial

SECONDS = 30
# A busy machine makes a trial wait; one that sleeps without end is ended too.
_PATIENCE = 4
MEGABYTES = 2000
# Beyond what is counted, so that what is counted is measured and no machine is filled.
_CEILING = 2 * MEGABYTES * 2**20
_PROGRESS = re.compile(
    r"^(\s|Embedding |Diagnosing |Making the map|\d+/\d+ |Wrote |[^:]+: \d+ cells$|$)"
)
# Line ends, tabs, and what colours the bars.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_HELP = re.compile(r"^\s*(Usage:|╭)", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Attributes
    ----------
    code
        Exit code; minus the signal's number where one ended it, None where it had to be ended.
    err
        Its error stream.
    megabytes
        What it took at most, beyond what it began with.
    seconds
        How long it ran.
    """

    code: int | None
    err: str
    megabytes: float
    seconds: float

    @property
    def defects(self) -> list[str]:
        """What must never be, each in a few words; empty where all is well."""
        found = []
        if self.code is None:
            found.append("hang")
        if self.megabytes > MEGABYTES:
            found.append("over 2 GB")
        if "Traceback (most recent call last)" in self.err:
            found.append(f"traceback {_raised(self.err)}")
        elif "should not have happened" in self.err:
            found.append(f"last net {self._last[:120]}")
        elif self.code is not None and self.code not in (0, 1, 2):
            found.append(f"exit {self.code}")
        elif self.code == 2 and not self._is_one_line:
            found.append("not one line")
        if _CONTROL.search(self.err):
            found.append("control characters")
        return found

    @property
    def _lines(self) -> list[str]:
        """What was said, beside progress."""
        return [line for line in self.err.split("\n") if not _PROGRESS.match(line)]

    @property
    def _last(self) -> str:
        return self._lines[-1] if self._lines else ""

    @property
    def _is_one_line(self) -> bool:
        if _HELP.search(self.err):
            return True
        return len(self._lines) == 1 and self._lines[0].startswith("napari-c3r: ")


def _raised(err: str) -> str:
    """The error of a traceback, and where in this package it came from."""
    last = err.strip().split("\n")[-1]
    places = re.findall(r'napari_c3r/([\w/]+\.py)", line (\d+)', err)
    where = ":".join(places[-1]) if places else "outside"
    return f"{re.split('[:(]', last)[0][:60]} at {where}"


def run(trial: Trial, seconds: float = SECONDS) -> Outcome:
    """Run a trial in this process's folder, in a process forked from this one.

    Parameters
    ----------
    trial
        What to run.
    seconds
        Of the processor, after which it is ended; or of the clock, four times as many.
    """
    began = time.perf_counter()
    with open("err", "w+b") as err, open("out", "w+b") as out:
        with warnings.catch_warnings():
            # Of threads, which the trial does without.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            _be_the_trial(trial, out.fileno(), err.fileno())
        code, peak = _wait(pid, seconds)
        out.seek(0)
        first = out.readline().strip()
        err.seek(0)
        said = err.read().decode("utf-8", "replace")
    taken = peak - float(first) if first and peak else 0.0
    return Outcome(code, said, taken, time.perf_counter() - began)


def _be_the_trial(trial: Trial, out: int, err: int) -> None:
    """Never comes back."""
    code = 1
    try:
        os.setsid()
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), line_buffering=True)
        sys.stderr = io.TextIOWrapper(
            os.fdopen(2, "wb", closefd=False), errors="backslashreplace", line_buffering=True
        )
        # What it begins with: of what was loaded, it holds what it has touched.
        print(_pages(1) / 2**20, flush=True)
        limit = _pages(0) + _CEILING
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        code = _code_of(_function(trial))
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _function(trial: Trial) -> Callable[[], object]:
    if trial.call is not None:
        return trial.call
    from napari_c3r.cli import main

    return lambda: main(trial.words)


def _code_of(function: Callable[[], object]) -> int:
    from napari_c3r.core.errors import InputError

    try:
        function()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except InputError as error:
        # As the shell says it.
        print(f"napari-c3r: {error}", file=sys.stderr)
        return 2
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _wait(pid: int, seconds: float) -> tuple[int | None, float]:
    """Exit code, and the megabytes held at most."""
    until = time.perf_counter() + _PATIENCE * seconds
    while time.perf_counter() < until and _computed(pid) < seconds:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            _end(pid)
            return os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024
        time.sleep(0.005)
    _end(pid)
    os.waitpid(pid, 0)
    return None, 0.0


def _computed(pid: int) -> float:
    """Seconds of the processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _end(pid: int) -> None:
    """End a trial and all that it started, by the group that it made of itself."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _pages(field: int) -> int:
    """Bytes of address space (0) or memory (1) of this process."""
    return int(Path("/proc/self/statm").read_text().split()[field]) * resource.getpagesize()
