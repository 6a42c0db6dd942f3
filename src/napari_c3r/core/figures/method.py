"""What was done to get a figure, in the words of a paper's caption."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from napari_c3r.core.reduce.batches import BATCH, METHOD, batch_note
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from anndata import AnnData

_HASH_LETTERS = 8


def method_words(table: AnnData) -> str:
    """Numbers, encoder, map, clusters, seed and version, as far as a table knows them.

    Parameters
    ----------
    table
        A result.
    """
    return words_of(table.obs, table.uns.get(KEY, {}))


def words_of(obs: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """The same of cells and of what is known of them.

    Parameters
    ----------
    obs
        One row per cell.
    facts
        As the provenance of a result has them.
    """
    parts = [numbers_words(obs), _encoder(facts), _map(facts), _clusters(facts), batch_note(facts)]
    parts.append(f"napari-c3r {version('napari-c3r')}")
    return " ".join(f"{part}." for part in parts if part)


def numbers_words(obs: pd.DataFrame) -> str:
    """Of how many cells, wells, plates and images rows are, one per cell."""
    parts = [_counted(len(obs), "cell")]
    plates = obs["plate"] if "plate" in obs and obs["plate"].notna().any() else None
    if "well" in obs and obs["well"].notna().any():
        keys = ["well"] if plates is None else ["plate", "well"]
        known = obs.loc[obs["well"].notna(), keys]
        parts.append(_counted(len(known.drop_duplicates()), "well"))
    elif "image" in obs:
        parts.append(_counted(obs["image"].nunique(), "image"))
    if plates is not None:
        parts.append(_counted(plates.nunique(), "plate"))
    return parts[0] if len(parts) == 1 else f"{parts[0]} of {' on '.join(parts[1:])}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _encoder(facts: Mapping[str, Any]) -> str:
    encoder = facts.get("encoder")
    if not encoder:
        return ""
    digest = str(encoder.get("weights_sha256", ""))[:_HASH_LETTERS]
    told = f"Vectors by {encoder['name']}" + (f" (weights {digest})" if digest else "")
    roles = facts.get("roles", {})
    kinds = {"context": ("context", "both"), "concept": ("concept", "both")}
    for kind, wanted in kinds.items():
        names = [name for name, role in roles.items() if str(role) in wanted]
        told += f", {kind} {', '.join(names)}" if names else ""
    return told


def _map(facts: Mapping[str, Any]) -> str:
    made = facts.get("map")
    if not made:
        return ""
    told = f"Map: {made.get('method', 'UMAP')}"
    settings = [
        f"{made[name]} {words}"
        for name, words in (("n_components", "components"), ("n_neighbors", "neighbours"))
        if name in made
    ]
    settings += [f"minimum distance {made['min_dist']:g}"] if "min_dist" in made else []
    settings += [f"seed {made['seed']}"] if "seed" in made else []
    return f"{told} ({', '.join(settings)})" if settings else told


def _clusters(facts: Mapping[str, Any]) -> str:
    made = facts.get("cluster")
    if not made:
        return ""
    settings = [
        f"{name.replace('_', ' ')} {value}"
        for name, value in made.items()
        if name not in ("method", BATCH, METHOD) and isinstance(value, int | float | str)
    ]
    told = f"Clusters: {made.get('method', '')}".strip()
    return f"{told} ({', '.join(settings)})" if settings else told
