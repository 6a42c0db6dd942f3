"""A tiny untrained encoder and a small image, so that commands take no time."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
import torch

from napari_c3r.cli.app import main
from napari_c3r.core.encoder import write_model_folder
from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A model folder of an untrained encoder."""
    config = CceConfig(
        name="tiny",
        width=16,
        heads=2,
        branch_depth=1,
        joint_depth=1,
        position_grid=2,
        input_size=32,
        field_um=20.0,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weights = ContextConceptEncoder(config).state_dict()
    return write_model_folder(
        tmp_path_factory.mktemp("model") / "tiny", config, weights, "# Tiny\n"
    )


@pytest.fixture
def shell(tmp_path, monkeypatch, capsys, tiny):
    """Run a command in an empty folder with the tiny encoder; exit code and error stream."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        words = [str(word) for word in words]
        if words[0] in ("embed", "plate", "diagnose") and "--encoder" not in words:
            words += ["--encoder", str(tiny)]
        with pytest.raises(SystemExit) as ended:
            main(words)
        return int(ended.value.code or 0), capsys.readouterr().err

    return run


def small_field(names=("DNA", "RNA"), path="f.ome.tif", labels="l.tif", cells=4):
    """Write an image of some round cells, and their labels, into the folder at hand."""
    side = int(np.ceil(cells**0.5))
    step = 96 / side
    yy, xx = np.mgrid[:96, :96]
    found = np.zeros((96, 96), np.uint16)
    image = np.full((len(names), 96, 96), 200.0)
    for cell in range(cells):
        r = np.hypot(yy - (cell // side + 0.5) * step, xx - (cell % side + 0.5) * step)
        found[r < step * 0.32] = cell + 1
        for channel in range(len(names)):
            wave = 1 + 0.2 * np.sin((cell + channel + 1) * xx / 3)
            image[channel] += 2000 * (r < step * (0.15 if channel == 0 else 0.32)) * wave
    metadata = {"axes": "CYX", "Channel": {"Name": list(names)}}
    tifffile.imwrite(path, image.astype(np.uint16), ome=True, metadata=metadata)
    tifffile.imwrite(labels, found)


def one_line(code, said):
    """A refusal: exit 2 and one line beside notes, which is given back."""
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("  Note: ")]
    assert code == 2, said
    assert len(lines) == 1, lines
    assert lines[0].startswith("napari-c3r: ")
    assert lines[0].isprintable()
    return lines[0]
