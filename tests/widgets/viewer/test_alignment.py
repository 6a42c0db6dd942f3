"""Layers that lie elsewhere than the image, or hold nothing, are refused with what is seen."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_c3r.core.errors import InputError
from napari_c3r.widgets.viewer import layers
from napari_c3r.widgets.viewer.alignment import require_labels_on, require_numbers
from napari_c3r.widgets.viewer.gathering import image_layers

SHEAR = [[1, 0.2, 0], [0, 1, 0], [0, 0, 1]]
ELSEWHERE = [
    ({"translate": (0, 6)}, r"it is shifted \(translate\) by \(0, 6\) and not \(0, 0\)"),
    ({"translate": (-0.8, 0)}, r"shifted \(translate\) by \(-0.8, 0\)"),
    ({"scale": (2, 2)}, r"its pixels \(scale\) are \(2, 2\) and not \(1, 1\)"),
    ({"scale": (1, 0.9)}, r"its pixels \(scale\) are \(1, 0.9\)"),
    ({"rotate": 5}, r"it is turned \(rotate\) by, in degrees, 5 and not 0"),
    ({"rotate": 180}, r"turned \(rotate\) by, in degrees, 180"),
    ({"shear": [0.1]}, r"it is sheared \(shear\) by 0.1 and not 0"),
    ({"affine": SHEAR}, "its affine matrix is"),
]
SAME = [
    {},
    {"translate": (0.3, -0.4)},
    {"scale": (1, 1), "rotate": 360},
    {"affine": np.eye(3)},
]


@pytest.fixture
def viewer():
    made = ViewerModel()
    made.add_image(np.ones((30, 40)), name="DNA")
    return made


def read(viewer):
    return layers.read_layers(image_layers(viewer))


@pytest.mark.parametrize(("placed", "said"), ELSEWHERE)
def test_a_layer_that_lies_elsewhere_is_refused(viewer, placed, said):
    layer = viewer.add_image(np.ones((30, 40)), name="GFP", **placed)
    with pytest.raises(InputError, match=f"'GFP' does not lie on 'DNA': .*{said}.*align") as told:
        read(viewer)
    assert "\n" not in str(told.value)
    layer.visible = False
    assert read(viewer).channel_names == ("DNA",)


@pytest.mark.parametrize("placed", SAME)
def test_a_layer_that_lies_on_it_within_half_a_pixel_is_taken(viewer, placed):
    viewer.add_image(np.ones((30, 40)), name="GFP", **placed)
    assert read(viewer).channel_names == ("DNA", "GFP")


def test_units_are_taken_into_account():
    viewer = ViewerModel()
    viewer.add_image(np.ones((30, 40)), name="a", scale=(0.5, 0.5), units="um")
    viewer.add_image(np.ones((30, 40)), name="b", scale=(500, 500), units="nm")
    assert read(viewer).channel_names == ("a", "b")
    viewer.layers["b"].scale = (600, 600)
    with pytest.raises(InputError, match=r"\(0.6, 0.6\) and not \(0.5, 0.5\)"):
        read(viewer)


def test_all_turned_alike_lie_on_each_other_and_our_layers_on_them():
    viewer = ViewerModel()
    options = {"rotate": 30, "scale": (0.5, 0.5), "translate": (3, 4)}
    for name in "ab":
        viewer.add_image(np.ones((30, 40)), name=name, **options)
    assert read(viewer).channel_names == ("a", "b")
    ours = layers.show_labels(viewer, layers.CELLS, np.ones((30, 40), np.int32))
    for at in ((0, 0), (12, 31)):
        np.testing.assert_allclose(ours.data_to_world(at), viewer.layers["a"].data_to_world(at))


@pytest.mark.parametrize(("placed", "said"), ELSEWHERE)
def test_labels_that_lie_elsewhere_are_refused(viewer, placed, said):
    labels = viewer.add_labels(np.ones((30, 40), int), name="mine", **placed)
    with pytest.raises(InputError, match=f"'mine' do not lie on .* 'DNA': .*{said}"):
        require_labels_on(labels, viewer.layers["DNA"])


def test_labels_of_a_file_without_a_pixel_size_lie_on_the_image(viewer):
    labels = viewer.add_labels(np.ones((30, 40), int))
    viewer.layers["DNA"].scale = (0.65, 0.65)
    require_labels_on(labels, viewer.layers["DNA"])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_a_channel_without_a_number_is_refused(viewer, value, kind):
    plane = np.full((30, 40), value, kind)
    viewer.add_image(plane, name="dead", contrast_limits=(0, 1))
    with pytest.raises(InputError, match="'dead' holds no number: all 1200 pixels"):
        read(viewer)
    plane[29, 39] = 1
    assert read(viewer).channel_names == ("DNA", "dead")


def test_of_a_large_lazy_channel_no_more_is_read_than_needed():
    import dask.array as da

    seen = []

    def block(block_info):
        seen.append(block_info[None]["chunk-location"])
        return np.ones((4096, 4096), np.float32)

    plane = da.map_blocks(
        block, chunks=((4096,) * 4, (4096,) * 4), dtype="float32", meta=np.empty((0, 0), "f4")
    )
    require_numbers([("a", plane)])
    assert len(seen) == 1
