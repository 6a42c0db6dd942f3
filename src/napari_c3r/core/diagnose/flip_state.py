"""What a flip report that was stopped has done, so that another process can go on with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.diagnose.structure import Columns
from napari_c3r.core.errors import InputError

_OTHERS = "the cells that were asked are not those that would be asked now; run all of it again"


@dataclass(frozen=True, eq=False)
class EmbeddedState:
    """What `VariantEmbedder` has done.

    Attributes
    ----------
    done
        Which of all cells are embedded, bool (cells,).
    vectors, columns
        Of those, (done, D) for each way of embedding, and what each column is.
    noise
        Of those, perturbed, (done, D) for each repeat.
    focus
        (done, channels), see `sharpness`.
    constant
        Which channels are constant in every crop, bool (channels,).
    run_settings, notes
        How the encoder ran, and sentences on how it went.
    """

    done: NDArray[np.bool_]
    vectors: tuple[NDArray[np.float32], ...]
    columns: tuple[Columns, ...]
    noise: tuple[NDArray[np.float32], ...]
    focus: NDArray[np.float64]
    constant: NDArray[np.bool_]
    run_settings: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values of the cells that are done, as rows of all cells."""
        whole = np.zeros((len(self.done), *values.shape[1:]), values.dtype)
        whole[self.done] = values
        return whole


@dataclass(frozen=True, eq=False)
class SecondState:
    """What `SecondEmbedder` has done.

    Attributes
    ----------
    weights_hash
        Of the second encoder.
    vectors
        Of the cells that are done, (done, D).
    settings, notes
        As of `SecondVectors`.
    """

    weights_hash: str
    vectors: NDArray[np.float32]
    settings: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class FlipState:
    """What a `FlipRun` has done.

    Attributes
    ----------
    cells
        Names of all cells that are asked, ``"image:label"``, (cells,).
    embedded
        By the encoder.
    second
        By the second encoder; None without one.
    """

    cells: NDArray[np.str_]
    embedded: EmbeddedState
    second: SecondState | None = None

    def require_cells(self, names: NDArray[np.str_]) -> None:
        """Refuse other cells than those that were asked."""
        if not np.array_equal(self.cells, names) or len(self.embedded.done) != len(names):
            raise InputError(f"It cannot go on: {_OTHERS}")


def require_same(one: object, other: object, what: str) -> None:
    """Refuse to go on where something is other than it was."""
    if one != other:
        raise InputError(f"It cannot go on: {what} is not as it was; run all of it again")
