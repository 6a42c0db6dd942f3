"""LIF files, laid out as Leica's container is: pixels, names, size, time and Z steps, scenes."""

from __future__ import annotations

import struct
from itertools import product

import numpy as np
import pytest

from napari_c3r.core.images import find_images, read_image

pytest.importorskip("bioio_lif", reason="bioio-lif, which reads LIF, is not there")

HEIGHT, WIDTH = 24, 32
# LIF numbers its axes; a length spans from the first to the last element.
AXES = {"x": 1, "y": 2, "z": 3, "t": 4}
STEPS = {"x": (0.5e-6, "m"), "y": (0.5e-6, "m"), "z": (1.5e-6, "m"), "t": (30.0, "s")}
LUTS = ("Blue", "Green")


def image_xml(name, block, sizes, channels, bytes_each=2):
    """One image of the header, channels plane by plane, slices before times."""
    step = HEIGHT * WIDTH * bytes_each
    described = "".join(
        f'<ChannelDescription DataType="0" ChannelTag="0" Resolution="16" '
        f'NameOfMeasuredQuantity="" Min="0" Max="65535" Unit="" LUTName="{LUTS[c]}" '
        f'IsLUTInverted="0" BytesInc="{c * step}" BitInc="0"/>'
        for c in range(channels)
    )
    increments = {"x": bytes_each, "y": WIDTH * bytes_each, "z": step * channels}
    increments["t"] = increments["z"] * sizes["z"]
    axes = "".join(
        f'<DimensionDescription DimID="{AXES[axis]}" NumberOfElements="{sizes[axis]}" Origin="0" '
        f'Length="{STEPS[axis][0] * (sizes[axis] - 1)}" Unit="{STEPS[axis][1]}" '
        f'BitInc="0" BytesInc="{increments[axis]}"/>'
        for axis in AXES
        if sizes[axis] > 1
    )
    size = step * channels * sizes["z"] * sizes["t"]
    return (
        f'<Element Name="{name}" UniqueID="{block}" Visibility="1"><Data><Image><ImageDescription>'
        f"<Channels>{described}</Channels><Dimensions>{axes}</Dimensions></ImageDescription>"
        f'</Image></Data><Memory Size="{size}" MemoryBlockID="{block}"/></Element>'
    )


def block(text, pixels=None):
    """A block of the container: text as UTF-16, and for pixels their number of bytes."""
    words = text.encode("utf-16-le")
    head = b"" if pixels is None else struct.pack("<BQ", 0x2A, len(pixels))
    body = head + struct.pack("<BI", 0x2A, len(text)) + words
    return struct.pack("<II", 0x70, len(body)) + body + (pixels or b"")


def write(path, times=1, slices=1, channels=2, scenes=1):
    """Random planes (T, Z, C, Y, X) of each scene."""
    rng = np.random.default_rng(0)
    shape = (times, slices, channels, HEIGHT, WIDTH)
    planes = [rng.integers(0, 9999, shape).astype("<u2") for _ in range(scenes)]
    sizes = {"x": WIDTH, "y": HEIGHT, "z": slices, "t": times}
    images = "".join(
        image_xml(f"Series{n:03d}", f"MemBlock_{n}", sizes, channels) for n in range(scenes)
    )
    header = (
        '<LMSDataContainerHeader Version="2"><Element Name="mine" UniqueID="0"><Data/><Children>'
        f"{images}</Children></Element></LMSDataContainerHeader>"
    )
    blocks = (block(f"MemBlock_{n}", each.tobytes()) for n, each in enumerate(planes))
    path.write_bytes(b"".join((block(header), *blocks)))
    return planes


@pytest.mark.parametrize(
    "kind",
    [{}, {"channels": 1}, {"slices": 3}, {"times": 3}, {"times": 2, "slices": 2}, {"scenes": 2}],
    ids=str,
)
def test_what_was_written_is_read(tmp_path, kind):
    planes = write(tmp_path / "a.lif", **kind)
    found = find_images(tmp_path)
    assert len(found) == len(planes)
    times, slices = kind.get("times", 1), kind.get("slices", 1)
    for files, pixels in zip(found, planes, strict=True):
        for t, z in {*product((0, times - 1), (0, slices - 1))}:
            image = read_image(files, t=t, z=z)
            np.testing.assert_array_equal(np.asarray(image.data), pixels[t, z])
            assert image.pixel_size_um == pytest.approx(0.5)
            assert image.time_s == (30 * t if times > 1 else None)
            assert image.z_step_um == (pytest.approx(1.5) if slices > 1 else None)
        assert image.channel_names == LUTS[: pixels.shape[2]]
