"""Try the claims of the paper at a small scale.

    python -m training.paper_claims --data SETS --out DIR

as in

    python -m training.data.simulated --out crops/hpa --layout hpa --cells 6000
    python -m training.paper_claims --data crops/hpa --out claims --seeds 0,1,2

Trains every variant of `training.paper_claims.variants` on the same cells for the same steps, with
the settings of ``training/configs/claims.toml``; any other argument is one of `training.pretrain`
and wins over them. Then simple classifiers predict the dominant localisation pattern of cells whose
ids were held out. What is finished is kept, so the same command resumes after a stop.

``DIR/claims.md`` has the tables, ``accuracies.csv`` and ``differences.csv`` their numbers, and
``runs`` a folder for each variant and seed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import numpy as np

from napari_c3r.core.atomic import replacing
from napari_c3r.core.errors import InputError
from training.config import load_config
from training.distributed import init_distributed
from training.log import say
from training.paper_claims.data import dominant_pattern, join
from training.paper_claims.embed import Embedder, embed_set
from training.paper_claims.probes import Outcomes, probe
from training.paper_claims.tables import Held, Runs, accuracies, differences, to_markdown
from training.paper_claims.variants import VARIANTS, Variant
from training.pretrain import train

CONFIG = Path(__file__).parents[1] / "configs" / "claims.toml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 2 after a mistake of the user, reported in one line."""
    options, settings = _parser().parse_known_args(arguments)
    try:
        compare(options.data, options.out, options.seeds, options.variants, settings)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print((options.out / "claims.md").read_text("utf-8"))
    return 0


def compare(
    data: Sequence[str],
    out: Path,
    seeds: Sequence[int],
    variants: Sequence[str] = tuple(VARIANTS),
    settings: Sequence[str] = (),
) -> None:
    """Train what is not yet trained, and write the tables after every run.

    Parameters
    ----------
    data
        Crop sets with the true mixtures of patterns, joined and split by id.
    out
        Folder for everything that comes out.
    seeds
        Of the weights and of everything else that is random in a run.
    variants
        Names from `VARIANTS`.
    settings
        More arguments of `training.pretrain`.

    Raises
    ------
    InputError
        If the data, a setting or a name is wrong.
    """
    if unknown := [name for name in variants if name not in VARIANTS]:
        raise InputError(f"no variant '{unknown[0]}'; choose from {', '.join(VARIANTS)}")
    cells = join(data, out / "data")
    test = (cells.table["split"] == "test").to_numpy()
    labels = dominant_pattern(cells.table)
    held = Held(cells.table["id"].to_numpy(str)[test], labels[test])
    runs: dict[tuple[str, int], Outcomes] = {}
    for seed in seeds:
        for name in variants:
            folder = out / "runs" / f"{name}-{seed}"
            file = folder / "outcomes.npz"
            arguments = [str(CONFIG), "--data", str(cells.path), "--out", str(folder)]
            arguments += ["--seed", str(seed), *settings]
            if not file.exists():
                say(f"{VARIANTS[name].name}, seed {seed}")
                vectors = embed_set(cells, _trained(VARIANTS[name], arguments, seed, folder))
                outcomes = probe(vectors, labels, test)
                folder.mkdir(parents=True, exist_ok=True)
                _write(outcomes, file)
            runs[name, seed] = _read(file)
            write_tables(runs, held, out)


def write_tables(runs: Runs, held: Held, out: Path) -> None:
    """Write both tables as CSV, all digits, and as Markdown for reading."""
    scores, compared = accuracies(runs, held), differences(runs, held)
    for name, table in (("accuracies", scores), ("differences", compared)):
        with replacing(out / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False)
    with replacing(out / "claims.md") as temporary:
        chance = 1 / len(set(held.labels))
        temporary.write_text(to_markdown(scores, compared, chance), "utf-8")


def _trained(variant: Variant, arguments: list[str], seed: int, out: Path) -> Embedder:
    """Train to the end, unless that is done or there is nothing to train."""
    device = load_config(arguments).run.device
    if variant.settings is not None:
        with init_distributed(device) as processes:
            train(variant.config(arguments), processes, Event())
    return variant.embedder(arguments, seed, out, device)


def _write(outcomes: Outcomes, file: Path) -> None:
    keys = list(outcomes)
    with replacing(file) as temporary:
        np.savez(temporary, keys=np.array(keys), right=np.array([outcomes[key] for key in keys]))


def _read(file: Path) -> Outcomes:
    with np.load(file) as stored:
        keys, right = stored["keys"].tolist(), stored["right"]
    return {(what, mode, name): row for (what, mode, name), row in zip(keys, right, strict=True)}


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers such as 0,1,2") from None


def _names(text: str) -> list[str]:
    return text.split(",")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.paper_claims",
        description="Try the paper's claims at a small scale.",
    )
    parser.add_argument("--data", type=_names, required=True, help="crop sets, commas between")
    parser.add_argument("--out", type=Path, required=True, help="folder for all that comes out")
    parser.add_argument("--seeds", type=_numbers, default=[0, 1, 2], help="0,1,2 by default")
    parser.add_argument(
        "--variants", type=_names, default=list(VARIANTS), help=f"from {','.join(VARIANTS)}"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
