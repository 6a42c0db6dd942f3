"""What napari gets: layers with name, colour, contrast and scale, or no offer."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
import tifffile
from PIL import Image as Picture

from napari_c3r.readers import get_reader, read_layers


def metadata_of(layer):
    return layer[1]["metadata"]["napari_c3r"]


def test_one_layer_per_channel(data_dir):
    path = str(data_dir / "readers/neuron-4Ch.tiff")
    layers = get_reader(path)(path)
    assert [options["name"] for _, options, _ in layers] == ["AF647", "AF568", "AF488", "DAPI"]
    for plane, options, kind in layers:
        assert kind == "image"
        assert isinstance(plane, da.Array)
        assert options["scale"] == (0.1241, 0.1241)
        assert options["units"] == ("micrometer", "micrometer")
        assert options["blending"] == "additive"
        low, high = options["contrast_limits"]
        assert 0 <= low < high <= 65535
    known = metadata_of(layers[3])
    assert (known["channel"], known["image"], known["source"]) == ("DAPI", "neuron-4Ch", [path])


def test_stains_have_their_colours(data_dir):
    layers = read_layers(str(data_dir / "fields/cm4ai_MDA-MB-468"))
    colours = {options["name"]: options["colormap"] for _, options, _ in layers}
    red_green_blue = {
        name: [int(colour[i : i + 2], 16) for i in (1, 3, 5)] for name, colour in colours.items()
    }
    assert np.argmax(red_green_blue["nucleus"]) == 2
    assert np.argmax(red_green_blue["microtubules"]) == 0
    assert np.argmax(red_green_blue["protein"]) == 1
    assert np.argmin(red_green_blue["ER"]) == 2


def test_napari_takes_the_layers(data_dir):
    layers = pytest.importorskip("napari.layers")
    with pytest.warns(UserWarning, match="Of its 3 Z slices the brightest"):
        described = read_layers(str(data_dir / "readers/plate_ones.zarr"))
    for plane, options, _ in described:
        layer = layers.Image(plane, **options)
        assert layer.data is plane
        assert [str(unit) for unit in layer.units] == ["micrometer", "micrometer"]


def test_a_plate_opens_its_first_field_and_says_so(data_dir):
    with pytest.warns(UserWarning, match="holds 4 images; 9987_B02_s1 was opened"):
        layers = read_layers(str(data_dir / "readers/imagexpress_9987_Plate_3434"))
    known = metadata_of(layers[0])
    assert (known["plate"], known["well"], known["site"]) == ("9987", "B02", "1")


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ("TCYX", "It has 3 time points; the first was opened"),
        ("ZCYX", "Of its 3 Z slices the brightest at each pixel was opened"),
    ],
)
def test_a_movie_or_stack_says_what_of_it_was_opened(tmp_path, axes, said):
    planes = np.arange(3 * 2 * 8 * 9, dtype=np.uint16).reshape(3, 2, 8, 9)
    path = tmp_path / "stack.ome.tif"
    tifffile.imwrite(path, planes, metadata={"axes": axes})
    with pytest.warns(UserWarning, match=f"{said}.*The dock C3R"):
        layers = read_layers(str(path))
    np.testing.assert_array_equal(layers[0][0], planes[0 if axes[0] == "T" else 2, 0])


def test_what_is_offered_and_what_is_left_to_others(tmp_path):
    grey, colour = tmp_path / "grey.png", tmp_path / "colour.png"
    Picture.fromarray(np.ones((8, 9), "uint16")).save(grey)
    Picture.fromarray(np.ones((8, 9, 3), "uint8")).save(colour)
    table, broken = tmp_path / "cells.csv", tmp_path / "broken.png"
    table.touch()
    broken.write_bytes(b"x")
    empty = tmp_path / "empty"
    empty.mkdir()
    waves = [tmp_path / "A01_s1_w1.tif", tmp_path / "A01_s1_w2.tif"]
    for path in (*waves, tmp_path / "A02_s1_w1.tif"):
        tifffile.imwrite(path, np.ones((8, 9), "uint16"))
    offered = [grey, tmp_path, waves[0], waves]
    declined = [
        colour,
        table,
        broken,
        empty,
        tmp_path / "none.tif",
        [*waves, grey],
        [waves[0], table],
    ]

    def reader(path):
        return get_reader([str(p) for p in path] if isinstance(path, list) else str(path))

    assert all(reader(path) is read_layers for path in offered)
    assert all(reader(path) is None for path in declined)
    names = [options["name"] for _, options, _ in reader(waves)([str(p) for p in waves])]
    assert names == ["w1", "w2"]
