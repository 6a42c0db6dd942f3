"""The window around each cell, worked out for one image."""

from __future__ import annotations

from dataclasses import dataclass

from napari_c3r.core.crops.spec import MIN_SIZE_PX, CropSpec
from napari_c3r.core.encoder.config import Neighbours
from napari_c3r.core.errors import InputError
from napari_c3r.core.rounding import half_up

# Side of the widest crop, in the image's pixels: no microscope divides a cell into more, and
# one of five channels has 1.3 GB.
MAX_WINDOW_PX = 8192
# Crops narrower or wider than this many cells speak of a wrong pixel size.
DEFAULT_DIAMETERS = (0.5, 20.0)


@dataclass(frozen=True)
class CropPlan:
    """A crop specification worked out for one image.

    Attributes
    ----------
    window_px
        Side of the field in the image's pixels.
    size_px
        Side of the resampled crop.
    neighbours
        Whether other cells are kept or masked.
    basis
        In words, where the field's size comes from.
    doubt
        In a sentence, why the field's size is hardly meant; empty where it is usual.
    replace_hot_pixels
        Whether pixels that set the range of a channel alone are replaced by those beside them.
    """

    window_px: int
    size_px: int
    neighbours: Neighbours
    basis: str
    doubt: str = ""
    replace_hot_pixels: bool = False


def require_field(spec: CropSpec, pixel_size_um: float | None, field_um: float | None) -> None:
    """Refuse a field in micrometres that no crop can have, before any cell is known.

    Parameters
    ----------
    spec, pixel_size_um, field_um
        As for `plan_crops`. Where the window depends on the cells, nothing is refused.

    Raises
    ------
    InputError
        A window of too few or too many pixels.
    """
    field = spec.field_um or field_um
    if pixel_size_um is not None and field is not None:
        require_window(field / pixel_size_um, _basis_um(field, pixel_size_um))


def require_window(window: float, basis: str) -> None:
    """Refuse a window of too few or too many pixels.

    Parameters
    ----------
    window
        Its side, in pixels of the image.
    basis
        In words, where it comes from.

    Raises
    ------
    InputError
        With what to check.
    """
    if window > MAX_WINDOW_PX:
        raise InputError(
            f"Crops of {basis} are {window:.0f} px wide, and at most {MAX_WINDOW_PX} are cut out; "
            "check the pixel size, or give a smaller field"
        )
    if half_up(window) < MIN_SIZE_PX:
        raise InputError(
            f"Crops of {basis} are {window:.2g} px wide, and at least {MIN_SIZE_PX} are needed; "
            "check the pixel size, or give a larger field"
        )


def _basis_um(field: float, pixel_size_um: float) -> str:
    return f"{field:g} µm at {pixel_size_um:g} µm per pixel"


def plan_crops(
    spec: CropSpec,
    *,
    pixel_size_um: float | None,
    median_diameter_px: float,
    field_um: float | None,
    field_diameters: float,
    size_px: int,
    neighbours: Neighbours,
    replace_hot_pixels: bool = False,
) -> CropPlan:
    """Work out the window for one image: physical scale if it is known, else cell size.

    Parameters
    ----------
    spec
        What the user asked for.
    pixel_size_um
        Pixel size of the image in micrometres, or None.
    median_diameter_px
        Median cell diameter in pixels.
    field_um, field_diameters, size_px, neighbours, replace_hot_pixels
        The encoder's recommendation.

    Raises
    ------
    InputError
        A field of fewer or more pixels than a cell can have.
    """
    field = spec.field_um or field_um
    if pixel_size_um is not None and field is not None:
        window = field / pixel_size_um
        basis = _basis_um(field, pixel_size_um)
    else:
        diameters = spec.field_diameters or field_diameters
        window = diameters * median_diameter_px
        lacking = "the pixel size" if pixel_size_um is None else "the encoder's field"
        basis = (
            f"{diameters:g} median cell diameters of {median_diameter_px:.1f} px, "
            f"as {lacking} is unknown"
        )
    require_window(window, basis)
    narrowest, widest = DEFAULT_DIAMETERS
    doubt = ""
    if not narrowest <= window / median_diameter_px <= widest:
        width = f"{window:.0f}" if window >= 10 else f"{window:.1f}"
        doubt = (
            f"Crops are {width} px wide ({basis}) and cells usually {median_diameter_px:.0f} px: "
            "check the pixel size"
        )
    return CropPlan(
        int(half_up(window)),
        spec.size_px or size_px,
        spec.neighbours or neighbours,
        basis,
        doubt,
        replace_hot_pixels,
    )
