"""From images and labels to vectors: `job` for one field, `driver` for many, kept in a `store`."""

from __future__ import annotations

from napari_c3r.core.embed.driver import EmbedDriver
from napari_c3r.core.embed.job import EmbedJob, EmbedProgress, FieldEmbedder, embed
from napari_c3r.core.embed.store import FolderStore, MemoryStore, Store
from napari_c3r.core.embed.task import FieldsProgress, FieldTask

__all__ = [
    "EmbedDriver",
    "EmbedJob",
    "EmbedProgress",
    "FieldEmbedder",
    "FieldTask",
    "FieldsProgress",
    "FolderStore",
    "MemoryStore",
    "Store",
    "embed",
]
