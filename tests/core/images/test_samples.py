"""Samples of a pixel: channels, colours and alpha, as the file marks them."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image as Picture

from napari_c3r.core.images import read_image

CHANNELS = np.random.default_rng(0).integers(0, 2000, (6, 20, 30)).astype("uint16")


@pytest.mark.parametrize("layout", ["contig", "separate"])
@pytest.mark.parametrize(
    ("samples", "photometric", "extra", "kept"),
    [
        (2, "minisblack", ["unspecified"], 2),
        (4, "minisblack", ["unspecified"] * 3, 4),
        (6, "minisblack", ["unspecified"] * 5, 6),
        (5, "rgb", ["unspecified"] * 2, 5),
        (4, "rgb", ["unspecified"], 4),
        (4, "rgb", ["unassalpha"], 3),
        (4, "rgb", ["assocalpha"], 3),
        (5, "rgb", ["unspecified", "unassalpha"], 4),
        (2, "minisblack", ["unassalpha"], 1),
        (2, "minisblack", ["assocalpha"], 1),
        (4, "separated", [], 4),
    ],
)
@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_every_sample_is_a_channel_but_alpha(
    tmp_path, layout, samples, photometric, extra, kept, kind
):
    planes = CHANNELS[:samples].astype(kind)
    stored = np.moveaxis(planes, 0, -1) if layout == "contig" else planes
    tifffile.imwrite(
        tmp_path / "a.tif", stored, photometric=photometric, planarconfig=layout, extrasamples=extra
    )
    image = read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.data, planes[:kept])
    assert any("alpha" in note for note in image.notes) == (kept < samples)
    coloured = photometric == "rgb" and kept == 3 and layout == "contig"
    expected = ("red", "green", "blue") if coloured else tuple(f"ch{n + 1}" for n in range(kept))
    assert image.channel_names == expected


def test_alpha_of_pictures_is_dropped(tmp_path):
    grey = (CHANNELS[0] % 256).astype("uint8")
    alpha = np.full_like(grey, 7)
    Picture.fromarray(np.dstack([grey, alpha]), "LA").save(tmp_path / "la.png")
    Picture.fromarray(np.dstack([grey, grey, grey, alpha]), "RGBA").save(tmp_path / "rgba.png")
    np.testing.assert_array_equal(read_image(tmp_path / "la.png").data, grey[None])
    np.testing.assert_array_equal(read_image(tmp_path / "rgba.png").data, np.stack([grey] * 3))
