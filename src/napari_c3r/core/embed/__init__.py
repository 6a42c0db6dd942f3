"""From images and labels to vectors, for one field or many."""

from __future__ import annotations

from napari_c3r.core.embed.job import EmbedJob, EmbedProgress, FieldEmbedder, embed

__all__ = ["EmbedJob", "EmbedProgress", "FieldEmbedder", "embed"]
