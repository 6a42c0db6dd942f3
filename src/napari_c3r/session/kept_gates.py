"""The gates of a session in its folder: how they are made, and which cells they hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.gates import Gate
from napari_c3r.session.gate_cells import Absent, GateCells
from napari_c3r.session.gate_state import GateState
from napari_c3r.session.kept import Kept
from napari_c3r.session.same_cells import same_cells

if TYPE_CHECKING:
    from napari_c3r.session.gates import Gates
    from napari_c3r.session.labels import LabelStore

_GATES, _OPENED, _IMAGES, _AS_NAMES = "gates", "opened", "images", "as_names"


def keep_gates(gates: Gates, labels: LabelStore) -> Kept | None:
    """What a saved session keeps of its gates.

    Cells of fields that are not embedded are kept by the labels that the session has of them.
    """
    state = gates.state
    if not state.gates:
        return None
    images = sorted(labels.by_image)
    arrays: dict[str, NDArray[Any]] = {}
    for number, gate in enumerate(state.gates):
        cells = state.chosen[gate.name]
        arrays[f"cells_{number}"] = cells.mask
        absent = _labels_now(cells.absent, labels)
        known = [(images.index(image), found) for image, found in absent.items()]
        arrays[f"absent_{number}"] = np.array(
            [(image, label) for image, found in known for label in found], np.int64
        ).reshape(-1, 2)
    facts = {
        _GATES: [gate.to_dict() for gate in state.gates],
        _OPENED: state.opened,
        _IMAGES: images,
        _AS_NAMES: [name for name in state.names if name in state.as_names],
    }
    return Kept(facts, arrays)


def restore_gates(kept: Kept, gates: Gates, labels: LabelStore) -> None:
    """Undo `keep_gates`.

    Raises
    ------
    InputError
        What was kept is no such thing, or not of these cells.
    """
    if not kept.facts:
        if gates.all:
            gates.restore(GateState())
        return
    try:
        made = tuple(Gate.from_dict(each) for each in kept.facts[_GATES])
        images = [str(image) for image in kept.facts[_IMAGES]]
        chosen = {
            gate.name: _cells_of(kept, number, images, labels) for number, gate in enumerate(made)
        }
        opened = kept.facts[_OPENED]
        if len(chosen) < len(made) or not (opened is None or opened in chosen):
            raise InputError("two have one name, or one is open that is not there")
        as_names = frozenset(map(str, kept.facts.get(_AS_NAMES, ()))) & chosen.keys()
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError("they cannot be read, so they are left out") from error
    gates.restore(GateState(made, chosen, {}, opened, as_names))


def _labels_now(absent: Sequence[Absent], labels: LabelStore) -> dict[str, list[int]]:
    """Cells that the result does not hold, by the labels that their fields have now."""
    found: dict[str, list[int]] = defaultdict(list)
    for part in absent:
        now = labels.by_image.get(part.cells.image_name)
        if now is not None:
            there = same_cells(part.cells, now, part.labels.tolist())
            found[now.image_name] += there.values()
    return found


def _cells_of(kept: Kept, number: int, images: Sequence[str], labels: LabelStore) -> GateCells:
    absent = []
    pairs = kept.arrays[f"absent_{number}"]
    for code in np.unique(pairs[:, 0]):
        cells = labels.by_image.get(images[int(code)])
        if cells is not None:
            absent.append(Absent(cells, pairs[pairs[:, 0] == code, 1]))
    mask = kept.arrays[f"cells_{number}"]
    if mask.dtype != bool:
        raise InputError("their cells cannot be read, so they are left out")
    return GateCells(mask, tuple(absent))
