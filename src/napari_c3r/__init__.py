"""Interactive cell representation: vectors for cells, conditioned on the roles of channels.

Everything is loaded on first use, so that importing the package costs next to nothing and
imports neither torch, umap nor Qt.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_c3r.core.channels import ChannelAssignment, Role
    from napari_c3r.core.crops.spec import CropSpec
    from napari_c3r.core.diagnose import compare_encoders, flip_report
    from napari_c3r.core.embed.field import embed
    from napari_c3r.core.encoder import encoders, load_encoder
    from napari_c3r.core.errors import InputError
    from napari_c3r.core.experiment import experiment_report
    from napari_c3r.core.explain import WhyOptions, why_group, why_here
    from napari_c3r.core.figures import montage
    from napari_c3r.core.images import Image, find_images, read_image, read_labels
    from napari_c3r.core.joined import join_table
    from napari_c3r.core.learn import similar_cells, suggest_names
    from napari_c3r.core.metadata import annotate
    from napari_c3r.core.profiles import activity, aggregate, normalise
    from napari_c3r.core.reduce import cluster, map_cells
    from napari_c3r.core.segment import segment_cells
    from napari_c3r.core.simulate import simulate_field
    from napari_c3r.core.table import join_results, read, rows_where, write
    from napari_c3r.core.tracks import add_tracks

_HOMES = {
    "ChannelAssignment": "channels",
    "CropSpec": "crops",
    "Image": "images",
    "InputError": "errors",
    "Role": "channels",
    "WhyOptions": "explain",
    "activity": "profiles",
    "add_tracks": "tracks",
    "aggregate": "profiles",
    "annotate": "metadata",
    "cluster": "reduce",
    "compare_encoders": "diagnose",
    "embed": "embed",
    "encoders": "encoder",
    "experiment_report": "experiment",
    "find_images": "images",
    "flip_report": "diagnose",
    "join_results": "table",
    "join_table": "joined",
    "load_encoder": "encoder",
    "map_cells": "reduce",
    "montage": "figures",
    "normalise": "profiles",
    "read": "table",
    "read_image": "images",
    "read_labels": "images",
    "rows_where": "table",
    "segment_cells": "segment",
    "similar_cells": "learn",
    "simulate_field": "simulate",
    "suggest_names": "learn",
    "why_group": "explain",
    "why_here": "explain",
    "write": "table",
}

__all__ = [
    "ChannelAssignment",
    "CropSpec",
    "Image",
    "InputError",
    "Role",
    "WhyOptions",
    "activity",
    "add_tracks",
    "aggregate",
    "annotate",
    "cluster",
    "compare_encoders",
    "embed",
    "encoders",
    "experiment_report",
    "find_images",
    "flip_report",
    "join_results",
    "join_table",
    "load_encoder",
    "map_cells",
    "montage",
    "normalise",
    "read",
    "read_image",
    "read_labels",
    "rows_where",
    "segment_cells",
    "similar_cells",
    "simulate_field",
    "suggest_names",
    "why_group",
    "why_here",
    "write",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("napari-c3r")
    if name not in _HOMES:
        raise AttributeError(f"module 'napari_c3r' has no attribute {name!r}")
    return getattr(import_module(f"napari_c3r.core.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
