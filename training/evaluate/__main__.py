"""Compare encoders on real cells: ``python -m training.evaluate MODEL_FOLDER… --data FOLDER``.

    python -m training.evaluate runs/a/model bundled --data DATA --out table.csv
    python -m training.evaluate runs/*/model --data DATA --validation --readouts cls,cls+std
    python -m training.evaluate protocol list

The first writes ``table.csv`` and ``table.md`` too; see `training.evaluate.tasks` for what is
computed, one file for each task. The last lists the protocols of the papers, one file each in
`training.evaluate.protocols`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from napari_c3r.core.atomic import replacing
from napari_c3r.core.encoder import Encoder, load_encoder
from napari_c3r.core.errors import InputError
from training.evaluate.show import print_table, to_markdown
from training.evaluate.table import evaluate
from training.evaluate.tasks import TASKS, VALIDATION_TASKS, chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 2 after a mistake of the user, reported in one line."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["protocol"]:
        from training.evaluate.protocols.command import main as run_protocol

        return run_protocol(words[1:])
    options = _parser().parse_args(words)
    tasks = VALIDATION_TASKS if options.validation else TASKS
    try:
        table = evaluate(
            _load(options.models),
            options.data,
            chosen(options.tasks or tasks, tasks),
            readouts=options.readouts,
            concept_modes=options.concept_modes,
            device=options.device,
            say=lambda line: print(line, file=sys.stderr, flush=True),
        )
        if options.out is not None:
            write(table, options.out)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print_table(table)
    return 0


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, all digits, and in Markdown next to it, for reading."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)
    with replacing(path.with_suffix(".md")) as temporary:
        temporary.write_text(to_markdown(table), "utf-8")


def _load(sources: Sequence[str]) -> dict[str, Encoder]:
    """Encoders by their folders, as they were given: many are called 'model'."""
    if twice := {source for source in sources if sources.count(source) > 1}:
        raise InputError(f"the model folder '{min(twice)}' is given twice; give it once")
    return {source: load_encoder(source) for source in sources}


def _names(text: str) -> list[str]:
    return text.split(",")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate", description="Compare encoders on real cells."
    )
    parser.add_argument("models", nargs="+", help="model folders, or 'bundled'")
    parser.add_argument("--data", required=True, help="folder of the real images")
    parser.add_argument(
        "--out", type=Path, help="CSV file to write; Markdown is written next to it"
    )
    parser.add_argument("--tasks", type=_names, help=f"from {','.join(TASKS)}; all by default")
    parser.add_argument(
        "--readouts", type=_names, default=(), help="cls,cls+std; by default as recommended"
    )
    parser.add_argument(
        "--concept-modes", type=_names, default=(), help="each,joint; by default as recommended"
    )
    parser.add_argument(
        "--validation",
        action="store_true",
        help="run only tasks that may steer training, on training plates and wells",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, …")
    return parser


if __name__ == "__main__":
    sys.exit(main())
