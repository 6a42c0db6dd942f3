"""What a table says of how its cells are to be asked, and whether they can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError
from napari_c3r.core.explain.cost import MIN_CELLS
from napari_c3r.core.explain.crops import Field
from napari_c3r.core.explain.options import WhyOptions
from napari_c3r.core.explain.reference import Reference, Vectors
from napari_c3r.core.explain.swaps import Game
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.encoder import Encoder

# Less like the table's own vector than this, the crop, the cell or the encoder is another one.
_SAME: Final = 0.9


def require_table(table: AnnData, encoder: Encoder) -> None:
    """Refuse a table whose cells cannot be asked with an encoder."""
    if KEY not in table.uns:
        raise InputError("The table does not say how it was made; give the result of c3r.embed")
    if len(table) < MIN_CELLS:
        raise InputError(
            f"The table has {len(table)} cells, too few for neighbours; give at least {MIN_CELLS}"
        )
    if encoder.weights_hash != str(table.uns[KEY]["encoder"]["weights_sha256"]):
        raise InputError(
            f"The encoder '{encoder.name}' is not the one that embedded these cells; "
            "give that one, or embed them again"
        )


def check_same(table: AnnData, reference: Reference, own: Vectors, row: int) -> None:
    """Refuse to explain a vector that is not the one in the table."""
    if own.shape[1] != table.n_vars:
        raise InputError(
            f"The encoder gives {own.shape[1]} numbers a cell and the table has "
            f"{table.n_vars}; give the encoder that made the table"
        )
    alike = float(reference.similarity(own, np.array([row]))[0, 0])
    if not alike >= _SAME:
        raise InputError(
            f"The cell '{table.obs_names[row]}' has another vector now (cosine {alike:.2f} to "
            "the one in the table): image, labels or encoder are others; embed again"
        )


def cut_out(table: AnnData, fields: Mapping[str, Field], reference: Reference) -> NDArray[np.bool_]:
    """Which cells can be cut out and compared, bool (cells,)."""
    names = table.obs["image"].astype(str).to_numpy()
    return np.asarray(np.isin(names, list(fields)) & reference.comparable)


def game_of(table: AnnData, roles: ChannelAssignment) -> Game:
    """What is exchanged with the encoder that made a table."""
    columns = list(zip(table.var["concept_channel"], table.var["readout"], strict=True))
    return Game.of(roles.used, roles.concept, columns)


def settings_of(encoder: Encoder, roles: ChannelAssignment, options: WhyOptions) -> dict[str, Any]:
    """How it was asked, as plain values."""
    return {
        "encoder": encoder.name,
        "weights_sha256": encoder.weights_hash,
        "roles": roles.to_dict(),
        **{name: getattr(options, name) for name in options.__dataclass_fields__},
    }
