"""Opening images: understanding paths, loading fields, turning from one field to another."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.looks import GAIN
from napari_c3r.core.images import FieldSource, Image, ReadOptions, ScanResult
from napari_c3r.core.metadata.plate_map import is_table
from napari_c3r.core.table.result import KEY
from napari_c3r.session.fields import times_left_out
from napari_c3r.session.reading import Opened, put_cells_back, record_reading
from napari_c3r.widgets.main.context import OPEN, ViewerContext
from napari_c3r.widgets.main.reading_job import given_names, load_arrays, reading_job
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.viewer import layers
from napari_c3r.widgets.viewer.appearance import appearances_of, is_own, own_gain
from napari_c3r.widgets.viewer.gathering import (
    all_image_layers,
    image_layers,
    in_order,
    opened_paths,
    outside_in_words,
    size_of,
)
from napari_c3r.widgets.viewer.known_pixels import KnownPixels

if TYPE_CHECKING:
    from napari.layers import Image as ImageLayer
    from napari.layers import Layer


class ImageController(QObject):
    """Brings images into the viewer and tells the session which one it works on.

    Attributes
    ----------
    opened
        Where the images were looked for; empty where they came another way.

    Signals
    -------
    scanned
        With the :class:`ScanResult` of paths, for the user to correct before they are loaded.
    loaded
        Fields were opened, and one of them is shown.
    """

    scanned = Signal(object)
    loaded = Signal()

    def __init__(self, context: ViewerContext) -> None:
        super().__init__(context)
        self._context = context
        self._layer_ids: list[Any] = []
        self._sample_ids: list[Any] = []
        # Whether the layers were taken as they were found, not loaded as the user said.
        self._taken = False
        self._known = KnownPixels()
        self._paths: tuple[str, ...] = ()
        self.opened: tuple[str, ...] = ()

    def scan(self, paths: Sequence[str], swap: str = "") -> None:
        """Find out what is at some paths."""
        wanted = tuple(str(path) for path in paths)

        def body(_: threading.Event) -> Generator[str, None, ScanResult]:
            from napari_c3r.core.images import scan

            yield "looking at the names and headers"
            # A table among them is their plate map.
            return scan([path for path in wanted if not is_table(path)], swap=swap)

        def take(found: ScanResult) -> None:
            self._paths = wanted
            self.scanned.emit(found)

        self._context.error_changed.emit(StepId.IMAGE, "")
        self._context.opening.start(OPEN, body, take)

    def rescan(self, swap: str) -> None:
        """The same paths with two axes the other way round."""
        self.scan(self._paths, swap)

    def load(self, found: ScanResult, reading: ReadOptions) -> None:
        """Load the first of the scanned fields; the others wait for their turn."""
        session, before = self._context.session, Opened.of(self._context.session)
        self.opened = self._paths
        done = partial(record_reading, session, before, self._load_again)
        self._load(partial(found.sources, reading), 0, done)

    def _load_again(self, opened: Opened) -> None:
        done = partial(put_cells_back, self._context.session, opened)
        self.load_fields(opened.sources, opened.index, done)

    def load_fields(self, sources: Sequence[FieldSource], index: int, then: Any = None) -> None:
        """Work on some fields and show one of them.

        Parameters
        ----------
        sources
            All fields.
        index
            The one to show.
        then
            Called without arguments once it is shown.
        """
        self._load(lambda: sources, index, then)

    def _load(
        self, listing: Callable[[], Sequence[FieldSource]], index: int, then: Any = None
    ) -> None:
        """As `load_fields`, of fields whose headers may have to be read to tell which they are."""

        def body(
            stop: threading.Event,
        ) -> Generator[str, None, tuple[Sequence[FieldSource], Image, list[Any]]]:
            yield "listing the fields"
            sources = listing()
            return sources, *(yield from reading_job(sources[index])(stop))

        def take(loaded: tuple[Sequence[FieldSource], Image, list[Any]]) -> None:
            sources, image, described = loaded
            # Two fields of different images would lie on top of each other.
            self._remove_shown()
            self._add_layers(described)
            self._context.viewer.reset_view()
            given = given_names(sources[index], image)
            self._context.session.set_fields(sources, index, image, given)
            self.loaded.emit()
            if then is not None:
                then()

        self._context.error_changed.emit(StepId.IMAGE, "")
        self._context.opening.start(OPEN, body, take)

    def show_field(self, index: int) -> None:
        """Turn to another field: the displayed layers get its pixels, and keep their looks."""
        session = self._context.session
        if not 0 <= index < len(session.fields.sources) or index == session.fields.index:
            return

        def take(loaded: tuple[Image, list[Any]]) -> None:
            image, described = loaded
            try:
                session.show_field(index, image)
            except InputError as error:
                self._context.error_changed.emit(StepId.IMAGE, str(error))
                return
            self._exchange(described)

        self._context.error_changed.emit(StepId.IMAGE, "")
        self._context.opening.start(OPEN, reading_job(session.fields.sources[index]), take)

    def open_sample(self) -> None:
        """Add the simulated Cell Painting field."""

        def body(_: threading.Event) -> Generator[str, None, list[Any]]:
            from napari_c3r.sample_data import cell_painting

            yield "simulating"
            return list(cell_painting())

        def take(described: list[Any]) -> None:
            from napari.layers import Image as ImageLayer

            self._remove_shown()
            added = self._add_layers(described)
            self._sample_ids = [layer.unique_id for layer in added]
            viewer = self._context.viewer
            viewer.layers.selection = {la for la in added if isinstance(la, ImageLayer)}
            viewer.reset_view()
            self.use_layers()
            viewer.layers.selection = {added[-1]}

        self._context.error_changed.emit(StepId.IMAGE, "")
        self._context.opening.start(OPEN, body, take)

    def use_layers(self, chosen: Sequence[ImageLayer] | None = None) -> None:
        """Take layers of the viewer as the image.

        Parameters
        ----------
        chosen
            One layer for each channel; by default those that :func:`image_layers` finds.
        """
        context = self._context
        try:
            dims = context.viewer.dims
            found = image_layers(context.viewer) if chosen is None else in_order(chosen)
            image = layers.read_layers(found, dims.point, dims.axis_labels)
            place = layers.place_shown(found, dims.point, dims.axis_labels)
        except InputError as error:
            context.error_changed.emit(StepId.IMAGE, str(error))
            return
        context.error_changed.emit(StepId.IMAGE, "")
        image = self._known.told_apart(image, found)
        self._layer_ids = [layer.unique_id for layer in found]
        self._taken, self.opened = True, ()
        context.session.fields.slices.pop(image.name, None)
        if place is not None:
            context.session.fields.slices[image.name] = place
        given = dict(zip(image.channel_names, image.channel_names, strict=True))
        named = context.session.roles.history.names_for(image.channel_names)
        if named:
            given |= named
            said = ", ".join(f"{old} is {new}" for old, new in named.items())
            note = f"Channels are named as you named them before: {said}."
            image = replace(image.rename(named), notes=(*image.notes, note))
        context.session.set_image(image, given)
        if paths := opened_paths(found):
            self._adopt(paths, image, named)

    def look_again(self) -> None:
        """Take layers that came since, while nothing was made of the image and they are of it.

        Several files come one by one, and napari may draw in between.
        """
        session, now = self._context.session, image_layers(self._context.viewer)
        if session.fields.image is None:
            if now and "dask.array" in sys.modules:
                self.use_layers()
            elif now:
                # It takes as long as all of the dock, which need not wait for it.
                self._context.opening.start(OPEN, load_arrays, lambda _: self.look_again())
            return
        known = {layer.unique_id for layer in self.shown_layers()}
        untouched = (
            self._taken
            and session.labels.current is None
            and session.result.current is None
            and not session.roles.chosen
        )
        if untouched and known and known < {layer.unique_id for layer in now}:
            self.use_layers(now)

    def outside(self) -> list[ImageLayer]:
        """Image layers of the viewer that are no part of the image."""
        if self._context.session.fields.image is None:
            return []
        every = all_image_layers(self._context.viewer)
        return [layer for layer in every if layer.unique_id not in self._layer_ids]

    def outside_in_words(self) -> str:
        """Which layers are no part of the image, and why; empty where all are."""
        image, outside = self._context.session.fields.image, self.outside()
        return outside_in_words(outside, image.shape[1:]) if image is not None and outside else ""

    def can_take_in(self) -> bool:
        """Whether a layer that is no part of the image could be."""
        image, shown = self._context.session.fields.image, self.shown_layers()
        return image is not None and bool(shown and self._fitting(image))

    def _fitting(self, image: Image) -> list[ImageLayer]:
        outside = [layer for layer in self.outside() if not layer.rgb]
        return [layer for layer in outside if size_of(layer) == image.shape[1:]]

    def take_in(self) -> None:
        """Make the layers that are no part of the image its channels too."""
        image = self._context.session.fields.image
        if image is not None:
            self.use_layers([*self.shown_layers(), *self._fitting(image)])

    def _adopt(self, paths: Sequence[str], image: Image, named: dict[str, str]) -> None:
        """Find the fields next to an image that napari opened, so that they can be turned to."""

        def body(_: threading.Event) -> Generator[str, None, tuple[ScanResult, Image | None]]:
            from napari_c3r.core.images import scan

            yield "looking at the names and headers"
            found = scan(list(paths))
            here = [files for files in found.images if files.name == image.name]
            return found, ReadOptions(named).read(here[0]) if here else None

        def take(looked: tuple[ScanResult, Image | None]) -> None:
            found, again = looked
            session = self._context.session
            # Layers may be some of the channels, or be called otherwise, since the user chose so.
            if (
                again is None
                or session.fields.image is None
                or session.fields.image.name != image.name
            ):
                return
            if again.channel_names == session.fields.image.channel_names:
                sources = found.sources(ReadOptions(named))
                index = [source.name for source in sources].index(image.name)
                size = None if session.result.current else again.pixel_size_um
                session.fields.adopt(sources, index, found.doubts, size)

        self._context.opening.start(OPEN, body, take)

    def shown_layers(self) -> list[ImageLayer]:
        """The layers that make up the image, those that are still in the viewer."""
        by_id = {layer.unique_id: layer for layer in self._context.viewer.layers}
        return [by_id[known] for known in self._layer_ids if known in by_id]

    def layers_in_words(self) -> str:
        """Which layers the image is made of."""
        image = self._context.session.fields.image
        if image is None:
            return ""
        shown = self.shown_layers()
        gone = len(self._layer_ids) - len(shown)
        names = ", ".join(layer.name for layer in shown)
        if not shown:
            return "Its layers are no longer in the viewer; what was read from them is kept."
        if len(shown) == 1 and len(image.channel_names) > 1:
            words = f"Made of the {len(image.channel_names)} planes of the layer {names}"
            return words + self._place_in_words(image)
        words = f"Made of the layer{'s' if len(shown) > 1 else ''} {names}"
        if gone:
            words += f"; {gone} of its layers are no longer in the viewer, their pixels are kept"
        return words + self._place_in_words(image)

    def _place_in_words(self, image: Image) -> str:
        place = self._context.session.fields.slices.get(image.name)
        if place is None:
            return ""
        # Kept together where the line breaks.
        at = place.words.replace(" = ", "\u00a0=\u00a0")
        if place.holds(self._context.viewer.dims.point):
            return f" at {at}{times_left_out(place)}"
        return f" at {at}. The viewer shows another slice; “Use layers in viewer” takes that one."

    def pictures(self) -> list[layers.Picture]:
        """Thumbnails-to-be of all channels, in the colours and contrast of the viewer."""
        image = self._context.session.fields.image
        if image is None:
            return []
        shown = self.shown_layers()
        fit = len(shown) == len(image.channel_names)
        by_name = dict(zip(image.channel_names, shown, strict=True)) if fit else {}
        return layers.pictures(image, appearances_of(by_name, image.channel_names))

    def _add_layers(self, described: Sequence[Any]) -> list[Layer]:
        from napari.layers import Image as ImageLayer
        from napari.layers import Layer

        viewer = self._context.viewer
        added = [viewer.add_layer(Layer.create(*item)) for item in described]
        self._layer_ids = [la.unique_id for la in added if isinstance(la, ImageLayer)]
        self._taken = False
        return added

    def _remove_shown(self) -> None:
        """Take away the layers of the fields before; layers of the user's stay, out of sight."""
        viewer = self._context.viewer
        for layer in list(viewer.layers):
            if layer.unique_id in self._sample_ids:
                viewer.layers.remove(layer)
        for layer in self.shown_layers():
            if self._context.session.fields.sources:
                viewer.layers.remove(layer)
            else:
                layer.visible = False
        for name in layers.OURS:
            ours = layers.own_layer(viewer, name)
            if ours is not None:
                viewer.layers.remove(ours)

    def _exchange(self, described: Sequence[Any]) -> None:
        shown = self.shown_layers()
        if len(shown) != len(described):
            self._remove_shown()
            self._add_layers(described)
            return
        for layer, (plane, options, _) in zip(shown, described, strict=True):
            layer.data = plane
            layer.metadata = _metadata(options["metadata"][KEY], layer)
            if "scale" in options:
                layer.scale = options["scale"]


def _metadata(known: dict[str, Any], layer: ImageLayer) -> dict[str, Any]:
    """What is known of another field's channel, for the layer that shows it from now on."""
    rest = {name: value for name, value in known.items() if name != GAIN}
    return {KEY: rest | ({GAIN: own_gain(layer)} if is_own(layer) else {})}
