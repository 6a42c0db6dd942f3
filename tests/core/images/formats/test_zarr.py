"""OME-Zarr: strange optional metadata count as absent, broken required parts are one line."""

from __future__ import annotations

import json

import numpy as np
import pytest
import zarr

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import find_images, read_image

PIXELS = np.random.default_rng(0).integers(0, 4000, (2, 20, 24), dtype="uint16")
NAMED = {"channels": [{"label": "DNA"}, {"label": "RNA"}]}
AXES = [{"name": "c"}, *({"name": name, "unit": "micrometer"} for name in "yx")]
SCALED = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 0.5, 0.5]}]}
STRANGE = [
    None,
    7,
    "x",
    [],
    {},
    True,
    [None],
    [7],
    ["x"],
    [{}],
    [[]],
    {"channels": None},
    {"a": {}},
]

versions = pytest.mark.parametrize("version", [2, 3], ids=["0.4", "0.5"])


def write(path, version, attributes, pixels=PIXELS, **options):
    group = zarr.open_group(path, mode="w", zarr_format=version)
    array = group.create_array(
        "0", shape=pixels.shape, dtype=pixels.dtype, **{"chunks": pixels.shape} | options
    )
    array[...] = pixels
    # By hand, as others do: not every version of the library writes every number.
    if version == 2:
        (path / ".zattrs").write_text(json.dumps(attributes))
    else:
        node = json.loads((path / "zarr.json").read_text())
        (path / "zarr.json").write_text(json.dumps(node | {"attributes": {"ome": attributes}}))
    return path


def attributes(omero=NAMED, dataset=SCALED, **changed):
    image = {"axes": AXES, "datasets": [dataset]} | changed
    given = {"multiscales": [{key: value for key, value in image.items() if value is not ...}]}
    return given if omero is ... else given | {"omero": omero}


def scaled(*transforms):
    return {"path": "0", "coordinateTransformations": list(transforms)}


@versions
def test_names_and_size(tmp_path, version):
    image = read_image(write(tmp_path / "a.zarr", version, attributes()))
    assert (image.channel_names, image.pixel_size_um) == (("DNA", "RNA"), 0.5)
    assert image.notes == ()


LENGTHS = [0, -1, None, "1", True, 1e400, [1], 10**400]


@versions
@pytest.mark.parametrize(
    "changes",
    [
        *({"omero": strange} for strange in STRANGE),
        *({"omero": {"channels": strange}} for strange in STRANGE),
        *({"omero": {"channels": [{"label": s}, {"label": "RNA"}]}} for s in STRANGE),
        *({"coordinateTransformations": strange} for strange in STRANGE),
        *({"dataset": {"path": "0", "coordinateTransformations": s}} for s in STRANGE),
        *({"dataset": scaled({"type": "scale", "scale": s})} for s in STRANGE),
        *({"dataset": scaled({"type": "scale", "scale": [1, s, s]})} for s in LENGTHS),
        {"dataset": scaled({"type": "scale", "scale": [0.5, 0.5]})},
        {"dataset": {"path": 0}},
        *({"name": s, "version": s, "metadata": s, "type": s} for s in STRANGE),
        *({"axes": [{"name": n, "unit": s, "type": s} for n in "cyx"]} for s in STRANGE),
    ],
    ids=str,
)
def test_strange_optional_parts_count_as_absent(tmp_path, version, changes):
    text = json.dumps(attributes(**changes))
    image = read_image(write(tmp_path / "a.zarr", version, json.loads(text)))
    np.testing.assert_array_equal(image.data, PIXELS)


@versions
@pytest.mark.parametrize("axes", [..., *(s for s in STRANGE if s != ["x"])], ids=str)
def test_axes_that_are_not_said_are_guessed_and_noted(tmp_path, version, axes):
    image = read_image(write(tmp_path / "a.zarr", version, attributes(axes=axes, omero=...)))
    np.testing.assert_array_equal(image.data, PIXELS)
    assert "does not say what its axes are: taken as C (2), Y (20), X (24)" in image.notes[0]


@pytest.mark.parametrize(
    ("shape", "named", "taken"),
    [
        ((20, 24), 0, (1, 20, 24)),
        ((30, 20, 24), 0, (1, 20, 24)),
        ((12, 20, 24), 12, (12, 20, 24)),
        ((2, 3, 20, 24), 2, (2, 20, 24)),
        ((5, 3, 20, 24), 3, (3, 20, 24)),
        ((1, 2, 3, 20, 24), 0, (2, 20, 24)),
    ],
)
def test_guesses_by_number_of_names_and_length(tmp_path, shape, named, taken):
    omero = {"channels": [{"label": f"c{n}"} for n in range(named)]}
    given = attributes(axes=..., dataset={"path": "0"}, omero=omero)
    path = write(tmp_path / "a.zarr", 2, given, np.zeros(shape, "uint8"))
    assert read_image(path).shape == taken


@versions
@pytest.mark.parametrize(
    "given",
    [
        *({"multiscales": strange} for strange in STRANGE),
        *(attributes(datasets=strange) for strange in STRANGE),
        *(attributes(datasets=[{"path": s}]) for s in [None, "", "/tmp", "../x", "a/../..", [], 1]),
        attributes(axes=[{"name": name} for name in "tczyx"]),
        attributes(axes=[{"name": name} for name in "yx"]),
        attributes(axes=[{"name": name} for name in "cyy"]),
        attributes(axes=[{"name": name} for name in "qyx"]),
        *({"plate": strange} for strange in STRANGE if strange is not None),
    ],
    ids=str,
)
def test_broken_required_parts_are_one_line(tmp_path, version, given):
    path = write(tmp_path / "a.zarr", version, given)
    with pytest.raises(InputError, match=r"^a\.zarr ") as caught:
        read_image(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "changed",
    [
        *({"shape": s} for s in STRANGE),
        *({"chunks": s} for s in STRANGE),
        {"chunks": [0, 20, 24]},
        {"chunks": [20, 24]},
        {"dtype": [["r", "|u1"]]},
        {"dtype": "|O"},
        {"dtype": "<c8"},
        {"dtype": "nothing"},
        {"compressor": {"id": "pickle"}},
        {"compressor": {"id": "json2"}},
        {"compressor": 5},
        {"filters": [{"id": "pickle"}]},
        {"filters": {"id": "vlen-utf8"}},
        {"order": "Q"},
        {"fill_value": "x"},
        {"zarr_format": 9},
    ],
    ids=str,
)
def test_broken_arrays_are_one_line(tmp_path, changed):
    path = write(tmp_path / "a.zarr", 2, attributes())
    node = path / "0/.zarray"
    node.write_text(json.dumps(json.loads(node.read_text()) | changed))
    with pytest.raises(InputError, match=r"^a\.zarr ") as caught:
        read_image(path).data.compute()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "codecs",
    [
        [{"name": "bytes"}, {"name": "numcodecs.pickle"}],
        [{"name": "pickle", "configuration": {"protocol": 4}}],
        ["bytes", "somebodys"],
        [
            {
                "name": "sharding_indexed",
                "configuration": {"chunk_shape": [1, 20, 24], "codecs": [{"name": "pickle"}]},
            }
        ],
    ],
)
def test_codecs_that_are_not_known_are_named(tmp_path, codecs):
    path = write(tmp_path / "a.zarr", 3, attributes())
    node = path / "0/zarr.json"
    node.write_text(json.dumps(json.loads(node.read_text()) | {"codecs": codecs}))
    with pytest.raises(InputError, match=r"a\.zarr is packed with the codec '(pickle|somebodys)'"):
        read_image(path)


def test_sharded_arrays_are_read(tmp_path):
    pixels = np.arange(2 * 64 * 64, dtype="uint16").reshape(2, 64, 64)
    options = {"chunks": (1, 16, 16), "shards": (2, 32, 32)}
    path = write(tmp_path / "a.zarr", 3, attributes(), pixels, **options)
    np.testing.assert_array_equal(read_image(path).data, pixels)


@pytest.mark.parametrize("name", ["0/.zarray", ".zattrs"])
def test_metadata_that_are_no_json(tmp_path, name):
    path = write(tmp_path / "a.zarr", 2, attributes())
    for text in ("", "{", "[]", "[" * 100_000, "\xff", '"x"'):
        (path / name).write_text(text, "latin-1")
        with pytest.raises(InputError, match=r"^a\.zarr ") as caught:
            read_image(path)
        assert "\n" not in str(caught.value)


def test_a_plate_and_its_wells(tmp_path):
    path = tmp_path / "p.zarr"
    for well in ("B/3", "C/11"):
        write(path / well / "0", 2, attributes())
        (path / well / ".zattrs").write_text(json.dumps({"well": {"images": [{"path": 0}]}}))
    wells = [{"path": "B/3"}, {"path": "C/11"}, {"path": "D/1"}]
    (path / ".zattrs").write_text(json.dumps({"plate": {"wells": wells}}))
    found = find_images(path)
    assert [(files.name, files.well) for files in found] == [("p_B03_0", "B03"), ("p_C11_0", "C11")]
    (path / "B/3/0/.zattrs").write_text("{}")
    with pytest.raises(InputError, match=r"^p\.zarr/B/3/0 holds no OME-Zarr"):
        read_image(found[0])
    np.testing.assert_array_equal(read_image(found[1]).data, PIXELS)
