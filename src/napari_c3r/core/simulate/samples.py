"""The two fields that newcomers meet: in napari's File menu, in the demo, in the tour."""

from __future__ import annotations

from dataclasses import replace

from napari_c3r.core.errors import InputError
from napari_c3r.core.simulate.field import SimulatedField, simulate_field
from napari_c3r.core.simulate.presets import PROTEINS

_SEED = 3
_HPA_PATTERNS = ("nucleoplasm", "nucleoli", "mitochondria", "Golgi", "plasma membrane")


def sample_field(kind: str) -> SimulatedField:
    """Simulate a sample, always the same.

    Parameters
    ----------
    kind
        ``"cell-painting"``: about a hundred cells of four phenotypes, five channels. ``"hpa"``:
        about fifty cells with five protein patterns, four channels.

    Raises
    ------
    InputError
        Another kind.
    """
    if kind == "cell-painting":
        simulated = simulate_field(kind, shape=(768, 768), seed=_SEED)
    elif kind == "hpa":
        populations = [protein for protein in PROTEINS if protein.name in _HPA_PATTERNS]
        simulated = simulate_field(kind, shape=(1280, 1280), seed=_SEED, phenotypes=populations)
    else:
        raise InputError(f"No sample '{kind}'; choose 'cell-painting' or 'hpa'")
    return replace(simulated, image=replace(simulated.image, name=f"{kind}-sample"))
