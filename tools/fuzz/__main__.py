"""Run odd command lines and spoilt files: ``python -m tools.fuzz --seconds 300 --seed 1``.

Each trial runs in a process forked from one where everything is loaded, in a folder of its own,
with 30 s of the processor and 2 GB. Counted are tracebacks, hangs, trials over 2 GB, other exit
codes than 0, 1 and 2, refusals in more or less than one line, and control characters that reach the
terminal; the program ends with 1 if there was any. A trial is decided by its seed alone:
``--only SEED`` runs it again and shows all it says.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from tools.fuzz import inputs, trials, watch

# Runs for which it does not pay to compile beforehand.
_FEW = 100


def main(arguments: Iterable[str] | None = None) -> int:
    """Run trials; 1 if one of them showed a defect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="begin no trial after these")
    parser.add_argument("--runs", type=int, default=10**6, help="most trials")
    parser.add_argument("--seed", type=int, default=0, help="of the first; each has the next one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="trials at once")
    parser.add_argument("--only", type=int, help="run the trial of this seed and show all of it")
    given = parser.parse_args(None if arguments is None else list(arguments))
    _load()
    if given.runs > _FEW:
        _compile()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        folder = Path(scratch)
        (folder / "inputs").mkdir()
        inputs.write_inputs(folder / "inputs")
        inputs.write_plate(folder / "inputs")
        if given.only is not None:
            trial, outcome = try_one(folder, given.only)
            print(trial, outcome.err, f"exit {outcome.code}", *outcome.defects, sep="\n")
            return int(bool(outcome.defects))
        return count(_all(folder, given), time.perf_counter())


def count(outcomes: Iterable[tuple[int, str, watch.Outcome]], began: float) -> int:
    """Print what was seen, defects at once; 1 if there was any."""
    codes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    defects: Counter[str] = Counter()
    largest = longest = 0.0
    for seed, told, outcome in outcomes:
        kind = told.partition(":")[0]
        codes[kind][f"exit {outcome.code}"] += 1
        largest, longest = max(largest, outcome.megabytes), max(longest, outcome.seconds)
        for defect in outcome.defects:
            defects[defect.split(" ")[0]] += 1
            print(f"--only {seed}: {defect} | {told}", flush=True)
    runs = sum(map(Counter.total, codes.values()))
    for kind, ended in sorted(codes.items()):
        print(f"{kind:20s} {ended.total():5d}  {', '.join(f'{c}: {n}' for c, n in ended.items())}")
    print(f"{runs} trials in {time.perf_counter() - began:.0f} s", end="; ")
    print(f"the longest took {longest:.0f} s, the largest {largest:.0f} MB more than at rest")
    wanted = ("traceback", "last", "hang", "over", "exit", "not", "control")
    print(", ".join(f"{name}: {defects[name]}" for name in wanted))
    return int(bool(defects))


def try_one(folder: Path, seed: int) -> tuple[trials.Trial, watch.Outcome]:
    """Run the trial of a seed in a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=f"{seed}-") as scratch:
        box = Path(scratch) / "box"
        trials.lay(folder / "inputs", box)
        before = Path.cwd()
        os.chdir(box)
        try:
            trial = trials.draw(seed, box)
            return trial, watch.run(trial)
        finally:
            os.chdir(before)


def _told(folder: Path, seed: int) -> tuple[int, str, watch.Outcome]:
    trial, outcome = try_one(folder, seed)
    return seed, str(trial), outcome


def _all(folder: Path, given: argparse.Namespace) -> Iterator[tuple[int, str, watch.Outcome]]:
    """Run trial after trial, several at once, until the time is over."""
    until = time.perf_counter() + given.seconds
    seeds = range(given.seed, given.seed + given.runs)
    if given.jobs == 1:
        for seed in seeds:
            if time.perf_counter() > until:
                return
            yield _told(folder, seed)
        return
    with ProcessPoolExecutor(given.jobs, get_context("fork")) as pool:
        to_come = iter(seeds)
        while time.perf_counter() < until:
            batch = list(islice(to_come, 20 * given.jobs))
            if not batch:
                return
            yield from pool.map(_told, [folder] * len(batch), batch)


def _load() -> None:
    """Load what every trial needs, so that none has to; nothing here starts a thread."""
    # The one way of numba to share out work that lives on after a fork.
    os.environ["NUMBA_THREADING_LAYER"] = "workqueue"
    os.environ["NUMBA_NUM_THREADS"] = "1"
    import dask
    import torch

    torch.set_num_threads(1)
    dask.config.set(scheduler="synchronous")

    import napari_c3r as c3r
    import napari_c3r.cli.app
    import napari_c3r.session.file

    for name in c3r.__all__:
        getattr(c3r, name)


def _compile() -> None:
    """Compile what maps and clusters are made with, which takes longer than a trial may."""
    import anndata
    import numpy as np

    from napari_c3r.core.reduce import cluster, map_cells
    from napari_c3r.core.reduce.maps import aligned_maps

    vectors = np.random.default_rng(0).normal(size=(24, 16)).astype(np.float32)
    cluster(map_cells(anndata.AnnData(vectors)))
    aligned_maps(vectors, vectors[:, ::-1])


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.exit(code)
