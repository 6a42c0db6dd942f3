"""What is installed and what is not, in one block that can be pasted into a report."""

from __future__ import annotations

import importlib.util
import platform

from napari_c3r.core.table.provenance import versions

# What can be added, by the module that shows it is there.
_EXTRAS = {
    "bioio_czi": "CZI files",
    "bioio_nd2": "ND2 files",
    "bioio_lif": "LIF files",
    "cellpose": "Cellpose segmentation",
    "stardist": "StarDist segmentation",
    "instanseg": "InstanSeg segmentation",
}


def report() -> str:
    """Versions, devices, the bundled weights and the extras, one per line."""
    from napari_c3r.core.encoder import available_devices, load_encoder

    encoder = load_encoder()
    lines = [f"{name}: {found}" for name, found in versions().items()]
    lines.append(f"system: {platform.platform()}")
    lines.append(f"devices: {', '.join(available_devices())}")
    state = "trained" if encoder.trained else "untrained"
    lines.append(f"bundled encoder: {encoder.name}, {state}, weights {encoder.weights_hash[:12]}")
    for module, purpose in _EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        lines.append(f"{purpose}: {'installed' if there else 'not installed'}")
    return "\n".join(lines)
