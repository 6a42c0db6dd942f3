"""Train and compare all families of encoders with one budget.

    python -m training.data.simulated --out train --layout dna-tubulin-actin --cells 12000
    python -m training.data.simulated --out other --layout dna-tubulin-actin --cells 2000 --seed 9
    python -m training.compare --data train --held-out other --out runs/compare \
        --config training/configs/compare.toml

Settings of `training.pretrain` are the same for all: those of a file, and ``--set name=value``.
``--images`` adds the tasks of `training.evaluate` on real cells.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from napari_c3r.core.atomic import replacing
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from training.compare import cost
from training.compare.entries import ENTRIES, chosen
from training.compare.page import write_page
from training.compare.run import Budget, Comparison
from training.distributed import init_distributed
from training.evaluate.tasks import TASKS
from training.evaluate.tasks import chosen as chosen_tasks
from training.log import say
from training.pretrain import noticing_sigterm

_PAGE, _COST = "comparison.md", "cost.csv"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 2 after a mistake of the user, reported in one line."""
    given = _parser().parse_args(arguments)
    try:
        with init_distributed(given.device) as processes, noticing_sigterm() as stop:
            comparison = Comparison(
                chosen(given.entries),
                _budget(given),
                given.out,
                processes,
                given.held_out,
                chosen_tasks(given.tasks) if given.images else {},
                given.images or Path(),
                given.most,
                say,
            )
            given.out.mkdir(parents=True, exist_ok=True)
            results = comparison.run(stop)
            if stop.is_set():
                say("stopped; the same command resumes")
                return 0
            first = comparison.budget.seeds[0]
            configs = {n: comparison.config(n, first).encoder() for n in comparison.entries}
            options = RunOptions(given.device, concept_mode="joint")
            costs = cost.measure(configs, cells=given.cost_cells, options=options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    with replacing(given.out / _COST) as temporary:
        costs.to_csv(temporary, index=False)
    page = write_page(results, costs, comparison.entries, _sentence(comparison))
    with replacing(given.out / _PAGE) as temporary:
        temporary.write_text(page, "utf-8")
    print(page)
    return 0


def _sentence(comparison: Comparison) -> str:
    config = comparison.config(next(iter(comparison.entries)), comparison.budget.seeds[0])
    run = config.run
    ids = run.classes_per_batch * run.accumulation_steps
    sets = ", ".join(Path(path).name for path in run.data)
    steps = f"{run.steps_per_epoch * run.epochs} steps" if run.steps_per_epoch else "an epoch count"
    size = f"Encoders of width {run.width}" if run.width else f"ViT-{run.size}"
    seeds = comparison.budget.seeds
    return (
        f"{size}, {run.input_size} px, trained on {sets}: {steps} of "
        f"{ids * run.samples_per_class} cells for each, seed{'s' * (len(seeds) > 1)} "
        f"{', '.join(map(str, seeds))}."
    )


def _budget(given: argparse.Namespace) -> Budget:
    found = ["--data_share", "1.0", "--device", given.device]
    for pair in given.set:
        name, equals, value = pair.partition("=")
        if not equals:
            raise InputError(f"--set {pair} has no value; write --set name=value")
        found += [f"--{name}", value]
    return Budget(tuple(given.data), tuple(found), tuple(given.seeds), given.config)


def _names(text: str) -> list[str]:
    return text.split(",")


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.compare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", type=_names, required=True, help="crop sets to train on")
    add("--held-out", type=Path, required=True, help="crop set of other ids to score on")
    add("--out", type=Path, required=True, help="folder of runs and results")
    add("--entries", type=_names, default=[*ENTRIES], help=f"from {','.join(ENTRIES)}")
    add("--config", default="", help="TOML file of settings of every training")
    add("--seeds", type=_numbers, default=[0, 1, 2], help="0,1,2 by default")
    add("--set", action="append", default=[], help="a setting of every training, name=value")
    add("--images", type=Path, help="folder of the real images, to score on them too")
    add("--tasks", type=_names, default=[*TASKS], help=f"from {','.join(TASKS)}; all by default")
    add("--most", type=int, default=2000, help="held-out cells at most")
    add("--cost-cells", type=int, default=8, help="cells of a call whose time is measured")
    add("--device", default="auto", help="auto, cpu, cuda, …")
    return parser


if __name__ == "__main__":
    sys.exit(main())
