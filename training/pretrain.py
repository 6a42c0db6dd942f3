"""Train an encoder. Reads from top to bottom.

Try it on a processor, in less than a minute, on crops that `training/data` has prepared::

    python -m training.pretrain training/configs/smoke.toml --data CROPS --out runs/smoke

Train on one GPU::

    python -m training.pretrain training/configs/vit_s.toml --data CROPS --out runs/vit_s

and on the eight of one machine, every one of which takes `classes_per_batch` of its own::

    torchrun --standalone --nproc-per-node 8 -m training.pretrain \
        training/configs/vit_s.toml --data CROPS --out runs/vit_s --accumulation_steps 1

`CROPS` is a crop set, or several with commas between. Every setting of `training.config.Config`
can be given as ``--key value``, and those of the objective as ``--mcd.key value``. The same command
again resumes from the last checkpoint, to the bit, wherever the run was stopped (on CUDA, up to
the order in which some of its kernels add up). SIGTERM writes a checkpoint first.

The folder of a run holds ``config.json``, ``log.csv``, ``checkpoint.safetensors`` and, now and then
and at the end, the model folder ``model`` that the plugin reads.
"""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from napari_c3r.core.atomic import replacing
from napari_c3r.core.encoder.runtime import PRECISIONS, choose_precision
from napari_c3r.core.errors import InputError
from training import checkpoint as checkpoints
from training.attention import fast_attention
from training.batches import Batches, TrainingSet, open_sets
from training.config import Config, RunConfig, load_config
from training.distributed import Processes, init_distributed
from training.export import describe_encoder, read_start, write_model
from training.log import LateLosses, Log, clock, say
from training.objectives import Batch, Objective, Progress, find_objective
from training.optim import clip_each, learning_rate, make_optimiser, set_rates
from training.sampling import HOST_STEP, SHARED_STEP, STEP, derived_seed
from training.schedules import Cosine, Plan

_NOT_FINITE = "a lower learning_rate or another precision may help"


def train(config: RunConfig, processes: Processes, stop: Event) -> None:
    """Train, from the start or from the last checkpoint, until the end or a wish to stop.

    Parameters
    ----------
    config
        Of the run.
    processes
        Among them this one.
    stop
        Set when the run should end after the step it is at.

    Raises
    ------
    InputError
        If a setting, the data or a file is wrong, or the loss is no longer a number.
    """
    run, device = config.run, processes.device
    out = Path(run.out)
    out.mkdir(parents=True, exist_ok=True)

    # Data, and from it the length of the run.
    sets = open_sets(run, processes)
    _look_up_features(find_objective(run.objective), config, sets, processes)
    ids = sum(each.sampler.n_used for each in sets)
    plan = run.plan(ids, processes.count)
    batches = Batches(sets, run, processes, plan.steps * run.accumulation_steps)
    cells_per_step = run.images_per_step(processes.count)

    # The same first weights in every process.
    _seed_everything(run.seed)
    encoder = describe_encoder(config, sets)
    objective = find_objective(run.objective)(encoder, config.options, plan)
    objective.fit(
        [each.features[each.sampler.used_rows] for each in sets if each.features is not None]
    )
    if run.start:
        objective.start_from(read_start(run.start, encoder))
    objective.to(device)
    optimiser = make_optimiser(objective.trainable(), fused=device.type == "cuda")
    precision = _precision(run, device)
    scaler = torch.amp.GradScaler(device.type, enabled=precision == "float16")

    # Schedules.
    warmup = run.warmup_epochs * plan.steps_per_epoch
    peak = learning_rate(run.learning_rate, cells_per_step)
    rates = Cosine(peak, run.min_learning_rate, plan.steps, warmup)
    decays = Cosine(run.weight_decay, run.end_weight_decay, plan.steps)

    # What an earlier start of this run has done.
    done, seconds_before = 0, 0.0
    log_state: dict[str, Any] = {"sums": {}}
    file = out / checkpoints.NAME
    if file.exists():
        earlier = checkpoints.read_checkpoint(file, objective, optimiser, scaler)
        if changed := config.changed_since(earlier.config):
            raise InputError(
                f"'{out}' holds a run with other settings ({', '.join(changed)}): give them as "
                "they were to go on, or another folder as 'out'"
            )
        if earlier.processes != processes.count:
            raise InputError(
                f"'{out}' holds a run of {earlier.processes} processes, not {processes.count}: use "
                "as many to go on, or another folder as 'out'"
            )
        done, seconds_before, log_state = earlier.step, earlier.seconds, dict(earlier.log)
    elif processes.is_main:
        with replacing(out / "config.json") as temporary:
            temporary.write_text(config.to_json(), "utf-8")
    log = Log(out / "log.csv", plan.steps, done, quiet=not processes.is_main)
    log.restore(log_state)
    if processes.is_main:
        say(_summary(config, processes, plan, ids, precision, done))

    # Gradients of several processes are averaged while they are computed.
    joined: Callable[[Batch, Progress], dict[str, Tensor]] = objective
    if processes.count > 1:
        joined = DistributedDataParallel(objective)

    began = last_checkpoint = last_folder = time.monotonic()
    generator, host, shared = torch.Generator(device), torch.Generator(), torch.Generator()
    wants_stop = False
    losses = LateLosses(log.add)
    for step in range(done, plan.steps):
        # All randomness of a step follows from its number, so a checkpoint needs none of it.
        seed = derived_seed(run.seed, STEP, step, processes.rank)
        _seed_everything(seed)
        generator.manual_seed(seed)
        host.manual_seed(derived_seed(run.seed, HOST_STEP, step, processes.rank))
        shared.manual_seed(derived_seed(run.seed, SHARED_STEP, step))
        report = (step + 1) % run.log_steps == 0 or step + 1 == plan.steps
        progress = Progress(step, plan, generator, host, shared, report)

        set_rates(optimiser, rates.at(step), decays.at(step))
        optimiser.zero_grad(set_to_none=True)
        for part in range(run.accumulation_steps):
            batch = batches.get(step * run.accumulation_steps + part)
            autocast = torch.autocast(device.type, PRECISIONS[precision], precision != "float32")
            last = part + 1 == run.accumulation_steps
            with autocast, fast_attention(device), _averaged_later(joined, not last):
                found = joined(batch, progress)
                scaler.scale(found["loss"] / run.accumulation_steps).backward()
            losses.note(step, found)

        scaler.unscale_(optimiser)
        objective.before_update(progress)
        clip_each(objective.trainable().parameters(), run.max_grad_norm)
        scaler.step(optimiser)
        scaler.update()
        objective.after_step(progress)

        # Only the first process writes; all hold the same.
        done, now = step + 1, time.monotonic()
        finished = done == plan.steps
        late = bool(run.max_minutes) and now - began > run.max_minutes * 60
        by_steps = run.checkpoint_steps and done % run.checkpoint_steps == 0
        by_time = run.checkpoint_minutes and now - last_checkpoint > run.checkpoint_minutes * 60
        wants_stop, saves, exports = processes.any_of(
            stop.is_set() or late,
            bool(by_steps or by_time),
            now - last_folder > run.folder_minutes * 60,
        )
        saves, exports = (due or wants_stop or finished for due in (saves, exports))
        epochs, rest = divmod(done, plan.steps_per_epoch)
        keeps = bool(run.keep_epochs) and rest == 0 and epochs % run.keep_epochs == 0
        # Nothing is written before the losses that led to it were looked at.
        (bad,) = processes.any_of(not losses.read(every=saves or exports or keeps or report))
        if bad:
            raise InputError(f"{losses.fault}: the last good state is in '{file}'; {_NOT_FINITE}")
        if report:
            extra = {"learning_rate": rates.at(step), "weight_decay": decays.at(step)}
            log.write(done, done / plan.steps_per_epoch, cells_per_step, extra)
        if not processes.is_main:
            if wants_stop:
                break
            continue
        seconds = seconds_before + now - began
        if saves:
            about = checkpoints.Checkpoint(
                done, seconds, processes.count, config.to_json(), log.state()
            )
            checkpoints.write_checkpoint(file, about, objective, optimiser, scaler)
            last_checkpoint = now
        progress_text = f"{done} of {plan.steps}"
        if exports:
            write_model(out / "model", objective, encoder, config, progress_text, seconds)
            last_folder = now
        if keeps:
            kept = out / f"model-epoch-{epochs:04d}"
            write_model(kept, objective, encoder, config, progress_text, seconds)
        if wants_stop:
            break

    batches.close()
    log.close()
    if processes.is_main:
        seconds = seconds_before + time.monotonic() - began
        ending = "stopped; the same command resumes" if done < plan.steps else "done"
        say(f"step {done}/{plan.steps} after {clock(seconds)}: {ending}. Model: {out / 'model'}")


def _look_up_features(
    kind: type[Objective], config: RunConfig, sets: Sequence[TrainingSet], processes: Processes
) -> None:
    """Give every crop set what the objective knows of its crops; one process computes it."""
    for turn in (True, False):
        if processes.is_main is turn:
            for each in sets:
                each.features = kind.features_of(
                    config.options, each.crops, each.channels, processes.device
                )
        processes.any_of(False)


def _precision(run: Config, device: torch.device) -> str:
    """A key of `PRECISIONS`."""
    chosen = choose_precision(run.precision, device)
    native = run.precision != "auto" or device.type != "cuda" or chosen == "bfloat16"
    return chosen if native else "float16"


def _seed_everything(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch.manual_seed(seed)


def _averaged_later(joined: Callable[..., Any], later: bool) -> AbstractContextManager[None]:
    """Gradients are averaged over the processes with the last batch of a step only."""
    if later and isinstance(joined, DistributedDataParallel):
        return cast("AbstractContextManager[None]", joined.no_sync())
    return nullcontext()


@contextmanager
def noticing_sigterm() -> Iterator[Event]:
    """An event that SIGTERM sets instead of ending the process."""
    received = Event()

    def note(number: int, frame: FrameType | None) -> None:
        received.set()

    before = signal.signal(signal.SIGTERM, note)
    try:
        yield received
    finally:
        signal.signal(signal.SIGTERM, before)


def _summary(
    config: RunConfig, processes: Processes, plan: Plan, ids: int, precision: str, done: int
) -> str:
    run = config.run
    share = f" ({run.data_share:.0%} of them: see data_share)" if run.data_share < 1 else ""
    return (
        f"{run.objective}, {len(run.data)} crop sets, {ids} ids{share}; {plan.epochs} epochs of "
        f"{plan.steps_per_epoch} steps of {run.accumulation_steps * processes.count} x "
        f"{run.classes_per_batch} x {run.samples_per_class} cells; "
        f"{processes.count} x {processes.device}, {precision}; "
        + (f"going on from step {done}" if done else "from the start")
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 2 for a user's mistake."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given or given[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    try:
        config = load_config(given)
        with init_distributed(config.run.device) as processes, noticing_sigterm() as stop:
            train(config, processes, stop)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
