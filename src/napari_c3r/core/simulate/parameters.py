"""What can vary between simulated cells, stains and microscopes.

A *cell line* is a way of being shaped; an *antibody* is a mixture of localisation patterns; a
*channel* is an antibody seen through *optics*. All are small frozen dataclasses of plain numbers,
so that a training loop can draw them at random with `dataclasses.replace`.

Lengths are in micrometres. Amounts and densities are relative; 1 is a typical cultured U2OS cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Arrangement = Literal["ring", "heap", "row"]
"""How the lobes of a nucleus lie: round a circle, anyhow in a disc, or side by side."""


@dataclass(frozen=True)
class Outline:
    """The edge of a cell seen from above: corners that hold on, and arcs between them."""

    radius_um: float = 23.0
    """Radius of the disc of the same area, before neighbours cut into it."""
    size_cv: float = 0.18
    elongation: float = 1.45
    """Length over width; 1 is round."""
    corners: tuple[int, int] = (4, 8)
    """Fewest and most corners; at least 4."""
    spikiness: float = 0.22
    """Spread (log) of the corners' distances."""
    concavity: float = 0.22
    """How far the arc between two corners is drawn in, relative to the straight line."""
    rounding_deg: float = 7.0
    waviness_um: float = 0.8


@dataclass(frozen=True)
class Nucleus:
    """The outline of a nucleus, of one lobe or several that touch."""

    radius_um: float = 8.6
    size_cv: float = 0.1
    elongation: float = 1.35
    irregularity: float = 0.035
    indentation: float = 0.12
    """Deepest dent, relative to the radius."""
    lobes: tuple[int, int] = (1, 1)
    arrangement: Arrangement = "ring"
    spread: float = 1.0
    """Distance between lobes; 1 makes them touch."""
    lobe_cv: float = 0.1
    """Spread (log) of the lobes' sizes."""
    micronuclei: float = 0.0
    """Mean number of small separate nuclei."""
    envelope: bool = True
    """False in mitosis: what the envelope keeps apart mixes."""


@dataclass(frozen=True)
class Body:
    """The thickness of a cell: a thin lamella and a dome over the nucleus."""

    lamella: float = 0.24
    """Thickness of the flat part relative to the dome."""
    dome_um: float = 4.5
    """Distance from the nucleus over which the dome falls to the lamella."""
    roundness: float = 0.0
    """0 is a dome on a lamella, 1 a ball."""
    thickness: float = 1.0
    defocus_um: float = 0.0
    """Additional blur of a cell that rises out of focus, standard deviation."""


@dataclass(frozen=True)
class Chromatin:
    """DNA in the nucleus."""

    amount: float = 1.0
    contrast: float = 0.14
    grain_um: float = 0.7
    hollow: float = 0.0
    """How dark the middle of the nucleus is, 0 to 1."""


@dataclass(frozen=True)
class Nucleoli:
    """Dense bodies in the nucleus: full of RNA, poor in DNA."""

    amount: float = 1.0
    number: tuple[int, int] = (3, 7)
    radius_um: float = 0.95


@dataclass(frozen=True)
class Speckles:
    """Irregular splicing speckles, and round nuclear bodies."""

    amount: float = 1.0
    number: int = 28
    radius_um: float = 0.45
    bodies: int = 7
    body_um: float = 0.3


@dataclass(frozen=True)
class Cytosol:
    """The fluid part of the cytoplasm."""

    nuclear: float = 0.4
    """Brightness in the nucleus relative to its surroundings."""
    holes: float = 0.02
    """Vacuoles and other dark bodies for each square micrometre."""


@dataclass(frozen=True)
class Reticulum:
    """The endoplasmic reticulum: sheets round the nucleus, a network of tubules further out."""

    amount: float = 1.0
    reach_um: float = 6.5
    """Distance from the nucleus over which it thins by e."""
    mesh_um: float = 1.0
    envelope: float = 0.5
    """Brightness of the nuclear envelope."""
    polarity: float = 0.45
    """How much more there is on one side of the nucleus, 0 to 1."""


@dataclass(frozen=True)
class Mitochondria:
    """Short curved threads in the cytoplasm."""

    amount: float = 1.0
    number: int = 330
    """Threads in a cell of 1000 µm²."""
    length_um: float = 3.2
    reach_um: float = 5.5
    curl: float = 0.32
    """Turn in radians for each square root of a micrometre."""
    polarity: float = 0.45


@dataclass(frozen=True)
class Microtubules:
    """Long curved filaments, many from the centrosome."""

    amount: float = 1.0
    number: int = 420
    """Filaments in a cell of 1000 µm²."""
    length_um: float = 18.0
    curl: float = 0.2
    centrosomal: float = 0.1
    """Share that starts at the centrosome; the rest starts anywhere in the cytoplasm."""
    reach_um: float = 12.0
    """Distance from the nucleus over which the other starts thin by e."""
    bundling: float = 0.0
    """0 is single filaments, 1 few thick bundles."""
    diffuse: float = 0.0
    """Free tubulin relative to the filaments' typical brightness."""
    poles: int = 0
    """0: one centrosome next to the nucleus; 1: one in its middle; 2: a spindle."""
    over_nucleus: float = 0.2
    """Share that passes over or under the nucleus, 0 to 1."""


@dataclass(frozen=True)
class Actin:
    """Stress fibres, and the cortex under the membrane."""

    amount: float = 1.0
    fibres: int = 30
    """Fibres in a cell of 1000 µm²."""
    length_um: float = 20.0
    disorder_deg: float = 15.0
    """Spread of the fibres' directions about the cell's long axis."""
    cortex: float = 1.0
    cortex_um: float = 0.5
    patchiness: float = 0.5
    """Spread (log) of the cortex along the edge, and of what is diffuse."""
    aggregates: int = 0
    """Clumps in a cell of 1000 µm²."""
    aggregate_um: float = 0.7
    diffuse: float = 0.0
    adhesions: int = 45
    """Focal adhesions in a cell of 1000 µm²."""


@dataclass(frozen=True)
class Golgi:
    """A ribbon next to the nucleus, or pieces spread through the cell."""

    amount: float = 1.0
    ribbons: int = 42
    length_um: float = 2.2
    dispersion: float = 0.05
    """Share of the pieces that lie anywhere in the cytoplasm, 0 to 1."""


@dataclass(frozen=True)
class Vesicles:
    """Small round bodies in the cytoplasm."""

    amount: float = 1.0
    number: int = 90
    """Vesicles in a cell of 1000 µm²."""
    reach_um: float = 9.0
    size_um: float = 0.17
    droplets: int = 30
    """Lipid droplets in a cell of 1000 µm²."""
    droplet_um: float = 0.5


@dataclass(frozen=True)
class CellLine:
    """A way of being shaped: outline, nucleus and organelles."""

    name: str = "U2OS"
    outline: Outline = field(default_factory=Outline)
    nucleus: Nucleus = field(default_factory=Nucleus)
    body: Body = field(default_factory=Body)
    chromatin: Chromatin = field(default_factory=Chromatin)
    nucleoli: Nucleoli = field(default_factory=Nucleoli)
    speckles: Speckles = field(default_factory=Speckles)
    cytosol: Cytosol = field(default_factory=Cytosol)
    reticulum: Reticulum = field(default_factory=Reticulum)
    mitochondria: Mitochondria = field(default_factory=Mitochondria)
    microtubules: Microtubules = field(default_factory=Microtubules)
    actin: Actin = field(default_factory=Actin)
    golgi: Golgi = field(default_factory=Golgi)
    vesicles: Vesicles = field(default_factory=Vesicles)


@dataclass(frozen=True)
class Antibody:
    """A mixture of localisation patterns: name of the pattern → weight.

    The names are the keys of `structures.STRUCTURES`.
    """

    name: str
    mixture: Mapping[str, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "mixture", MappingProxyType(dict(self.mixture)))


@dataclass(frozen=True)
class Population:
    """Cells of one kind in a field.

    Where a channel has no antibody of its own (the protein channel of the Human Protein Atlas),
    the cells of this population show `antibody` in it.
    """

    name: str
    cell_line: CellLine = field(default_factory=CellLine)
    antibody: Antibody | None = None
    share: float = 1.0
    """Cells of this population relative to the others."""


@dataclass(frozen=True)
class Optics:
    """From expected light to camera counts."""

    psf_um: float = 0.35
    """Standard deviation of the in-focus blur."""
    haze: float = 0.25
    """Share of the light that comes from out of focus, 0 to 1."""
    haze_um: float = 4.0
    photons: float = 800.0
    """Photoelectrons of a pixel of brightness 1."""
    background: float = 40.0
    """Photoelectrons of an empty pixel; above 10, so that shot noise is nearly normal."""
    shading: float = 0.15
    """Loss of light from the centre of illumination to the corners, 0 to 1."""
    read_noise: float = 3.0
    """Photoelectrons, standard deviation."""
    gain: float = 1.0
    """Counts for each photoelectron."""
    offset: float = 100.0
    bits: int = 16


@dataclass(frozen=True)
class Channel:
    """One channel of an image. `antibody` None: each population brings its own."""

    name: str
    antibody: Antibody | None
    optics: Optics
    staining_cv: float | None = None
    """Spread (log) of the stain from cell to cell; None takes the assay's."""


@dataclass(frozen=True)
class Assay:
    """A stain protocol on a microscope, with the cells usually looked at with it."""

    name: str
    channels: tuple[Channel, ...]
    populations: tuple[Population, ...]
    pixel_size_um: float
    cells_per_mm2: float
    debris_per_mm2: float = 60.0
    staining_cv: float = 0.2
    """Spread (log) of each stain from cell to cell."""
    clustering: float = 1.0
    """How much cells gather in patches; 0 is anywhere."""
