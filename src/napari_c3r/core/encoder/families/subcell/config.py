"""The configuration of a SubCell encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from napari_c3r.core.encoder.config import Readout
from napari_c3r.core.encoder.families.fixed_stain.config import FixedStainConfig

LOCATIONS: Final = (
    *("Actin filaments", "Aggresome", "Cell Junctions", "Centriolar satellite", "Centrosome"),
    *("Cytokinetic bridge", "Cytoplasmic bodies", "Cytosol", "Endoplasmic reticulum"),
    *("Endosomes", "Focal adhesion sites", "Golgi apparatus", "Intermediate filaments"),
    *("Lipid droplets", "Lysosomes", "Microtubules", "Midbody", "Mitochondria"),
    *("Mitotic chromosome", "Mitotic spindle", "Nuclear bodies", "Nuclear membrane"),
    *("Nuclear speckles", "Nucleoli", "Nucleoli fibrillar center", "Nucleoli rim"),
    *("Nucleoplasm", "Peroxisomes", "Plasma membrane", "Vesicles", "Negative"),
)
"""Locations in a cell that the published classifiers tell apart, in their order."""


@dataclass(frozen=True, kw_only=True)
class SubcellConfig(FixedStainConfig):
    """The configuration of a SubCell encoder.

    The other fields are those of `FixedStainConfig`.

    Parameters
    ----------
    pool_width
        Features within the pooling.
    pool_heads
        Weighted means that the pooling makes, each of `width` numbers.
    classifiers
        How many classifiers there are; their probabilities are averaged.
    classifier_hidden
        Widths of the two layers within a classifier.
    classes
        What the classifiers tell apart, in order; none where there are none.

    Raises
    ------
    InputError
        If a value has the wrong type or is out of range.
    """

    architecture: ClassVar[str] = "subcell"
    readouts: ClassVar[tuple[Readout, ...]] = ("pool", "cls", "cls+std")

    pool_width: int = 512
    pool_heads: int = 2
    classifiers: int = 0
    classifier_hidden: tuple[int, int] = (512, 256)
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_whole("pool_width", 1, 8192)
        self._check_whole("pool_heads", 1, 64)
        self._check_whole("classifiers", 0, 64)
        hidden = self.classifier_hidden
        two = isinstance(hidden, (list, tuple)) and len(hidden) == 2
        two = two and all(type(each) is int and 1 <= each <= 8192 for each in hidden)
        self._check("classifier_hidden", two, "must be two whole numbers")
        object.__setattr__(self, "classifier_hidden", tuple(hidden))
        self._check_names("classes")
        fits = bool(self.classes) == bool(self.classifiers)
        self._check("classes", fits, "must be named where there are classifiers, and only there")
