"""Every encoder is loaded once, whoever asks, and released for all who have it."""

from __future__ import annotations

import threading
import time

import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.cache import EncoderCache
from napari_c3r.core.errors import InputError
from tests.core.diagnose.small import small_encoder

ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept"})


class Loaded:
    """Counts what becomes of it."""

    def __init__(self, source):
        self.source, self.released = source, 0

    def release(self):
        self.released += 1


@pytest.fixture
def loads(monkeypatch):
    made = []

    def load(source="bundled"):
        time.sleep(0.05)
        made.append(Loaded(source))
        return made[-1]

    monkeypatch.setattr("napari_c3r.core.encoder.load_encoder", load)
    return made


def test_threads_that_ask_at_once_get_the_same_encoder(loads):
    cache, got = EncoderCache(), []
    threads = [threading.Thread(target=lambda: got.append(cache.get("a"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert got == loads * 4
    assert cache.loaded == {"a": loads[0]}


def test_released_encoders_are_gone_and_loaded_again(loads):
    cache = EncoderCache()
    cache.get("a"), cache.get("b")
    cache.release()
    assert [each.released for each in loads] == [1, 1]
    assert cache.loaded == {}
    assert cache.get("a") is loads[2]


def test_an_encoder_at_work_is_released_when_its_work_ends(loads):
    cache = EncoderCache()
    with cache.use("a") as outer, cache.use("a") as inner:
        assert outer is inner
        assert cache.in_use
        cache.get("b")
        cache.release()
        assert [each.released for each in loads] == [0, 1]
        # Who asks meanwhile gets another one.
        assert cache.get("a") is not outer
    assert not cache.in_use
    assert [each.released for each in loads] == [1, 1, 0]


def test_an_encoder_that_is_held_loads_its_network_again(monkeypatch, tmp_path):
    encoder = small_encoder(tmp_path)
    loaded = []
    monkeypatch.setattr(
        "napari_c3r.core.encoder.load_encoder", lambda source: loaded.append(source) or encoder
    )
    cache = EncoderCache()
    held = cache.reloading("folder")
    assert (held.name, held.weights_hash) == (encoder.name, encoder.weights_hash)
    assert (held.devices, held.n_weights) == (encoder.devices, encoder.n_weights)
    cache.release()
    held.start(ROLES, ROLES.names).close()
    assert loaded == ["folder", "folder"]
    held.start_variants([ROLES], ROLES.names).close()
    assert loaded == ["folder", "folder"]
    cache.release()
    monkeypatch.setattr(encoder, "weights_hash", "other")
    with pytest.raises(InputError, match="is another one now"):
        held.start(ROLES, ROLES.names)
