"""Write the bundled model folder with seeded, untrained weights.

Usage: python tools/make_untrained_model.py [FOLDER]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from napari_c3r.core.encoder import ContextConceptEncoder, EncoderConfig, write_model_folder

BUNDLED = Path(__file__).parents[1] / "src" / "napari_c3r" / "models" / "bundled"
SEED = 0

CARD = """# C3R ViT-T (untrained)

**These weights are untrained.** They were drawn at random (seed 0) with the official
initialisation, and stand in until trained weights come with the package. Vectors from them
separate cells only by what a random network happens to pass on of their size, shape and texture.
Use them to learn the tool and to test a pipeline, never to conclude anything about cells.

- Network: context-concept encoder (CCE), ViT-T/16; 2 blocks in each branch, 11 in the joint one.
- Training data: none.
- Input: crops of 112 x 112 pixels that cover 64 x 64 micrometres, any number of channels.
- Recommended: neighbouring cells masked; every concept channel alone with all the context; class
  token and deviation over the patches.
- Stored in 16 bits, computed in 32.
- Licence: BSD-3-Clause, as the package.
"""


def make(folder: Path) -> Path:
    """Write the model folder; the same bytes on every machine.

    Weights are drawn in float64, so that differences in the last digit between processors vanish
    when they are rounded to float16.
    """
    config = EncoderConfig.of_size(
        "T",
        name="C3R ViT-T (untrained)",
        input_size=112,
        field_um=64.0,
        # Measured on simulated cells: with neighbours kept, even the groups of a random network
        # follow who stands beside a cell instead of the cell (rand index 0.0 against 0.3-0.5).
        neighbours="mask",
        readout="cls+std",
        concept_mode="each",
        trained=False,
        training_data="none",
        licence="BSD-3-Clause",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = ContextConceptEncoder(config).double()
        network.reset_parameters()
    return write_model_folder(folder, config, network.state_dict(), CARD, dtype=torch.float16)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=BUNDLED)
    print(make(parser.parse_args().folder))
