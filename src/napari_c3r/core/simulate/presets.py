"""The assays and the cells that the sample data shows."""

from __future__ import annotations

from dataclasses import replace

from napari_c3r.core.simulate.parameters import (
    Actin,
    Antibody,
    Assay,
    Body,
    CellLine,
    Channel,
    Chromatin,
    Golgi,
    Mitochondria,
    Nucleoli,
    Nucleus,
    Optics,
    Outline,
    Population,
    Reticulum,
)

U2OS = CellLine()

ROUNDED = CellLine(
    name="U2OS",
    outline=Outline(11.5, 0.1, 1.12, (8, 12), 0.09, 0.03, 12.0, 0.5),
    nucleus=Nucleus(6.3, 0.08, 1.12, 0.025, 0.06),
    body=Body(lamella=0.5, dome_um=3.5),
    chromatin=Chromatin(amount=1.25, contrast=0.1),
    nucleoli=Nucleoli(amount=0.6, number=(1, 2), radius_um=0.8),
    reticulum=Reticulum(amount=1.7, reach_um=2.2, envelope=0.4, polarity=0.85),
    mitochondria=Mitochondria(amount=0.9, number=330, length_um=2.5, reach_um=2.5, polarity=0.8),
    actin=Actin(amount=1.3, fibres=0, cortex=1.7),
    golgi=Golgi(amount=0.8, ribbons=22),
)

FLAT = CellLine(
    name="U2OS",
    outline=Outline(34.0, 0.12, 1.2, (6, 10), 0.16, 0.12, 8.0, 1.0),
    nucleus=Nucleus(12.5, 0.08, 1.15, 0.03, 0.1, lobes=(2, 4)),
    body=Body(lamella=0.3, dome_um=7.0),
    chromatin=Chromatin(amount=0.8, contrast=0.2),
    nucleoli=Nucleoli(amount=1.55, number=(9, 15), radius_um=1.1),
    reticulum=Reticulum(amount=0.8, reach_um=10.0, mesh_um=1.4, envelope=0.9, polarity=0.1),
    mitochondria=Mitochondria(amount=0.85, number=130, length_um=4.5, reach_um=10.0, polarity=0.1),
    actin=Actin(amount=1.0, fibres=48, length_um=30.0, disorder_deg=12.0),
    golgi=Golgi(amount=0.9, ribbons=70),
)

FRAGMENTED = CellLine(
    name="U2OS",
    outline=Outline(19.5, 0.14, 2.6, (4, 6), 0.3, 0.4, 5.0, 0.7),
    nucleus=Nucleus(7.2, 0.09, 1.7, 0.04, 0.1),
    nucleoli=Nucleoli(amount=0.75, number=(1, 3), radius_um=0.8),
    reticulum=Reticulum(amount=0.6, reach_um=9.0, envelope=0.5, polarity=0.1),
    mitochondria=Mitochondria(amount=2.0, number=230, length_um=0.7, reach_um=16.0, polarity=0.0),
    actin=Actin(amount=0.8, fibres=14),
    golgi=Golgi(amount=1.2, ribbons=110, length_um=1.6, dispersion=0.95),
)

CELL_PAINTING_POPULATIONS = (
    Population("untreated", U2OS, share=1.0),
    Population("rounded, ER collapsed", ROUNDED, share=0.7),
    Population("large and flat, bright nucleoli", FLAT, share=0.35),
    Population("fragmented mitochondria, dispersed Golgi", FRAGMENTED, share=0.8),
)

_WIDEFIELD = Optics(psf_um=0.5, haze=0.3, haze_um=4.5, photons=1500, gain=1.6)

CONCANAVALIN = Antibody(
    "concanavalin A", {"endoplasmic reticulum": 1.0, "whole cell": 0.14, "nucleoplasm": 0.06}
)
SYTO_14 = Antibody("SYTO 14", {"nucleoli": 0.8, "nucleoplasm": 0.22, "cytosol": 0.26})
PHALLOIDIN_WGA = Antibody(
    "phalloidin and wheat germ agglutinin",
    {
        "actin": 0.17,
        "Golgi": 0.4,
        "plasma membrane": 0.12,
        "whole cell": 0.24,
        "cytosol": 0.1,
        "nucleoplasm": 0.09,
    },
)
MITOTRACKER = Antibody(
    "MitoTracker Deep Red", {"mitochondria": 0.65, "whole cell": 0.12, "nucleoplasm": 0.05}
)

CELL_PAINTING = Assay(
    name="cell-painting",
    channels=(
        Channel("DNA", Antibody("Hoechst 33342", {"chromatin": 1.0}), _WIDEFIELD),
        Channel("ER", CONCANAVALIN, _WIDEFIELD),
        Channel("RNA", SYTO_14, _WIDEFIELD),
        Channel("AGP", PHALLOIDIN_WGA, _WIDEFIELD),
        Channel("Mito", MITOTRACKER, _WIDEFIELD),
    ),
    populations=CELL_PAINTING_POPULATIONS,
    pixel_size_um=0.6,
    cells_per_mm2=500,
)

_HPA_LINE = replace(
    U2OS,
    outline=Outline(radius_um=18.5, elongation=1.5),
    nucleus=Nucleus(radius_um=7.6, elongation=1.3, irregularity=0.045, indentation=0.3),
    chromatin=Chromatin(contrast=0.24),
)


def _protein(name: str, share: float = 1.0, **mixture: float) -> Population:
    patterns = {key.replace("_", " "): weight for key, weight in mixture.items()}
    return Population(name, _HPA_LINE, Antibody(name, patterns), share)


PROTEINS = (
    _protein("nucleoplasm", nucleoplasm=1.1, cytosol=0.08),
    _protein("nucleoli", nucleoli=1.6, nucleoplasm=0.2),
    _protein("nuclear membrane", nuclear_membrane=1.3, cytosol=0.05),
    _protein("cytosol", cytosol=1.2),
    _protein("mitochondria", mitochondria=0.45, cytosol=0.03),
    _protein("Golgi", Golgi=0.9, cytosol=0.06),
    _protein("vesicles", vesicles=0.8, cytosol=0.08),
    _protein("plasma membrane", plasma_membrane=0.7, cytosol=0.1),
    _protein("microtubules", microtubules=0.45),
    _protein("endoplasmic reticulum", endoplasmic_reticulum=0.9),
)
"""One population for each localisation pattern, alike in everything but the protein."""

_CONFOCAL = Optics(psf_um=0.17, haze=0.06, haze_um=2.0, photons=420, background=12, gain=35)

HPA = Assay(
    name="hpa",
    channels=(
        Channel(
            "microtubules",
            Antibody("anti-tubulin", {"microtubules": 0.5, "cytosol": 0.08}),
            _CONFOCAL,
        ),
        Channel("protein", None, _CONFOCAL),
        Channel("nucleus", Antibody("DAPI", {"chromatin": 1.0}), _CONFOCAL),
        Channel("ER", Antibody("anti-calreticulin", {"endoplasmic reticulum": 1.0}), _CONFOCAL),
    ),
    populations=PROTEINS,
    pixel_size_um=0.2,
    cells_per_mm2=720,
    debris_per_mm2=12,
)

ASSAYS = {assay.name: assay for assay in (CELL_PAINTING, HPA)}
