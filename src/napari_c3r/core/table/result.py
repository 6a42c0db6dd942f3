"""The result of an embedding as an AnnData table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

KEY = "napari_c3r"
"""Key under which a result keeps its provenance, in ``adata.uns`` and in files, and a layer what
is known of its image, in its metadata."""


def vector_names(count: int) -> list[str]:
    """Name the vector columns ``c3r_0000``, ``c3r_0001`` and so on."""
    return [f"c3r_{number:04d}" for number in range(count)]


def is_vector_name(name: object) -> bool:
    """Whether a column is one of the vector's; others may begin with ``c3r_`` too."""
    return re.fullmatch(r"c3r_\d{4,}", str(name)) is not None


def make_result(
    obs: pd.DataFrame,
    vectors: NDArray[np.float32],
    columns: Sequence[tuple[str, str]],
    provenance: dict[str, Any],
) -> AnnData:
    """Put cells and their vectors together.

    Parameters
    ----------
    obs
        One row per cell, with at least ``image``, ``label``, ``y_px`` and ``x_px``.
    vectors
        (cells, D) float32, in the order of ``obs``.
    columns
        For each of the D columns its concept channel and readout part.
    provenance
        Plain values, lists and dictionaries of them.

    Returns
    -------
    AnnData
        Rows named ``image:label``, positions (y, x) in pixels in ``obsm["spatial"]`` as
        (x, y), the order that spatial packages expect.

    Raises
    ------
    InputError
        Two rows with the same image and label.
    """
    import pandas as pd
    from anndata import AnnData

    obs = obs.reset_index(drop=True)
    names = obs["image"].astype(str) + ":" + obs["label"].astype(str)
    if names.duplicated().any():
        raise InputError(
            f"Two cells have the image and label '{names[names.duplicated()].iloc[0]}'; "
            "give every image a name of its own"
        )
    obs.index = pd.Index(names.to_numpy(dtype=object))
    var = pd.DataFrame(columns, columns=["concept_channel", "readout"], dtype=object)
    var.index = pd.Index(vector_names(len(columns)), dtype=object)
    result = AnnData(X=vectors.astype(np.float32), obs=obs, var=var)
    result.obsm["spatial"] = obs[["x_px", "y_px"]].to_numpy(np.float64)
    result.uns[KEY] = provenance
    return result


def join_results(results: Sequence[AnnData]) -> AnnData:
    """Put the results of several images into one table, in the order given.

    Raises
    ------
    InputError
        No result, one that does not say how it was made, results of different encoders, roles,
        readouts, crops or channels, or an image twice.
    """
    import pandas as pd

    if not results:
        raise InputError("No results to join; embed at least one image")
    for other in results[1:]:
        _require_joinable(results[0], other)
    if len(results) == 1:
        return results[0]
    parts = [result.uns[KEY] for result in results]
    provenance = {
        **parts[0],
        "images": _join_columns([part["images"] for part in parts]),
        "sources": _join_columns([part["sources"] for part in parts]),
        "notes": [note for part in parts for note in part["notes"]] + _differences(parts),
    }
    columns = results[0].var[["concept_channel", "readout"]].itertuples(index=False, name=None)
    obs = pd.concat([result.obs for result in results], ignore_index=True)
    return make_result(obs, np.concatenate([r.X for r in results]), list(columns), provenance)


def _require_joinable(first: AnnData, other: AnnData) -> None:
    one, two = first.uns.get(KEY, {}), other.uns.get(KEY, {})
    for what in ("roles", "encoder", "concept_mode", "readout"):
        if what not in one or what not in two:
            raise InputError(
                f"A result does not say its {what}, so that it cannot be joined; read it together "
                "with its provenance, or embed its images again"
            )
        _require_equal(what, one[what], two[what])
    crops = one.get("crop", {}), two.get("crop", {})
    # An earlier version told less of them.
    known = crops[0].keys() & crops[1].keys()
    _require_equal("crop", *({n: crop[n] for n in sorted(known)} for crop in crops))
    columns = [
        each.var[["concept_channel", "readout"]].to_numpy().tolist() for each in (first, other)
    ]
    if columns[0] != columns[1]:
        raise InputError(
            "The results differ in the order of their concept channels, so that the same column "
            "is of different channels; embed all images with their channels in one order"
        )


def _require_equal(what: str, one: Any, two: Any) -> None:
    if one != two:
        raise InputError(
            f"The results differ in {what}: {one} and {two}; "
            "embed all images with the same settings"
        )


def _differences(parts: Sequence[dict[str, Any]]) -> list[str]:
    """What differs between results that can be joined all the same, as notes."""
    notes = []
    for what in ("device", "precision"):
        values = list(dict.fromkeys(str(part[what]) for part in parts if what in part))
        if len(values) > 1:
            notes.append(f"The images were embedded with different {what}: {', '.join(values)}")
    return notes


def _join_columns(parts: Sequence[dict[str, list[Any]]]) -> dict[str, list[Any]]:
    # An earlier version may have recorded less of its images.
    rows = [len(next(iter(part.values()), ())) for part in parts]
    return {
        name: [v for part, n in zip(parts, rows, strict=True) for v in part.get(name, [""] * n)]
        for name in dict.fromkeys(name for part in parts for name in part)
    }


def roles_of(result: AnnData) -> dict[str, str]:
    """The roles by channel name that a result was made with."""
    return dict(result.uns[KEY]["roles"])


def window_px(result: AnnData, image: str) -> int:
    """Side of the crops of an image's cells, in its pixels.

    Raises
    ------
    InputError
        The result does not say.
    """
    described = result.uns[KEY]["images"]
    names = list(described["name"])
    if image not in names:
        raise InputError(f"The result does not say how '{image}' was cut out; embed it again")
    return int(described["crop_window_px"][names.index(image)])
