"""Model folders, sound and tampered with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor

from napari_c3r.core.encoder import read_model_folder, write_model_folder
from napari_c3r.core.encoder.families.cce import CceConfig
from napari_c3r.core.encoder.folder import CARD, CONFIG, SUMS, WEIGHTS
from napari_c3r.core.errors import InputError


def seal(folder: Path) -> None:
    """Write the checksums anew, as whoever tampered with the folder would."""
    names = (WEIGHTS, CONFIG, CARD)
    sums = [f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names]
    (folder / SUMS).write_text("".join(sums))


def change_config(folder: Path, **values: object) -> None:
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | values))
    seal(folder)


def change_weights(folder: Path, change: Callable[[dict[str, Tensor]], object]) -> None:
    weights = safetensors.torch.load_file(folder / WEIGHTS)
    change(weights)
    (folder / WEIGHTS).write_bytes(safetensors.torch.save(weights))
    seal(folder)


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as error:
        read_model_folder(folder)
    line = str(error.value)
    assert "\n" not in line
    return line


def test_round_trip(
    small_folder: Path, small_config: CceConfig, small_weights: dict[str, Tensor]
) -> None:
    model = read_model_folder(small_folder)
    assert model.config == small_config
    assert model.card == "# Small\n"
    assert model.weights_hash == hashlib.sha256((small_folder / WEIGHTS).read_bytes()).hexdigest()
    network = model.make_network()
    assert not network.training
    for name, value in network.state_dict().items():
        assert torch.equal(value, small_weights[name])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_may_be_stored_in_16_bits(
    tmp_path: Path,
    small_config: CceConfig,
    small_weights: dict[str, Tensor],
    dtype: torch.dtype,
) -> None:
    folder = write_model_folder(tmp_path / "half", small_config, small_weights, "", dtype=dtype)
    weights = read_model_folder(folder).weights
    assert {value.dtype for value in weights.values()} == {torch.float32}
    for name, value in weights.items():
        assert torch.equal(value, small_weights[name].to(dtype).float())


def test_same_content_same_bytes(
    tmp_path: Path, small_config: CceConfig, small_weights: dict[str, Tensor]
) -> None:
    turned = dict(reversed(small_weights.items()))
    for name, weights in (("a", small_weights), ("b", turned)):
        write_model_folder(tmp_path / name, small_config, weights, "card")
    for file in (WEIGHTS, CONFIG, CARD, SUMS):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize("name", [WEIGHTS, CONFIG, CARD, SUMS])
def test_a_missing_file_is_named(small_folder: Path, name: str) -> None:
    (small_folder / name).unlink()
    line = refused(small_folder)
    assert name in line
    assert "missing" in line


@pytest.mark.parametrize("name", [WEIGHTS, CONFIG, CARD])
def test_a_changed_file_is_named(small_folder: Path, name: str) -> None:
    content = bytearray((small_folder / name).read_bytes())
    content[-2] ^= 1
    (small_folder / name).write_bytes(content)
    line = refused(small_folder)
    assert name in line
    assert "checksum" in line


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "no model folder" in refused(tmp_path / "nothing")


@pytest.mark.parametrize(
    "line",
    [
        f"{'0' * 64}  ../{WEIGHTS}\n",
        f"{'0' * 64}  /etc/passwd\n",
        f"{'0' * 64}  weights.pkl\n",
        "nonsense\n",
    ],
)
def test_checksums_of_other_files_are_refused(small_folder: Path, line: str) -> None:
    sums = small_folder / SUMS
    sums.write_text(sums.read_text() + line)
    assert f"{SUMS}: unexpected line" in refused(small_folder)


def test_a_missing_checksum_is_named(small_folder: Path) -> None:
    sums = small_folder / SUMS
    sums.write_text("".join(sums.read_text().splitlines(keepends=True)[1:]))
    assert f"no checksum of {WEIGHTS}" in refused(small_folder)


def test_an_unknown_architecture_is_refused(small_folder: Path) -> None:
    change_config(small_folder, architecture="resnet")
    line = refused(small_folder)
    assert CONFIG in line
    assert "unknown architecture 'resnet'" in line


def test_malformed_json_is_refused(small_folder: Path) -> None:
    (small_folder / CONFIG).write_text("{'width': 16}")
    seal(small_folder)
    assert f"{CONFIG}: encoder config: not valid JSON" in refused(small_folder)


@pytest.mark.parametrize("name", [CONFIG, CARD])
def test_text_that_is_not_text_is_refused(small_folder: Path, name: str) -> None:
    (small_folder / name).write_bytes(b"\xff\xfe\x00")
    seal(small_folder)
    assert f"{name}: not UTF-8" in refused(small_folder)


def test_a_pickle_in_place_of_weights_is_refused(small_folder: Path) -> None:
    torch.save({"cls_token": torch.zeros(1)}, small_folder / WEIGHTS)
    seal(small_folder)
    assert f"{WEIGHTS}: not a safetensors file" in refused(small_folder)


def test_wrong_weights_are_refused_by_name(small_folder: Path) -> None:
    change_weights(small_folder, lambda w: w.pop("norm.weight"))
    assert f"{WEIGHTS}: lacks 'norm.weight'" in refused(small_folder)
    change_weights(small_folder, lambda w: w.update({"norm.weight": torch.ones(17)}))
    assert "'norm.weight' has shape (17,)" in refused(small_folder)
    change_weights(small_folder, lambda w: w.update({"norm.weight": torch.ones(16).int()}))
    assert "'norm.weight' is torch.int32" in refused(small_folder)
    change_weights(small_folder, lambda w: w.update({"norm.weight": torch.full((16,), torch.nan)}))
    assert "'norm.weight' has NaN" in refused(small_folder)
    change_weights(
        small_folder,
        lambda w: w.update({"norm.weight": torch.ones(16), "head.weight": torch.ones(1)}),
    )
    assert "unknown 'head.weight'" in refused(small_folder)


def test_sizes_that_do_not_fit_the_weights_are_refused(small_folder: Path) -> None:
    change_config(small_folder, joint_depth=3)
    assert "lacks 'cmb_blocks.2." in refused(small_folder)


def test_a_model_folder_is_replaced_and_nothing_else_is(
    tmp_path: Path, small_config: CceConfig, small_weights: dict[str, Tensor]
) -> None:
    def write(name: str) -> Path:
        return write_model_folder(tmp_path / name, small_config, small_weights, "new")

    (tmp_path / "empty").mkdir()
    write("empty")
    write("empty")
    assert (tmp_path / "empty" / CARD).read_text() == "new"

    thesis = tmp_path / "documents" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years of work")
    with pytest.raises(InputError, match="not a model folder"):
        write("documents")
    (tmp_path / "empty" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not a model folder"):
        write("empty")
    with pytest.raises(InputError, match="not a model folder"):
        write("documents/thesis.txt")
    with pytest.raises(InputError, match="does not exist"):
        write("no/such")
    assert thesis.read_text() == "years of work"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["documents", "empty"]


def test_weights_that_overflow_16_bits_are_not_written(
    tmp_path: Path, small_config: CceConfig, small_weights: dict[str, Tensor]
) -> None:
    large = small_weights | {"norm.weight": torch.full((16,), 1e6)}
    with pytest.raises(InputError, match=r"'norm.weight' has NaN or infinite"):
        write_model_folder(tmp_path / "out", small_config, large, "", dtype=torch.float16)
    assert list(tmp_path.iterdir()) == []
