"""Encoders that are loaded, each once, for all who use them."""

from __future__ import annotations

import gc
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.encoder import Encoder
from napari_c3r.core.encoder.known import KnownEncoders
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.encoder.protocol import Assigned, Run, VariantsRun
from napari_c3r.core.errors import InputError


class EncoderCache:
    """Keeps encoders until they are released; may be asked from any thread.

    Attributes
    ----------
    known
        The encoders to choose from, among them every folder that was loaded here.
    """

    def __init__(self) -> None:
        self.known = KnownEncoders()
        self._encoders: dict[str, Encoder] = {}
        self._users: Counter[int] = Counter()
        self._released: dict[int, Encoder] = {}
        # Loading takes seconds, for which nobody waits who only wants to know what is loaded.
        self._loading = threading.Lock()
        self._counting = threading.Lock()

    @property
    def loaded(self) -> dict[str, Encoder]:
        """The encoders that are loaded, by their source."""
        return dict(self._encoders)

    @property
    def in_use(self) -> bool:
        """Whether any encoder is at work in a :meth:`use`."""
        return bool(self._users)

    def get(self, source: str) -> Encoder:
        """The encoder of a source, loaded when it is not yet.

        Parameters
        ----------
        source
            ``"bundled"`` or a model folder.

        Raises
        ------
        InputError
            As :func:`napari_c3r.load_encoder`.
        """
        from napari_c3r.core.encoder import load_encoder

        with self._loading:
            known = self._encoders.get(source)
            if known is None:
                known = self._encoders[source] = load_encoder(source)
                self.known.remember(source)
            return known

    def reloading(self, source: str) -> ReloadingEncoder:
        """The encoder of a source for what may hold it longer than the network is kept."""
        return ReloadingEncoder(self, source)

    @contextmanager
    def use(self, source: str) -> Iterator[Encoder]:
        """The encoder of a source, which is not released before the end of the block."""
        encoder = self.get(source)
        with self._counting:
            self._users[id(encoder)] += 1
        try:
            yield encoder
        finally:
            with self._counting:
                self._users[id(encoder)] -= 1
                last = not self._users[id(encoder)]
                if last:
                    del self._users[id(encoder)]
                waiting = self._released.pop(id(encoder), None) if last else None
            if waiting is not None:
                waiting.release()

    def release(self) -> None:
        """Forget all encoders and give their memory back; those at work follow when they end."""
        with self._counting:
            encoders = list({id(each): each for each in self._encoders.values()}.values())
            self._encoders.clear()
            busy = [each for each in encoders if id(each) in self._users]
            self._released |= {id(each): each for each in busy}
        # Whatever else held a network, such as a run that was stopped, may hang in a cycle.
        gc.collect()
        free = [each for each in encoders if not any(each is other for other in busy)]
        for encoder in free:
            encoder.release()


class ReloadingEncoder(Encoder):
    """An encoder of a cache, loaded again where it was released meanwhile.

    Parameters
    ----------
    cache
        Where to take the network from.
    source
        As for :meth:`EncoderCache.get`.
    """

    def __init__(self, cache: EncoderCache, source: str) -> None:
        encoder = cache.get(source)
        super().__init__(encoder.config, encoder.card, encoder.weights_hash)
        self._cache, self._source = cache, source
        self._devices, self._n_weights = encoder.devices, encoder.n_weights

    @property
    def devices(self) -> tuple[str, ...]:
        """What this machine can compute on, best first."""
        return self._devices

    @property
    def n_weights(self) -> int:
        """Numbers that were learned."""
        return self._n_weights

    def release(self) -> None:
        """Nothing is kept here."""

    def start(
        self,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        options: RunOptions = RunOptions(),
    ) -> Run:
        """Get ready to embed crops that come bit by bit, as `Encoder.start` says."""
        return self._encoder().start(assignment, channel_names, options)

    def start_variants(
        self,
        assignments: Sequence[Assigned],
        channel_names: Sequence[str],
        options: RunOptions = RunOptions(),
    ) -> VariantsRun:
        """Get ready to embed crops under several assignments, as `Encoder.start_variants` says."""
        return self._encoder().start_variants(assignments, channel_names, options)

    def _encoder(self) -> Encoder:
        encoder = self._cache.get(self._source)
        if encoder.weights_hash != self.weights_hash:
            raise InputError(f"The encoder in '{self._source}' is another one now; start anew")
        return encoder
