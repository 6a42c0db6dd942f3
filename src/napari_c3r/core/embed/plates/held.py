"""An encoder that stays on its device from field to field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, cast

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.encoder import Encoder
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.encoder.protocol import Assigned, Run, VariantsRun


class HeldEncoder(Encoder):
    """An encoder whose last run is used again for fields of the same channels and settings.

    One field at a time may use it.

    Parameters
    ----------
    encoder
        The encoder.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder.config, encoder.card, encoder.weights_hash)
        self._encoder = encoder
        self._run: tuple[tuple[Any, ...], Run] | None = None

    @property
    def devices(self) -> tuple[str, ...]:
        """What this machine can compute on, best first."""
        return self._encoder.devices

    @property
    def n_weights(self) -> int:
        """Numbers that were learned."""
        return self._encoder.n_weights

    def release(self) -> None:
        """Give the memory of the device back."""
        if self._run is not None:
            self._run[1].close()
            self._run = None
        self._encoder.release()

    def start(
        self,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        options: RunOptions = RunOptions(),
    ) -> Run:
        """Get ready to embed crops that come bit by bit, as `Encoder.start` says."""
        roles = tuple(assignment.to_dict().items())
        key = (roles, tuple(channel_names), options)
        # One that ran out of memory, and noted it, gave way for good.
        if self._run is not None and (self._run[0] != key or self._run[1].notes):
            self._run[1].close()
            self._run = None
        if self._run is None:
            self._run = key, self._encoder.start(assignment, channel_names, options)
        return cast(Run, _Turn(self._run[1]))

    def start_variants(
        self,
        assignments: Sequence[Assigned],
        channel_names: Sequence[str],
        options: RunOptions = RunOptions(),
    ) -> VariantsRun:
        """Get ready to embed crops under several assignments, as `Encoder.start_variants` says."""
        return self._encoder.start_variants(assignments, channel_names, options)


class _Turn:
    """A field's turn at a run, which stays open after it."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def close(self) -> None:
        """Left open for the next field."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
