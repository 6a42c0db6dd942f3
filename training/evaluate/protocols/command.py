"""``python -m training.evaluate protocol NAME``: one protocol in the shell.

python -m training.evaluate protocol jump-ret --features cells.npz --out results
python -m training.evaluate protocol hpa-loc --encoder runs/a/model --data HPA --out results
python -m training.evaluate protocol list
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_c3r.core.errors import InputError
from training.evaluate.protocols import PROTOCOLS, find_protocol
from training.evaluate.protocols.embedding import RIGHT
from training.evaluate.protocols.features import read_features
from training.evaluate.protocols.protocol import Protocol, Result
from training.evaluate.protocols.run import (
    from_encoder,
    source_of,
    to_markdown,
    write,
)
from training.settings import build, parse_overrides


def main(arguments: Sequence[str]) -> int:
    """Run the command; 2 after a mistake of the user, reported in one line."""
    options, rest = _parser().parse_known_args(arguments)
    if options.name == "list":
        for each in PROTOCOLS.values():
            print(f"{each.name}\n  {each.sentence}\n  Features: {each.columns}.")
            print(f"  Data: {each.fetch}.")
        return 0
    try:
        protocol = find_protocol(options.name)
        settings = settings_of(protocol, rest, paper=options.paper)
        result = _run(protocol, settings, options)
        about = {"features": str(options.features or ""), "encoder": options.encoder or ""}
        write(protocol, result, settings, options.out, {**about, "data": str(options.data or "")})
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(to_markdown(result), end="")
    for note in result.notes:
        print(note)
    return 0


def settings_of(protocol: Protocol, arguments: Sequence[str], *, paper: bool = False) -> Any:
    """The settings of a protocol from ``--key value`` pairs, over those of the paper if wanted.

    Raises
    ------
    InputError
        A name or a value is wrong.
    """
    kind = protocol.options
    if paper and not kind.paper:
        raise InputError(f"{protocol.name} does as its paper as far as known; leave --paper out")
    return build(
        kind, {**(kind.paper if paper else {}), **parse_overrides(arguments)}, protocol.name
    )


def _run(protocol: Protocol, settings: Any, options: argparse.Namespace) -> Result:
    if (options.features is None) == (options.encoder is None):
        raise InputError("give either --features FILE or --encoder FOLDER with --data FOLDER")
    if options.features is not None:
        if options.data is not None or options.roles != RIGHT:
            raise InputError("--data and --roles are for an encoder; features have been made")
        return protocol.score(read_features(options.features), settings)
    if options.data is None:
        raise InputError(f"--data is missing: {protocol.fetch}")
    return from_encoder(
        protocol,
        source_of(options.encoder, settings.run.device),
        options.data,
        settings,
        options.out,
        [roles.strip() for roles in options.roles.split(",")],
        lambda line: print(line, file=sys.stderr, flush=True),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate protocol",
        description="Evaluate as a paper does.",
        epilog="Every setting of a protocol can be given as --key value; see docs/evaluation.md.",
        allow_abbrev=False,
    )
    parser.add_argument("name", help=f"{', '.join(PROTOCOLS)}; or list, which says what they take")
    parser.add_argument("--features", type=Path, help="vectors: .npz, .parquet, .csv or .h5ad")
    parser.add_argument(
        "--encoder", help="a model folder, bundled, texture, intensity or photographs"
    )
    parser.add_argument("--data", type=Path, help="a crop set, or the public layout of the data")
    parser.add_argument(
        "--out", type=Path, default=Path("results"), help="folder; results by default"
    )
    parser.add_argument(
        "--roles", default=RIGHT, help='commas between: right, flipped, "without NAME"'
    )
    parser.add_argument("--paper", action="store_true", help="as the paper where its code differs")
    return parser
