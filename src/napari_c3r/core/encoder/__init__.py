"""Encoders: families of networks, model folders, and crops to vectors.

`families` holds one folder for each kind of network, and the registry by which all else finds them;
`networks` the parts that several are made of. `encoder` is what users meet; `loading` decides
whether it computes in this process, `local`, or in one of its own, `remote`. The names below load
on first use, since most need PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.encoder.bundled import encoders
    from napari_c3r.core.encoder.config import EncoderConfig
    from napari_c3r.core.encoder.convert import convert_checkpoint
    from napari_c3r.core.encoder.encoder import Encoder
    from napari_c3r.core.encoder.families import find_family, register_family
    from napari_c3r.core.encoder.family import EncoderFamily
    from napari_c3r.core.encoder.folder import read_model_folder, write_model_folder
    from napari_c3r.core.encoder.loading import load_encoder
    from napari_c3r.core.encoder.local import LocalEncoder
    from napari_c3r.core.encoder.run import InferenceRun
    from napari_c3r.core.encoder.runtime import available_devices

_HOMES = {
    "Encoder": "encoder",
    "EncoderConfig": "config",
    "EncoderFamily": "family",
    "InferenceRun": "run",
    "LocalEncoder": "local",
    "available_devices": "runtime",
    "convert_checkpoint": "convert",
    "encoders": "bundled",
    "find_family": "families",
    "load_encoder": "loading",
    "read_model_folder": "folder",
    "register_family": "families",
    "write_model_folder": "folder",
}

__all__ = [
    "Encoder",
    "EncoderConfig",
    "EncoderFamily",
    "InferenceRun",
    "LocalEncoder",
    "available_devices",
    "convert_checkpoint",
    "encoders",
    "find_family",
    "load_encoder",
    "read_model_folder",
    "register_family",
    "write_model_folder",
]

__getattr__ = lazy_names(__name__, _HOMES)
