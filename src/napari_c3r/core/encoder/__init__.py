"""The context-concept encoder: networks, model folders, and crops to vectors.

Each part of the network is one file: `stem`, `positions`, `block`, `combiner`, put together in
`cce`. `encoder` is what users meet; `loading` decides whether it computes in this process, `local`,
or in one of its own, `remote`. The names below load on first use, since most need PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_c3r.core.encoder.cce import ContextConceptEncoder
    from napari_c3r.core.encoder.config import EncoderConfig
    from napari_c3r.core.encoder.convert import convert_checkpoint
    from napari_c3r.core.encoder.encoder import Encoder
    from napari_c3r.core.encoder.folder import read_model_folder, write_model_folder
    from napari_c3r.core.encoder.loading import load_encoder
    from napari_c3r.core.encoder.local import LocalEncoder
    from napari_c3r.core.encoder.run import InferenceRun
    from napari_c3r.core.encoder.runtime import available_devices

_HOMES = {
    "ContextConceptEncoder": "cce",
    "InferenceRun": "run",
    "Encoder": "encoder",
    "EncoderConfig": "config",
    "LocalEncoder": "local",
    "available_devices": "runtime",
    "convert_checkpoint": "convert",
    "load_encoder": "loading",
    "read_model_folder": "folder",
    "write_model_folder": "folder",
}

__all__ = [
    "ContextConceptEncoder",
    "Encoder",
    "EncoderConfig",
    "InferenceRun",
    "LocalEncoder",
    "available_devices",
    "convert_checkpoint",
    "load_encoder",
    "read_model_folder",
    "write_model_folder",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
