"""Between napari's layers and the core's images: reading them, and adding our own.

Only layers that this plugin made are ever changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.colours import GREY, sequential
from napari_c3r.core.figures.composites import Appearance
from napari_c3r.core.figures.looks import contrast_limits
from napari_c3r.core.images import Image
from napari_c3r.core.table.result import KEY
from napari_c3r.session import Slice
from napari_c3r.widgets.viewer.alignment import require_aligned, require_numbers
from napari_c3r.widgets.viewer.gathering import naming
from napari_c3r.widgets.viewer.stacks import plane_of, slice_shown, spread, steps_of

if TYPE_CHECKING:
    from anndata import AnnData
    from napari.components import ViewerModel
    from napari.layers import Image as ImageLayer
    from napari.layers import Labels

CELLS = "C3R cells"
NUCLEI = "C3R nuclei"
CLUSTERS = "C3R clusters"
SELECTION = "C3R selection"
SHIFT = "C3R shift"
PLACES = "C3R places"
PREVIEW = "C3R preview"
OURS = (CELLS, NUCLEI, CLUSTERS, SELECTION, SHIFT, PLACES, PREVIEW)
"""Layers that lie on the image that is worked on, and say nothing of another."""

# Classes of the cluster layer: 1… are clusters in the palette's order, then these two.
_MAX_CLUSTERS = 250
NOISE_CLASS = 254
DIMMED_CLASS = 255
_DIMMED = "#80808030"
_FREE = [GREY] * (NOISE_CLASS - _MAX_CLUSTERS - 1)

# Class of the selection layer for the cell pointed at; the selected ones are 1.
CURRENT_CLASS = 2


def read_layers(
    layers: Sequence[ImageLayer], point: Sequence[float] = (), axes: Sequence[str] = ()
) -> Image:
    """Make the core's image of one layer per channel, or of one layer with a channel axis.

    Parameters
    ----------
    layers
        Image layers of one size.
    point
        Where the viewer is in the world, for layers that have axes before height and width
        (Z, T): the slice shown is the one used.
    axes
        What the viewer calls its axes.

    Returns
    -------
    Image
        Of a stack, the slice with its place in the name: its labels are not those of another.

    Raises
    ------
    InputError
        No layer, RGB pictures, layers of different sizes or that do not lie on each other, one
        that does not reach to where the viewer is, or that holds no number.
    """
    import dask.array as da

    if not layers:
        raise InputError("No image layers are visible; open an image, or show its layers")
    notes: list[str] = list(layers[0].metadata.get(KEY, {}).get("notes", ()))
    planes: list[tuple[str, Any]] = []
    for layer in layers:
        planes.extend(_planes(layer, point, axes, notes, alone=len(layers) == 1))
    called = naming(layers)
    if len(planes) == len(layers):
        planes = [(name, plane) for name, (_, plane) in zip(called.channels, planes, strict=True)]
    shapes = {tuple(plane.shape) for _, plane in planes}
    if len(shapes) > 1:
        sizes = ", ".join(f"'{name}' {plane.shape[1]} × {plane.shape[0]}" for name, plane in planes)
        raise InputError(f"The layers differ in size: {sizes}; select those of one image")
    require_aligned(layers)
    require_numbers(planes)
    place = place_shown(layers, point, axes)
    if place is not None:
        notes.append(f"The image is a stack; the slice shown, {place.words}, is used")
    first = layers[0].metadata.get(KEY, {})
    read = {layer.metadata.get(KEY, {}).get("image") for layer in layers} - {None}
    name = next(iter(read)) if len(read) == 1 else None
    image = Image(
        data=da.stack([_lazy(plane) for _, plane in planes]),
        channel_names=tuple(_distinct([name for name, _ in planes])),
        pixel_size_um=_pixel_size_um(layers[0], notes),
        source=tuple(_sources(layers)),
        name=str(name or called.image or _name_from_source(layers[0])),
        plate=first.get("plate"),
        well=first.get("well"),
        site=first.get("site"),
        notes=tuple(notes),
        position=tuple((axis, at) for axis, at in first.get("position", ())),
        time_s=first.get("time_s"),
        z_step_um=first.get("z_step_um"),
        n_slices=first.get("n_slices", 1),
    )
    if place is not None:
        name = f"{image.name} {place.words.replace(' = ', '=')}"
        time_s, z_step_um = steps_of(layers[0], axes, place, alone=len(layers) == 1)
        image = replace(
            image, name=name, position=place.position, time_s=time_s, z_step_um=z_step_um
        )
    return image


def place_shown(
    layers: Sequence[ImageLayer], point: Sequence[float] = (), axes: Sequence[str] = ()
) -> Slice | None:
    """Which slice of a stack :func:`read_layers` takes, None where it is no stack."""
    return slice_shown(layers[0], point, axes, alone=len(layers) == 1)[1]


def _planes(
    layer: ImageLayer,
    point: Sequence[float],
    axes: Sequence[str],
    notes: list[str],
    *,
    alone: bool,
) -> list[tuple[str, Any]]:
    """The named 2-D planes that a layer contributes."""
    if layer.rgb:
        raise InputError(
            f"Layer '{layer.name}' is an RGB picture; split it into its channels "
            "(right click on the layer, Split RGB)"
        )
    data, _ = slice_shown(layer, point, axes, alone=alone)
    if data.ndim == 2:
        return [(layer.name, data)]
    notes.append(
        f"'{layer.name}' has {data.shape[0]} planes, taken as channels; if they are times or "
        "slices, name their axis t or z beside the slider"
    )
    return [(f"{layer.name} {number + 1}", data[number]) for number in range(len(data))]


@dataclass(frozen=True, eq=False)
class Picture:
    """What a channel's thumbnail is made of: plain data, so that a thread may make it.

    Attributes
    ----------
    plane
        (Y, X), possibly lazy.
    look
        How the channel looks; limits that are not given are found when it is drawn.
    """

    plane: Any
    look: Appearance

    def draw(self, side_px: int) -> NDArray[np.uint8]:
        """The middle of the plane, RGBA (side, side, 4)."""
        height, width = self.plane.shape
        reach = min(height, width, _PICTURE_REACH_PX) // 2
        rows = slice(height // 2 - reach, height // 2 + reach)
        columns = slice(width // 2 - reach, width // 2 + reach)
        step = max(1, 2 * reach // side_px)
        pixels = np.asarray(self.plane[rows, columns], np.float32)[::step, ::step]
        look = replace(self.look, limits=self.look.limits or contrast_limits(self.plane))
        painted = look.paint(pixels[:side_px, :side_px])
        picture = np.ones((*painted.shape[:2], 4), np.float32)
        picture[..., :3] = painted
        return (picture * 255).astype(np.uint8)


# A few cells across at usual magnifications.
_PICTURE_REACH_PX = 240


def pictures(image: Image, looks: Mapping[str, Appearance]) -> list[Picture]:
    """Thumbnails-to-be of an image's channels, each as it looks."""
    return [Picture(image.channel(name), looks[name]) for name in image.channel_names]


def _lazy(plane: Any) -> Any:
    import dask.array as da

    if isinstance(plane, da.Array):
        return plane
    # A name of its own instead of a hash over all pixels, which would take seconds.
    return da.from_array(plane, chunks=(2048, 2048), name=False)


def _distinct(names: Sequence[str]) -> Iterable[str]:
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"


def _pixel_size_um(layer: ImageLayer, notes: list[str]) -> float | None:
    known = layer.metadata.get(KEY, {})
    if "pixel_size_um" in known:
        stated: float | None = known["pixel_size_um"]
        return stated
    scale = float(layer.scale[-1])
    unit = layer.units[-1]
    if unit.is_compatible_with("micrometer"):
        return float((scale * unit).to("micrometer").magnitude)
    if scale == 1.0:
        return None
    notes.append(f"the layers' scale, {scale:g}, is taken as micrometres per pixel")
    return scale


def _sources(layers: Sequence[ImageLayer]) -> list[Path]:
    """The files behind the layers, each once, in the layers' order."""
    found: dict[Path, None] = {}
    for layer in layers:
        listed = layer.metadata.get(KEY, {}).get("source")
        if listed is None and layer.source.path:
            listed = [layer.source.path]
        found.update(dict.fromkeys(Path(path) for path in listed or ()))
    return [path for path in found if path.exists()]


def _name_from_source(layer: ImageLayer) -> str:
    return Path(layer.source.path).stem if layer.source.path else layer.name


def show_labels(
    viewer: ViewerModel,
    name: str,
    data: NDArray[Any],
    *,
    place: Slice | None = None,
    contour: int = 0,
    **options: Any,
) -> Labels:
    """Add one of our label layers, or give it new data if it is there already.

    Parameters
    ----------
    viewer
        Where to show it.
    name
        One of the names at the top of this file.
    data
        (Y, X) integers. The layer lies on a layer of that size, if there is one.
    place
        The slice of a stack that it belongs to, and is shown at.
    contour
        Width of the outlines in pixels; 0 fills.
    **options
        Of a new layer. One that is there keeps what the user made of it.
    """
    existing = own_layer(viewer, name)
    if existing is not None and fits(existing, data.shape, place):
        existing.data = spread(data, place)
        return existing
    if existing is not None:
        viewer.layers.remove(existing)
    like = reference_layer(viewer, data.shape)
    if like is not None:
        options |= placed(like, place)
    active = set(viewer.layers.selection)
    metadata = {KEY: {"own": name, "place": place}}
    layer = viewer.add_labels(spread(data, place), name=name, metadata=metadata, **options)
    layer.contour = contour
    # Adding a layer selects it, which would take the user's layer out of their hands.
    viewer.layers.selection = active or {layer}
    return layer


def fits(layer: Labels, shape: tuple[int, ...], place: Slice | None) -> bool:
    """Whether a layer of ours is of an image's size, and lies at its place."""
    at = layer.metadata[KEY].get("place")
    return tuple(plane_of(layer).shape) == tuple(shape) and at == place


def placed(like: Any, place: Slice | None) -> dict[str, Any]:
    """Scale, position and units of a layer that lies on another, at one slice of it."""
    start, step = (place.start, place.step) if place is not None else ((), ())
    units = like.units[-2 - len(start) :]
    if place is None and not np.allclose(_linear(like), np.diag(like.scale[-2:])):
        # Turned or sheared: all of that in one matrix.
        affine = np.eye(3)
        affine[:2, :2] = _linear(like)
        affine[:2, 2] = like.data_to_world((0.0,) * like.ndim)[-2:]
        return {"affine": affine, "units": units}
    return {
        "scale": (*step, *like.scale[-2:]),
        "translate": (*start, *like.translate[-2:]),
        "units": units if len(units) == len(start) + 2 else None,
    }


def _linear(layer: Any) -> NDArray[np.float64]:
    """What a step of a pixel down and one to the right are in the world, as columns (2, 2)."""
    before = (0.0,) * (layer.ndim - 2)
    origin, down, right = (
        np.asarray(layer.data_to_world((*before, *yx))[-2:]) for yx in ((0, 0), (1, 0), (0, 1))
    )
    return np.stack([down - origin, right - origin], axis=1)


def own_layer(viewer: ViewerModel, name: str) -> Labels | None:
    """The layer that :func:`show_labels` added under a name, whatever it is called now."""
    for layer in viewer.layers:
        if layer.metadata.get(KEY, {}).get("own") == name:
            return layer
    return None


def label_layers(viewer: ViewerModel) -> list[str]:
    """Names of the Labels layers that can be taken as cells: the user's, and our own cells."""
    from napari.layers import Labels

    others = set(OURS) - {CELLS}
    return [
        layer.name
        for layer in viewer.layers
        if isinstance(layer, Labels) and layer.metadata.get(KEY, {}).get("own") not in others
    ]


def reference_layer(viewer: ViewerModel, shape: tuple[int, ...]) -> Any:
    """A layer whose last two axes have this size: where a label image of it belongs."""
    for layer in viewer.layers:
        data = layer.data[0] if getattr(layer, "multiscale", False) else layer.data
        if tuple(getattr(data, "shape", ()))[-2:] == tuple(shape):
            return layer
    return None


def category_classes(codes: NDArray[np.intp], colours: int) -> NDArray[np.uint8]:
    """Class in the cluster layer of every row, by its category; −1 is the class of noise.

    Of a palette of so many colours, a category has its colour of the map.
    """
    # Whole rounds of the palette.
    classes = (codes % (_MAX_CLUSTERS // colours * colours) + 1).astype(np.uint8)
    classes[codes < 0] = NOISE_CLASS
    return classes


def value_classes(values: NDArray[np.float32], limits: tuple[float, float]) -> NDArray[np.uint8]:
    """Class in the cluster layer of every row, by its value; not finite is the class of noise."""
    low, high = limits
    finite = np.isfinite(values)
    share = (np.where(finite, values, low) - low) / max(high - low, 1e-30)
    classes = (np.clip(share, 0, 1) * (_MAX_CLUSTERS - 1) + 1).astype(np.uint8)
    classes[~finite] = NOISE_CLASS
    return classes


def category_colormap(palette: Sequence[str]) -> Any:
    """Colours of the cluster layer's classes, those of the map."""
    colours = [palette[number % len(palette)] for number in range(_MAX_CLUSTERS)]
    return _colormap([*colours, *_FREE, GREY, _DIMMED])


def value_colormap() -> Any:
    """Colours of the cluster layer's classes when they are steps of a value, those of the map."""
    steps = ["#" + rgb.tobytes().hex() for rgb in sequential(_MAX_CLUSTERS)]
    return _colormap([*steps, *_FREE, GREY, _DIMMED])


def selection_colormap() -> Any:
    """White for the selected cells' outlines, yellow for the one that is pointed at."""
    return _colormap(["#ffffff", "#ffd400"])


def _colormap(colours: Sequence[str]) -> Any:
    """Colours of the classes 1, 2, …, as ``"#rrggbb"`` or ``"#rrggbbaa"``; 0 is transparent."""
    # A direct colormap would say the same, but makes numba compile for seconds when first drawn.
    from napari.utils.colormaps import CyclicLabelColormap

    codes = [bytes.fromhex(colour[1:].ljust(8, "f")) for colour in colours]
    table = np.frombuffer(bytes(4) + b"".join(codes), np.uint8).reshape(-1, 4)
    return CyclicLabelColormap(colors=table.astype(np.float32) / 255)


def let_carry(layer: Labels | None, table: AnnData | None, image: str) -> None:
    """Give a layer of ours the result that it shows, for `napari_c3r.writers` to save."""
    if layer is not None:
        layer.metadata[KEY] |= {"table": table, "image": image}
