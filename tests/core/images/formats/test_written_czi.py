"""CZI files of every kind, written by the maker's library and read by ours: pixels, names, size."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from napari_c3r.core.images import read_image
from napari_c3r.core.images.formats.vendor import vendor_scenes

czi = pytest.importorskip("pylibCZIrw.czi", reason="pylibCZIrw, which writes CZI, is not there")
pytest.importorskip("bioio_czi", reason="bioio-czi, which reads CZI, is not there")

NAMES = ("DAPI", "GFP", "Cy5")


def write(path, scenes=1, times=1, slices=1, channels=2, side_um=0.325, dtype=np.uint16):
    """Random planes by scene, time, slice and channel."""
    rng = np.random.default_rng(0)
    planes = {}
    with czi.create_czi(str(path)) as file:
        for s, t, z, c in product(*map(range, (scenes, times, slices, channels))):
            plane = rng.integers(0, np.iinfo(dtype).max, (40, 60)).astype(dtype)
            place = {"scene": s, "location": (200 * s, 0)} if scenes > 1 else {}
            file.write(data=plane[..., None], plane={"T": t, "Z": z, "C": c}, **place)
            planes[s, t, z, c] = plane
        scale = {} if side_um is None else {"scale_x": side_um * 1e-6, "scale_y": side_um * 1e-6}
        file.write_metadata("i", channel_names=dict(enumerate(NAMES[:channels])), **scale)
    return planes


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"channels": 1},
        {"slices": 3, "channels": 3},
        {"times": 2},
        {"scenes": 2},
        {"dtype": np.uint8},
        {"side_um": None},
    ],
    ids=str,
)
def test_what_was_written_is_read(tmp_path, kind):
    path = tmp_path / "a.czi"
    planes = write(path, **kind)
    assert len(vendor_scenes(path)) == kind.get("scenes", 1)
    last = tuple(max(key[n] for key in planes) for n in range(3))
    for scene, time, z in {(0, 0, 0), last}:
        image = read_image(path, scene=scene, t=time, z=z)
        count = kind.get("channels", 2)
        expected = np.stack([planes[scene, time, z, channel] for channel in range(count)])
        np.testing.assert_array_equal(np.asarray(image.data), expected)
        assert image.channel_names == NAMES[:count]
        if "side_um" in kind:
            assert image.pixel_size_um is None
            assert any("set it yourself" in note for note in image.notes)
        else:
            assert image.pixel_size_um == pytest.approx(0.325)
