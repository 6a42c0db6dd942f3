"""Samples of a pixel: channels, colours and alpha, as the file marks them."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from imagecodecs import png_encode
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
    coloured = (photometric, kept, layout) == ("rgb", 3, "contig") and kind != "float32"
    expected = ("red", "green", "blue") if coloured else tuple(f"ch{n + 1}" for n in range(kept))
    assert image.channel_names == expected


def test_alpha_of_pictures_is_dropped(tmp_path):
    grey = (CHANNELS[0] % 256).astype("uint8")
    alpha = np.full_like(grey, 7)
    Picture.fromarray(np.dstack([grey, alpha]), "LA").save(tmp_path / "la.png")
    Picture.fromarray(np.dstack([grey, grey, grey, alpha]), "RGBA").save(tmp_path / "rgba.png")
    np.testing.assert_array_equal(read_image(tmp_path / "la.png").data, grey[None])
    np.testing.assert_array_equal(read_image(tmp_path / "rgba.png").data, np.stack([grey] * 3))


@pytest.mark.parametrize(
    ("stored", "photometric", "layout"),
    [
        (np.moveaxis(CHANNELS.reshape(2, 3, 20, 30), 1, -1), "rgb", "contig"),
        (np.moveaxis(CHANNELS.reshape(3, 2, 20, 30), 1, -1), "minisblack", "contig"),
        (CHANNELS.reshape(3, 2, 20, 30), "minisblack", "separate"),
    ],
)
def test_pages_of_several_samples_are_slices(tmp_path, stored, photometric, layout):
    tifffile.imwrite(
        tmp_path / "a.tif", stored, photometric=photometric, planarconfig=layout, metadata=None
    )
    pages = stored if layout == "separate" else np.moveaxis(stored, -1, 1)
    for z, page in enumerate(pages):
        np.testing.assert_array_equal(read_image(tmp_path / "a.tif", z=z).data, page)


@pytest.mark.parametrize(("samples", "told"), [(3, ["red", "green", "blue"]), (2, ["1", "2"])])
def test_samples_beside_channels_are_channels_of_their_own(tmp_path, samples, told):
    planes = CHANNELS[: 2 * samples].reshape(2, samples, 20, 30)
    tifffile.imwrite(
        tmp_path / "a.ome.tif",
        np.moveaxis(planes, 1, -1),
        photometric="rgb" if samples == 3 else "minisblack",
        planarconfig="contig",
        metadata={"axes": "CYXS", "Channel": {"Name": ["A", "B"]}},
    )
    image = read_image(tmp_path / "a.ome.tif")
    np.testing.assert_array_equal(image.data, CHANNELS[: 2 * samples])
    assert image.channel_names == tuple(f"{name} {each}" for name in "AB" for each in told)


@pytest.mark.parametrize(("samples", "kept"), [(2, 1), (3, 3), (4, 3)])
def test_pictures_of_16_bits_keep_them(tmp_path, samples, kept):
    pixels = np.moveaxis(CHANNELS[:samples] * 30, 0, -1)
    (tmp_path / "a.png").write_bytes(png_encode(np.ascontiguousarray(pixels)))
    image = read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(image.data, CHANNELS[:kept] * 30)


def test_a_palette_is_colour_only_where_it_has_colours(tmp_path):
    grey = (CHANNELS[0] % 256).astype("uint8")
    picture = Picture.fromarray(grey, "P")
    picture.putpalette([value for n in range(256) for value in (n, n, n)])
    picture.save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png").data, grey[None])
    picture.putpalette([value for n in range(256) for value in (n, 0, 255 - n)])
    picture.save(tmp_path / "colour.png")
    np.testing.assert_array_equal(
        read_image(tmp_path / "colour.png").data, [grey, np.zeros_like(grey), 255 - grey]
    )


@pytest.mark.parametrize("grows", [True, False])
def test_a_table_of_colours_is_said_where_it_is_no_look_up_table(tmp_path, grows):
    grey = (CHANNELS[0] % 256).astype("uint8")
    ramp = np.arange(256, dtype="uint16") * 257
    table = np.stack([ramp * 0, ramp if grows else ramp[::-1], ramp * 0])
    tifffile.imwrite(tmp_path / "a.tif", grey, photometric="palette", colormap=table)
    image = read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.data, grey[None])
    assert any("table of colours" in note for note in image.notes) != grows
