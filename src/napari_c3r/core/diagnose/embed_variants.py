"""Crops in, the vectors of all variants out: each crop is read and prepared once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment, Role
from napari_c3r.core.diagnose.flip_state import EmbeddedState, require_same
from napari_c3r.core.diagnose.perturb import perturb
from napari_c3r.core.diagnose.structure import Columns
from napari_c3r.core.diagnose.variants import VariantPlan
from napari_c3r.core.encoder.options import RunOptions, describe_run

if TYPE_CHECKING:
    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.encoder.protocol import VariantsRun

MIN_NOISE_REPEATS = 3
"""What noise does is read from the difference of two perturbations beside a third."""

# In pixels of the crop: detail is what the fine filter takes away, structure what lies
# between the two.
_FINE, _COARSE = 1.0, 4.0


@dataclass(frozen=True, eq=False)
class VariantEmbeddings:
    """Vectors of the same cells under every variant.

    Attributes
    ----------
    vectors
        One (n, D) for each variant of the plan, in its order.
    columns
        Concept label and readout part of every column, for each variant.
    noise
        Of the perturbed crops, roles as assigned: one (n, D) for each repeat.
    alone
        (n, channels, F), each channel embedded alone, or None.
    focus
        (n, channels), see `sharpness`.
    constant
        Channels that are constant in every crop.
    run_settings
        Device, precision, concept mode and readout that were used.
    notes
        Sentences on how it went.
    """

    vectors: list[NDArray[np.float32]]
    columns: list[Columns]
    noise: list[NDArray[np.float32]]
    alone: NDArray[np.float32] | None
    focus: NDArray[np.float64]
    constant: frozenset[str]
    run_settings: dict[str, str]
    notes: tuple[str, ...]


class VariantEmbedder:
    """Embeds crops under all variants, batch by batch, in any order of the cells.

    Parameters
    ----------
    encoder
        A frozen encoder.
    plan
        The variants.
    channel_names
        Channels of the crops: those that take part, in image order.
    n_cells
        Cells altogether.
    noise_repeats
        Times each crop is perturbed for the noise floor, at least `MIN_NOISE_REPEATS`.
    single_channels
        Whether to embed each channel alone too.
    seed
        Of the perturbations.
    options
        Where and how the encoder runs.
    """

    def __init__(
        self,
        encoder: Encoder,
        plan: VariantPlan,
        channel_names: Sequence[str],
        n_cells: int,
        *,
        noise_repeats: int,
        single_channels: bool,
        seed: int,
        options: RunOptions,
    ) -> None:
        self.done = np.zeros(n_cells, bool)
        self._encoder, self._names, self._options = encoder, tuple(channel_names), options
        self._assignments = [variant.embedded for variant in plan.variants]
        self._n_variants = len(self._assignments)
        if single_channels:
            self._assignments += [
                single_channel_assignment(name, self._names) for name in self._names
            ]
        self._seed, self._repeats = seed, noise_repeats
        self._vectors: list[NDArray[np.float32]] = []
        self._noise: list[NDArray[np.float32]] = []
        self._columns: list[Columns] = []
        self._focus = np.zeros((n_cells, len(self._names)))
        self._constant = np.ones(len(self._names), bool)
        self._run_settings: dict[str, str] = {}
        self._notes: tuple[str, ...] = ()

    @contextmanager
    def running(self) -> Iterator[VariantsRun]:
        """Hold the encoder on its device."""
        with self._encoder.start_variants(self._assignments, self._names, self._options) as run:
            if self._vectors:
                require_same(
                    [list(map(tuple, columns)) for columns in self._columns],
                    [list(map(tuple, columns)) for columns in run.all_columns],
                    "what the encoder gives",
                )
            else:
                n = len(self.done)
                self._columns = list(run.all_columns)
                self._vectors = [np.zeros((n, len(c)), np.float32) for c in self._columns]
                self._noise = [np.zeros_like(self._vectors[0]) for _ in range(self._repeats)]
            self._run_settings = describe_run(run)
            yield run

    def add_batch(
        self, run: VariantsRun, rows: NDArray[np.intp], crops: NDArray[np.float32]
    ) -> None:
        """Embed the crops (n, C, side, side) of some cells."""
        for held, vectors in zip(self._vectors, run.run_all(crops), strict=True):
            held[rows] = vectors
        for repeat, held in enumerate(self._noise):
            held[rows] = run.run(perturb(crops, rows, repeat=repeat, seed=self._seed))
        self._focus[rows] = sharpness(crops)
        self._constant &= (np.ptp(crops, axis=(2, 3)) == 0).all(axis=0)
        self._notes = tuple(run.notes)
        self.done[rows] = True

    def state(self) -> EmbeddedState:
        """What was embedded so far, for a later process."""
        rows = np.flatnonzero(self.done)
        return EmbeddedState(
            self.done.copy(),
            tuple(vectors[rows] for vectors in self._vectors),
            tuple(self._columns),
            tuple(vectors[rows] for vectors in self._noise),
            self._focus[rows],
            self._constant.copy(),
            dict(self._run_settings),
            self._notes,
        )

    def go_on_from(self, state: EmbeddedState) -> None:
        """Take what was embedded before, in place of embedding it again.

        Raises
        ------
        InputError
            It is of other ways of embedding.
        """
        ways = len(self._assignments), self._repeats, len(self._names)
        then = len(state.vectors), len(state.noise), len(state.constant)
        if not state.done.any():
            return
        require_same(ways, then, "what is asked")
        self.done = state.done.copy()
        self._vectors = [state.spread(each) for each in state.vectors]
        self._noise = [state.spread(each) for each in state.noise]
        self._columns = list(state.columns)
        self._focus, self._constant = state.spread(state.focus), state.constant.copy()
        self._run_settings, self._notes = dict(state.run_settings), state.notes

    def embeddings(self) -> VariantEmbeddings:
        """What was embedded so far, cells in order."""
        rows = np.flatnonzero(self.done)
        single = None
        if len(self._vectors) > self._n_variants:
            parts = zip(
                self._vectors[self._n_variants :], self._columns[self._n_variants :], strict=True
            )
            alone = [v[rows][:, [part != "std" for _, part in c]] for v, c in parts]
            single = np.stack(alone, axis=1)
        constant = zip(self._names, self._constant, strict=True)
        return VariantEmbeddings(
            [vectors[rows] for vectors in self._vectors[: self._n_variants]],
            self._columns[: self._n_variants],
            [vectors[rows] for vectors in self._noise],
            single,
            self._focus[rows],
            frozenset(name for name, is_constant in constant if is_constant),
            self._run_settings,
            self._notes,
        )


def single_channel_assignment(name: str, names: Sequence[str]) -> ChannelAssignment:
    """Put one channel in both groups, which is how a single channel can be embedded."""
    return ChannelAssignment({n: Role.BOTH if n == name else Role.IGNORE for n in names})


def sharpness(crops: NDArray[np.float32]) -> NDArray[np.float64]:
    """Share of a crop's contrast that is fine detail, whatever its brightness.

    Only the middle half is looked at, where the cell is and no filled-in background.

    Parameters
    ----------
    crops
        (n, C, side, side), in any units.

    Returns
    -------
    ndarray
        (n, C), 0 to 1; 0 where a channel is constant. Noise counts as detail.
    """
    from scipy import ndimage as ndi

    side = crops.shape[-1]
    quarter = slice(side // 4, side - side // 4)
    middle = crops[..., quarter, quarter]
    fine = ndi.gaussian_filter(middle, _FINE, axes=(2, 3))
    coarse = ndi.gaussian_filter(middle, _COARSE, axes=(2, 3))
    detail = (middle - fine).var(axis=(2, 3), dtype=np.float64)
    structure = (fine - coarse).var(axis=(2, 3), dtype=np.float64)
    total = detail + structure
    return np.where(total > 0, detail / np.where(total > 0, total, 1), 0.0)
