from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.table import KEY, join_results, make_result
from napari_c3r.core.table.remembered import Memory
from napari_c3r.core.table.result import rows_by_image


def one(image="a", encoder="e", channels=("RNA", "RNA", "RNA"), **told):
    obs = pd.DataFrame({"image": image, "label": [2, 5], "y_px": [1.0, 2.0], "x_px": [3.0, 4.0]})
    provenance = {
        "roles": {"DNA": "context"},
        "encoder": {"name": encoder},
        "concept_mode": "each",
        "readout": "cls",
        "images": {"name": [image]},
        "sources": {"path": [f"{image}.tif"]},
        "notes": [f"note on {image}"],
        **told,
    }
    return make_result(obs, np.ones((2, 3), np.float32), [(c, "cls") for c in channels], provenance)


def test_rows_are_named_by_their_key_and_positions_are_x_then_y():
    made = one()
    assert list(made.obs_names) == ["a:2", "a:5"]
    assert made.obsm["spatial"].tolist() == [[3.0, 1.0], [4.0, 2.0]]
    assert list(made.var_names) == ["c3r_0000", "c3r_0001", "c3r_0002"]
    assert list(made.var["concept_channel"]) == ["RNA"] * 3


def test_several_images_become_one_table():
    joined = join_results([one("a"), one("b")])
    assert list(joined.obs_names) == ["a:2", "a:5", "b:2", "b:5"]
    assert joined.uns[KEY]["sources"]["path"] == ["a.tif", "b.tif"]
    assert joined.uns[KEY]["notes"] == ["note on a", "note on b"]


def test_what_an_earlier_version_did_not_tell_stays_empty():
    later = one("b")
    later.uns[KEY]["images"]["read_as"] = ["read_image()"]
    for results in ([one("a"), later], [later, one("a")]):
        images = join_results(results).uns[KEY]["images"]
        read_as = dict(zip(images["name"], images["read_as"], strict=True))
        assert read_as == {"a": "", "b": "read_image()"}


def test_what_cannot_be_joined_is_refused():
    with pytest.raises(InputError, match="'a:2'"):
        join_results([one("a"), one("a")])
    with pytest.raises(InputError, match="differ in encoder"):
        join_results([one("a"), one("b", encoder="other")])
    with pytest.raises(InputError, match="No results"):
        join_results([])
    keep, mask = ({"size_px": 64, "neighbours": each} for each in ("keep", "mask"))
    with pytest.raises(InputError, match=r"differ in crop: .*'keep'.* and .*'mask'"):
        join_results([one("a", crop=keep), one("b", crop=mask)])
    with pytest.raises(InputError, match="differ in the order of their concept channels"):
        join_results([one("a", channels="xxy"), one("b", channels="yxx")])
    unknown = one("b")
    unknown.uns.clear()
    with pytest.raises(InputError, match="does not say its roles"):
        join_results([one("a"), unknown])


def test_what_can_be_joined_although_it_differs_is_noted():
    crop = {"size_px": 64, "neighbours": "keep"}
    first = one("a", crop=crop, precision="float32", device="cpu")
    joined = join_results([first, one("b", crop={**crop, "field_um": 20.0}, precision="bfloat16")])
    assert [n for n in joined.uns[KEY]["notes"] if "different precision: float32, bfloat16" in n]


@pytest.mark.parametrize("kind", ["object", "category"])
@pytest.mark.parametrize("known", [False, True], ids=["afresh", "remembered"])
@pytest.mark.parametrize("rows", [[], [41], [3, 0, 2], list(range(60)), list(range(59, -1, -1))])
def test_rows_are_given_image_by_image_in_their_order(rows, known, kind):
    images = np.array(["b", "a", "c"])[np.arange(60) * 7 % 3]
    obs = pd.DataFrame({"image": pd.Series(images, dtype=kind)})
    with Memory().entered() if known else nullcontext():
        for _ in range(2):
            found = dict(rows_by_image(obs, np.array(rows, np.intp)))
            assert {image: here.tolist() for image, here in found.items()} == {
                image: [row for row in rows if images[row] == image]
                for image in {images[row] for row in rows}
            }
