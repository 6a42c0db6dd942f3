"""Where the light comes from: the localisation patterns that an `Antibody` mixes.

Each takes a `Scene` and a random generator and gives a map `(Y, X)` of about 1 where the
structure is bright in a typical cell and 0 outside of cells.
"""

from __future__ import annotations

from napari_c3r.core.simulate.cytoplasm import cytosol, plasma_membrane, reticulum, whole_cell
from napari_c3r.core.simulate.cytoskeleton import actin, adhesions, centrosome, microtubules
from napari_c3r.core.simulate.nuclear import (
    chromatin,
    nuclear_bodies,
    nuclear_membrane,
    nucleoli,
    nucleoplasm,
    speckles,
)
from napari_c3r.core.simulate.scene import Structure
from napari_c3r.core.simulate.threads import golgi, lipid_droplets, mitochondria, vesicles

STRUCTURES: dict[str, Structure] = {
    "chromatin": chromatin,
    "nucleoplasm": nucleoplasm,
    "nucleoli": nucleoli,
    "nuclear speckles": speckles,
    "nuclear bodies": nuclear_bodies,
    "nuclear membrane": nuclear_membrane,
    "cytosol": cytosol,
    "whole cell": whole_cell,
    "endoplasmic reticulum": reticulum,
    "mitochondria": mitochondria,
    "microtubules": microtubules,
    "centrosome": centrosome,
    "actin": actin,
    "focal adhesions": adhesions,
    "Golgi": golgi,
    "vesicles": vesicles,
    "lipid droplets": lipid_droplets,
    "plasma membrane": plasma_membrane,
}
