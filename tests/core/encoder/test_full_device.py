"""A graphics card that another program has filled costs time, and no result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.embed.job import embed
from napari_c3r.core.encoder import Encoder, load_encoder, run, runtime
from napari_c3r.core.encoder.families.cce import ContextConceptEncoder
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from napari_c3r.core.table import KEY
from tests.widgets.fields import labels, planes

NAMES = ("DNA", "ER", "RNA")
ROLES = ChannelAssignment({"DNA": "context", "ER": "context", "RNA": "concept"})
NOTE = "Out of memory on meta, which another program may hold; went on on the processor in float32."


@pytest.fixture
def encoder(small_folder: Path) -> Encoder:
    return load_encoder(small_folder)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card on which every batch runs out of memory: PyTorch's own that keeps no numbers."""
    there = {"auto": "meta", "meta": "meta", "cpu": "cpu"}
    monkeypatch.setattr(run, "choose_device", lambda device: torch.device(there[device]))
    monkeypatch.setattr(runtime, "is_out_of_memory", lambda error: "meta" in str(error))


def table(encoder: Encoder, **options: str) -> object:
    image = Image.from_array(planes(), NAMES, 0.5, name="field")
    options = {"precision": "float32", **options}
    return embed(image, labels(), ROLES, encoder=encoder, **options)  # type: ignore[arg-type]


@pytest.mark.usefixtures("full")
def test_the_processor_takes_over_and_the_result_says_so(encoder: Encoder) -> None:
    found, expected = table(encoder), table(encoder, device="cpu")
    np.testing.assert_allclose(found.X, expected.X, atol=1e-6)
    assert found.obs["label"].tolist() == expected.obs["label"].tolist()
    assert found.uns[KEY]["device"] == "cpu"
    assert NOTE in found.uns[KEY]["notes"]
    # What was tried first is reported too.
    assert any("at once; went on with" in note for note in found.uns[KEY]["notes"])


@pytest.mark.usefixtures("full")
def test_a_card_that_the_network_does_not_fit_on_is_left_at_once(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError("meta: CUDA out of memory.")

    expected = table(encoder, device="cpu")
    monkeypatch.setattr(ContextConceptEncoder, "to", refuse)
    monkeypatch.setattr(run, "is_out_of_memory", runtime.is_out_of_memory)
    with pytest.raises(InputError, match="out of memory on meta for the network itself"):
        table(encoder, device="meta")
    found = table(encoder)
    np.testing.assert_allclose(found.X, expected.X, atol=1e-6)
    assert NOTE in found.uns[KEY]["notes"]


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("options", [{"device": "meta"}, {"precision": "float16"}])
def test_what_the_user_chose_is_not_replaced(encoder: Encoder, options: dict[str, str]) -> None:
    with pytest.raises(InputError, match="out of memory on meta with a single crop"):
        table(encoder, **options)
