"""Between napari's layers and the core's images: reading them, and adding our own.

Only layers that this plugin made are ever changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.colours import CATEGORICAL, GREY, sequential
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image as ImageLayer
    from napari.layers import Labels

KEY = "napari_c3r"
CELLS = "C3R cells"
NUCLEI = "C3R nuclei"
CLUSTERS = "C3R clusters"
SELECTION = "C3R selection"

# Classes of the cluster layer: 1… are clusters in the palette's order, then these two.
_MOST_CLUSTERS = 250
NOISE_CLASS = 254
DIMMED_CLASS = 255
_DIMMED = "#80808030"

# Class of the selection layer for the cell pointed at; the selected ones are 1.
CURRENT_CLASS = 2


def image_layers(viewer: ViewerModel) -> list[ImageLayer]:
    """Layers that make up the image: the selected ones if several are, else one image's.

    Without a selection of several, these are the visible image layers that share name of
    image and size with the topmost one.
    """
    from napari.layers import Image as ImageLayer

    every = [layer for layer in viewer.layers if isinstance(layer, ImageLayer)]
    selected = [layer for layer in every if layer in viewer.layers.selection]
    if len(selected) > 1:
        return selected
    visible = [layer for layer in every if layer.visible]
    if not visible:
        return []
    top = visible[-1]
    return [layer for layer in visible if _image_name(layer) == _image_name(top)]


def _image_name(layer: ImageLayer) -> str | None:
    name: str | None = layer.metadata.get(KEY, {}).get("image")
    return name


def read_layers(layers: Sequence[ImageLayer], step: Sequence[int] = ()) -> Image:
    """Make the core's image of one layer per channel, or of one layer with a channel axis.

    Parameters
    ----------
    layers
        Image layers of one size.
    step
        The viewer's position along the axes before height and width, for layers that have
        such axes (Z, T): the slice shown is the one used.

    Raises
    ------
    InputError
        No layer, RGB pictures, or layers of different sizes.
    """
    import dask.array as da

    if not layers:
        raise InputError("No image layers are visible; open an image, or show its layers")
    notes: list[str] = list(layers[0].metadata.get(KEY, {}).get("notes", ()))
    planes: list[tuple[str, Any]] = []
    for layer in layers:
        planes.extend(_planes(layer, step, notes, alone=len(layers) == 1))
    shapes = {tuple(plane.shape) for _, plane in planes}
    if len(shapes) > 1:
        sizes = ", ".join(f"'{name}' {plane.shape[1]} × {plane.shape[0]}" for name, plane in planes)
        raise InputError(f"The layers differ in size: {sizes}; select those of one image")
    first = layers[0].metadata.get(KEY, {})
    return Image(
        data=da.stack([_lazy(plane) for _, plane in planes]),
        channel_names=tuple(_distinct([name for name, _ in planes])),
        pixel_size_um=_pixel_size_um(layers[0], notes),
        source=tuple(_sources(layers)),
        name=str(first.get("image") or _name_from_source(layers[0])),
        plate=first.get("plate"),
        well=first.get("well"),
        site=first.get("site"),
        notes=tuple(notes),
    )


def _planes(
    layer: ImageLayer, step: Sequence[int], notes: list[str], *, alone: bool
) -> list[tuple[str, Any]]:
    """The named 2-D planes that a layer contributes."""
    if layer.rgb:
        raise InputError(
            f"Layer '{layer.name}' is an RGB picture; split it into its channels "
            "(right click on the layer, Split RGB)"
        )
    data = layer.data[0] if layer.multiscale else layer.data
    name = layer.metadata.get(KEY, {}).get("channel") or layer.name
    axes = [str(axis).lower() for axis in getattr(layer, "axis_labels", ())]
    if data.ndim == 3 and (axes[:1] in (["c"], ["channel"]) or (alone and data.shape[0] <= 8)):
        notes.append(f"'{layer.name}' has {data.shape[0]} planes, taken as channels")
        return [(f"{layer.name} {number + 1}", data[number]) for number in range(data.shape[0])]
    if data.ndim > 2:
        # The viewer's axes are aligned with a layer's from the last one backwards.
        position = tuple(step)[-data.ndim : -2] or (0,) * (data.ndim - 2)
        position = tuple(
            min(p, length - 1) for p, length in zip(position, data.shape[:-2], strict=True)
        )
        notes.append(f"'{layer.name}' is a stack; the slice shown, {position}, is used")
        data = data[position]
    return [(name, data)]


@dataclass(frozen=True, eq=False)
class Picture:
    """What a channel's thumbnail is made of: plain data, so that a thread may make it.

    Attributes
    ----------
    plane
        (Y, X), possibly lazy.
    limits
        Intensities drawn black and brightest.
    colour
        Red, green and blue of the brightest, in 0–1.
    """

    plane: Any
    limits: tuple[float, float]
    colour: NDArray[np.float32] | tuple[float, float, float]

    def draw(self, side_px: int) -> NDArray[np.uint8]:
        """The middle of the plane, RGBA (side, side, 4)."""
        height, width = self.plane.shape
        reach = min(height, width, _PICTURE_REACH_PX) // 2
        rows = slice(height // 2 - reach, height // 2 + reach)
        columns = slice(width // 2 - reach, width // 2 + reach)
        pixels = np.nan_to_num(np.asarray(self.plane[rows, columns], np.float32))
        low, high = self.limits
        bright = np.clip((pixels - low) / max(high - low, 1e-6), 0, 1)
        picture = np.ones((*bright.shape, 4), np.float32)
        picture[..., :3] = bright[..., None] * np.array(self.colour, np.float32)
        step = max(1, len(bright) // side_px)
        return (picture[::step, ::step][:side_px, :side_px] * 255).astype(np.uint8)


# A few cells across at usual magnifications.
_PICTURE_REACH_PX = 240


def pictures(layers: Sequence[ImageLayer], image: Image) -> list[Picture]:
    """Thumbnails-to-be of an image's channels, in the colours of the layers they are in."""
    if len(layers) != len(image.channel_names):
        return []
    return [
        Picture(
            image.data[number],
            (float(layer.contrast_limits[0]), float(layer.contrast_limits[1])),
            layer.colormap.map(1.0).ravel()[:3],
        )
        for number, layer in enumerate(layers)
    ]


def label_plane(layer: Labels) -> Any:
    """The 2-D labels of a layer: as they are, or refused when there are more axes.

    Raises
    ------
    InputError
        The layer has a Z or T axis: cells of one slice are not those of another.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    if data.ndim != 2:
        raise InputError(
            f"The labels '{layer.name}' have {data.ndim} axes, shape {tuple(data.shape)}; "
            "give a 2-D label layer, such as one slice of it"
        )
    return data


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
    contour
        Width of the outlines in pixels; 0 fills.
    **options
        Of a new layer. One that is there keeps what the user made of it.
    """
    existing = own_layer(viewer, name)
    if existing is not None and existing.data.shape == data.shape:
        existing.data = data
        return existing
    if existing is not None:
        viewer.layers.remove(existing)
    like = reference_layer(viewer, data.shape)
    if like is not None:
        options |= {
            "scale": like.scale[-2:],
            "translate": like.translate[-2:],
            "units": like.units[-2:],
        }
    active = set(viewer.layers.selection)
    layer = viewer.add_labels(data, name=name, metadata={KEY: {"own": name}}, **options)
    layer.contour = contour
    # Adding a layer selects it, which would take the user's layer out of their hands.
    viewer.layers.selection = active or {layer}
    return layer


def own_layer(viewer: ViewerModel, name: str) -> Labels | None:
    """The layer that :func:`show_labels` added under a name, whatever it is called now."""
    for layer in viewer.layers:
        if layer.metadata.get(KEY, {}).get("own") == name:
            return layer
    return None


def reference_layer(viewer: ViewerModel, shape: tuple[int, ...]) -> Any:
    """A layer whose last two axes have this size: where a label image of it belongs."""
    for layer in viewer.layers:
        data = layer.data[0] if getattr(layer, "multiscale", False) else layer.data
        if tuple(getattr(data, "shape", ()))[-2:] == tuple(shape):
            return layer
    return None


def category_classes(codes: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Class in the cluster layer of every row, by its category; −1 is the class of noise."""
    # Whole rounds of the palette, so that a category has its colour of the map.
    classes = (codes % (_MOST_CLUSTERS // len(CATEGORICAL) * len(CATEGORICAL)) + 1).astype(np.uint8)
    classes[codes < 0] = NOISE_CLASS
    return classes


def value_classes(values: NDArray[np.float32], limits: tuple[float, float]) -> NDArray[np.uint8]:
    """Class in the cluster layer of every row, by its value; not finite is the class of noise."""
    low, high = limits
    finite = np.isfinite(values)
    share = (np.where(finite, values, low) - low) / max(high - low, 1e-30)
    classes = (np.clip(share, 0, 1) * (_MOST_CLUSTERS - 1) + 1).astype(np.uint8)
    classes[~finite] = NOISE_CLASS
    return classes


def cluster_colormap() -> Any:
    """Colours of the cluster layer's classes, those of the map."""
    from napari.utils.colormaps import DirectLabelColormap

    colours: dict[int | None, Any] = {None: "transparent", 0: "transparent"}
    for number in range(_MOST_CLUSTERS):
        colours[number + 1] = CATEGORICAL[number % len(CATEGORICAL)]
    colours[NOISE_CLASS] = GREY
    colours[DIMMED_CLASS] = _DIMMED
    return DirectLabelColormap(color_dict=colours)


def value_colormap() -> Any:
    """Colours of the cluster layer's classes when they are steps of a value, those of the map."""
    from napari.utils.colormaps import DirectLabelColormap

    colours: dict[int | None, Any] = {None: "transparent", 0: "transparent"}
    colours |= {step + 1: rgb / 255 for step, rgb in enumerate(sequential(_MOST_CLUSTERS))}
    colours |= {NOISE_CLASS: GREY, DIMMED_CLASS: _DIMMED}
    return DirectLabelColormap(color_dict=colours)


def selection_colormap() -> Any:
    """White for the selected cells' outlines, yellow for the one that is pointed at."""
    from napari.utils.colormaps import DirectLabelColormap

    colours = {None: "transparent", 0: "transparent", 1: "white", CURRENT_CLASS: "#ffd400"}
    return DirectLabelColormap(color_dict=colours)
