"""The ways to find nuclei: a registry that forms, the shell, refusals and licences go by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError, MissingPackageError
from napari_c3r.core.segment import adapters

FindNuclei = Callable[[NDArray[np.float32], float | None], NDArray[Any]]
"""The (Y, X) nucleus channel and the usual diameter in pixels, or None, to (Y, X) labels."""


@dataclass(frozen=True)
class SegmentMethod:
    """A way to find nuclei; cells are grown from them in the same way for all.

    Attributes
    ----------
    name
        By which it is chosen: ``"cellpose"``.
    label
        By which people are shown it.
    find
        Finds the nuclei.
    help
        One sentence without a full stop.
    package
        What to install for it, as the package index spells it; empty where nothing is needed.
    module
        What is imported of that package, where it is called otherwise.
    licence
        What the user should know of its weights; empty where there is nothing to say.
    usual_diameter
        Finds the usual diameter in pixels from the plane where none was given; None leaves it to
        `find`, and takes the median of what that finds.
    by_parts
        Whether nuclei of a large image are found tile by tile by local contrast, the same whatever
        the tiles; if not, `find` sees parts of 2,048 pixels a side with what is around them.
    """

    name: str
    label: str
    find: FindNuclei
    help: str = ""
    package: str = ""
    module: str = ""
    licence: str = ""
    usual_diameter: Callable[[NDArray[np.float32]], float] | None = None
    by_parts: bool = False

    def require_installed(self) -> None:
        """Refuse a method whose package is not there.

        Raises
        ------
        MissingPackageError
            With how to install it.
        """
        if self.package and find_spec(self.module or self.package) is None:
            raise MissingPackageError(self.package, f"Segmentation with {self.name}")


_METHODS: dict[str, SegmentMethod] = {}


def register_method(method: SegmentMethod) -> None:
    """Offer a method wherever one can be chosen.

    Raises
    ------
    InputError
        There is one of that name.
    """
    if method.name in _METHODS:
        raise InputError(f"There is already a segmentation method '{method.name}'; rename yours")
    _METHODS[method.name] = method


def method_names() -> tuple[str, ...]:
    """Names of all methods, in the order shown."""
    return tuple(_METHODS)


def find_method(name: str) -> SegmentMethod:
    """A method by its name.

    Raises
    ------
    InputError
        There is none of that name.
    """
    if name not in _METHODS:
        raise InputError(
            f"No segmentation method '{name}'; choose one of {', '.join(method_names())}"
        )
    return _METHODS[name]


def require_method(name: str) -> SegmentMethod:
    """A method by its name, ready to be used.

    Raises
    ------
    InputError
        It does not exist or is not installed; with what to choose, or what to install.
    """
    method = find_method(name)
    method.require_installed()
    return method


register_method(
    SegmentMethod(
        "classical",
        "Classical",
        adapters.classical,
        help="Local contrast and shape, nothing to install",
        usual_diameter=adapters.classical_diameter,
        by_parts=True,
    )
)
register_method(
    SegmentMethod(
        "cellpose",
        "Cellpose-SAM",
        adapters.cellpose,
        help="A trained network for cells and nuclei of many kinds",
        package="cellpose",
        licence="Cellpose-SAM's weights were trained on data under CC-BY-NC; check their licence "
        "before commercial use",
    )
)
register_method(
    SegmentMethod(
        "stardist",
        "StarDist",
        adapters.stardist,
        help="A trained network for round nuclei",
        package="stardist",
        licence="StarDist is under BSD-3-Clause; its weights 2D_versatile_fluo come without a "
        "licence of their own, so check before commercial use",
    )
)
register_method(
    SegmentMethod(
        "instanseg",
        "InstanSeg",
        adapters.instanseg,
        help="A trained network for fluorescent nuclei",
        package="instanseg-torch",
        module="instanseg",
        licence="InstanSeg is under Apache-2.0; check the page of its model "
        "fluorescence_nuclei_and_cells before commercial use",
    )
)
