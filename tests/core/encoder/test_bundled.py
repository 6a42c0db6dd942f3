"""The model folder that comes with the package."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import load_encoder

TOOL = Path(__file__).parents[3] / "tools" / "make_untrained_model.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_untrained_model", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_bundled_folder_can_be_made_again_to_the_byte(tool: ModuleType, tmp_path: Path) -> None:
    made = tool.make(tmp_path / "again")
    for file in made.iterdir():
        assert file.read_bytes() == (tool.BUNDLED / file.name).read_bytes(), file.name
    assert {file.name for file in tool.BUNDLED.iterdir()} == {file.name for file in made.iterdir()}


def test_it_says_plainly_that_it_is_untrained() -> None:
    encoder = load_encoder()
    assert not encoder.trained
    assert "untrained" in encoder.name
    assert "**These weights are untrained.**" in encoder.card
    assert encoder.config.field_um == 64
    assert encoder.config.input_size == 112


def test_it_embeds_real_cells(data_dir: Path) -> None:
    import tifffile

    crops = tifffile.imread(data_dir / "crops" / "hpa_56_F11_U2OS.tif")
    names = ["microtubules", "protein", "nucleus", "ER"]
    roles = ChannelAssignment(
        {name: "concept" if name == "protein" else "context" for name in names}
    )
    encoder = load_encoder("bundled")
    exact = encoder.embed(crops, roles, names, precision="float32")
    assert exact.shape == (13, 384)
    assert np.isfinite(exact).all()
    assert np.linalg.matrix_rank(exact - exact.mean(axis=0)) == 12

    rough = encoder.embed(crops, roles, names, precision="bfloat16")
    lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(rough, axis=1)
    assert ((exact * rough).sum(axis=1) / lengths).min() > 0.999
