"""Messages between two processes arrive as they were sent, or are refused."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from napari_c3r.core.encoder.wire import receive, send


@pytest.mark.parametrize(
    "array",
    [
        np.arange(24, dtype=">u2").reshape(2, 3, 4)[:, ::2],
        np.float32([[np.nan, -0.0, np.inf]]),
        np.zeros((0, 5), np.float32),
        np.array(True),
    ],
)
def test_arrays_arrive_to_the_bit(array):
    stream = io.BytesIO()
    send(stream, {"do": "run", "note": "µ\n"}, array)
    send(stream, {"do": "close"})
    stream.seek(0)
    message, again = receive(stream)
    assert message == {"do": "run", "note": "µ\n"}
    assert again.dtype == array.dtype
    assert again.tobytes() == array.tobytes()
    assert receive(stream) == ({"do": "close"}, None)
    with pytest.raises(EOFError):
        receive(stream)


def test_half_a_message_is_the_end():
    stream = io.BytesIO()
    send(stream, {}, np.arange(1000))
    for length in (5, 100, len(stream.getvalue()) - 1):
        with pytest.raises(EOFError):
            receive(io.BytesIO(stream.getvalue()[:length]))


def test_objects_are_never_made():
    head = {"array": {"type": "|O", "shape": [1]}}
    with pytest.raises(ValueError, match="object was sent"):
        receive(io.BytesIO(json.dumps(head).encode() + b"\n12345678"))
