"""Put the model folder of a training run into the package.

Usage: python tools/bundle_model.py RUN_FOLDER CARD.md [--neighbours …] [--readout …]

The card is written by hand from what was measured; its first heading becomes the model's name.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import torch

from napari_c3r.core.encoder import read_model_folder, write_model_folder

BUNDLED = Path(__file__).parents[1] / "src" / "napari_c3r" / "models" / "bundled"


def bundle(run: Path, card: str, **changes: str) -> Path:
    """Write the bundled model folder: float16 weights of the run, its config, and the card."""
    model = read_model_folder(run / "model")
    heading = card.splitlines()[0].removeprefix("# ")
    config = dataclasses.replace(model.config, name=heading, **changes)
    return write_model_folder(BUNDLED, config, model.weights, card, dtype=torch.float16)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("card", type=Path)
    parser.add_argument("--neighbours", choices=["keep", "mask"], default="mask")
    parser.add_argument("--readout", choices=["cls", "cls+std"], default="cls")
    given = parser.parse_args()
    text = given.card.read_text("utf-8")
    chosen = {"neighbours": given.neighbours, "readout": given.readout}
    print(bundle(given.run, text, **chosen, licence="BSD-3-Clause"))
