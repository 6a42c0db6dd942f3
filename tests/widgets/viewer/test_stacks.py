"""Time series and stacks: the slice on show is the image, and no other slice's cells are its."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from napari.components import ViewerModel

from napari_c3r.core.cells.measure import measure_cells
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError
from napari_c3r.core.table import make_result
from napari_c3r.session import Cells, EmbeddingResult, ids_by_image, session_of
from napari_c3r.widgets.viewer import layers
from napari_c3r.widgets.viewer.gathering import image_layers
from napari_c3r.widgets.viewer.linking import link_of
from napari_c3r.widgets.viewer.stacks import label_plane, plane_of

T, C, SIDE = 5, 2, 12
ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept"})


def movie(seed=0, shape=(T, C, SIDE, SIDE)):
    return np.random.default_rng(seed).integers(0, 4000, shape).astype(np.uint16)


def cells_over_time(seed=0):
    """(T, Y, X): the same few labels at every time, each time elsewhere."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((T, SIDE, SIDE), np.int32)
    for plane in labels:
        for label in (2, 9, 40):
            y, x = rng.integers(0, SIDE - 4, 2)
            plane[y : y + 4, x : x + 4] = label
    return labels


def read(viewer):
    found, dims = image_layers(viewer), viewer.dims
    image = layers.read_layers(found, dims.point, dims.axis_labels)
    return image, layers.place_shown(found, dims.point, dims.axis_labels)


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("named", ["layer", "viewer", "not"])
def test_of_a_movie_with_channels_the_time_on_show_is_the_image(viewer, named, lazy):
    pixels = movie()
    axes = {"axis_labels": ("t", "c", "y", "x")} if named == "layer" else {}
    data = da.from_array(pixels, chunks=(1, 1, SIDE, SIDE)) if lazy else pixels
    viewer.add_image(data, name="movie", scale=(30, 1, 0.5, 0.5), **axes)
    if named == "viewer":
        viewer.dims.axis_labels = ("Time", "c", "y", "x")
    viewer.dims.set_current_step((0, 1), (3, 1))
    image, place = read(viewer)
    axis = "slice" if named == "not" else "t"
    np.testing.assert_array_equal(image.data, pixels[3])
    assert image.channel_names == ("movie 1", "movie 2")
    assert (image.name, image.position) == (f"movie {axis}=3", ((axis, 3),))
    assert f"the slice shown, {axis} = 3, is used" in image.notes[-2]
    assert (place.start, place.step, place.length) == ((90.0, 0.0), (30.0, 1.0), (1, C))
    obs = measure_cells(image, np.ones((SIDE, SIDE), int)).obs
    assert obs[axis].tolist() == [3]


def test_of_a_movie_per_channel_every_layer_gives_the_same_time(viewer):
    pixels = movie()
    for number, name in enumerate(("DNA", "RNA")):
        viewer.add_image(pixels[:, number], name=name, axis_labels=("t", "y", "x"))
    viewer.dims.set_current_step(0, 2)
    image, place = read(viewer)
    np.testing.assert_array_equal(image.data, pixels[2])
    assert image.name == "DNA t=2"
    assert place.words == "t = 2"


def test_a_short_axis_with_a_name_is_not_taken_for_channels(viewer):
    pixels = movie(shape=(3, 4, SIDE, SIDE))
    viewer.add_image(pixels, name="a", axis_labels=("time", "z", "y", "x"))
    viewer.dims.set_current_step((0, 1), (1, 2))
    image, place = read(viewer)
    np.testing.assert_array_equal(image.data, pixels[1, 2][None])
    assert image.position == (("t", 1), ("z", 2))
    assert image.name == "a t=1, z=2"
    assert place.length == (1, 1)


def test_channels_may_come_first_and_two_nameless_axes_are_told_apart(viewer):
    pixels = movie(shape=(C, 9, 10, SIDE, SIDE))
    viewer.add_image(pixels, name="a", axis_labels=("channel", "-4", "-3", "y", "x"))
    viewer.dims.set_current_step((0, 1, 2), (1, 4, 6))
    image, _ = read(viewer)
    np.testing.assert_array_equal(image.data, pixels[:, 4, 6])
    assert image.position == (("slice", 4), ("slice_2", 6))


def test_channels_at_the_end_are_refused(viewer):
    pixels = np.moveaxis(movie(), 1, -1)
    viewer.add_image(pixels, name="last", axis_labels=("t", "y", "x", "c"), rgb=False)
    with pytest.raises(InputError, match="are x, c and not height and width"):
        read(viewer)


def test_a_layer_that_ends_before_the_time_on_show_is_refused(viewer):
    viewer.add_image(movie()[:, 0], name="DNA", axis_labels=("t", "y", "x"))
    viewer.add_image(movie()[:2, 1], name="RNA", axis_labels=("t", "y", "x"))
    viewer.dims.set_current_step(0, 3)
    with pytest.raises(InputError, match="'RNA' has no slice where the viewer is, t = 3"):
        read(viewer)


@pytest.mark.parametrize("seed", range(3))
def test_labels_are_those_of_the_image_s_time(viewer, seed):
    viewer.add_image(movie(), name="movie", axis_labels=("t", "c", "y", "x"), scale=(2, 1, 1, 1))
    time = int(np.random.default_rng(seed).integers(T))
    viewer.dims.set_current_step(0, time)
    _, place = read(viewer)
    truth = cells_over_time(seed)
    like_image = viewer.add_labels(truth[:, None], scale=(2, 1, 1, 1), name="a")
    without_channels = viewer.add_labels(truth, name="b")
    flat = viewer.add_labels(truth[time], name="c")
    # The slider may have gone elsewhere since.
    viewer.dims.set_current_step(0, (time + 1) % T)
    for layer in (like_image, without_channels, flat):
        np.testing.assert_array_equal(label_plane(layer, place), truth[time])


def test_labels_without_that_time_are_refused(viewer):
    viewer.add_image(movie()[:, 0], name="movie", axis_labels=("t", "y", "x"))
    viewer.dims.set_current_step(0, 4)
    _, place = read(viewer)
    short = viewer.add_labels(cells_over_time()[:3], name="mine")
    with pytest.raises(InputError, match="'mine' have no slice at t = 4"):
        label_plane(short, place)
    # An image without a slice cannot tell which one of the labels is meant.
    with pytest.raises(InputError, match="have 3 axes"):
        label_plane(short, None)


def test_our_layers_are_seen_at_their_time_only_and_over_every_channel(viewer):
    viewer.add_image(movie(), name="movie", axis_labels=("t", "c", "y", "x"), scale=(2, 1, 1, 1))
    viewer.dims.set_current_step(0, 3)
    _, place = read(viewer)
    labels = cells_over_time()[3]
    layer = layers.show_labels(viewer, layers.CELLS, labels.copy(), place=place)
    y, x = np.argwhere(labels > 0)[0]
    for time in range(T):
        for channel in range(C):
            viewer.dims.set_current_step((0, 1), (time, channel))
            seen = layer.get_value((2 * time, channel, y, x), world=True)
            assert bool(seen) == (time == 3)
    # What is painted in one channel is painted in all: a cell has no channel.
    layer.data_setitem((np.array([0]), np.array([1]), np.array([y]), np.array([x])), 77)
    assert plane_of(layer)[y, x] == 77
    assert (layer.data[0, :, y, x] == 77).all()
    layer.undo()
    np.testing.assert_array_equal(plane_of(layer), labels)
    # At another time it becomes another layer, and never two.
    viewer.dims.set_current_step(0, 1)
    _, other = read(viewer)
    again = layers.show_labels(viewer, layers.CELLS, labels.copy(), place=other)
    assert [la for la in viewer.layers if "C3R" in la.name] == [again]


class World:
    """A movie of which two times are embedded, with the same labels in both."""

    TIMES = (1, 3)

    def __init__(self, seed, *, per_channel):
        self.rng = np.random.default_rng(seed)
        self.truth = cells_over_time(seed)
        self.viewer = ViewerModel()
        self.session, self.link = session_of(self.viewer), link_of(self.viewer)
        pixels, self.per_channel = movie(seed), per_channel
        if per_channel:
            for number, name in enumerate(("DNA", "RNA")):
                self.viewer.add_image(
                    pixels[:, number], name=name, axis_labels=("t", "y", "x"), scale=(4, 0.5, 0.5)
                )
        else:
            self.viewer.add_image(
                pixels, name="DNA", axis_labels=("t", "c", "y", "x"), scale=(4, 1, 0.5, 0.5)
            )
        self.made, self.images, frames = {}, {}, []
        for time in self.TIMES:
            image = self.take(time)
            self.images[image.name] = image
            self.made[image.name] = Cells(self.truth[time], 3, image.name, "")
            frames.append(measure_cells(image, self.truth[time]).obs)
        self.obs = pd.concat(frames).sample(frac=1, random_state=seed % 1000)
        table = make_result(self.obs, np.zeros((len(self.obs), 1)), [("RNA", "cls")], {})
        table.obs["cluster"] = pd.Categorical(self.rng.choice(["0", "1"], len(table)))
        table.obsm["X_umap"] = np.zeros((len(table), 2), np.float32)
        self.obs = table.obs
        self.session.set_result(
            EmbeddingResult(
                table, ids_by_image(self.made.values()), ROLES, "", 0, True, self.images
            ),
            self.made.values(),
        )

    def take(self, time):
        """What "Use layers in viewer" does at a time."""
        self.viewer.dims.set_current_step(0, time)
        image, place = read(self.viewer)
        self.session.fields.slices[image.name] = place
        self.session.set_image(image)
        return image

    def row_of(self, time, label):
        here = (self.obs["t"] == time) & (self.obs["label"] == label)
        return int(np.flatnonzero(here)[0]) if label and here.any() else None

    def check(self, taken):
        """Every position gives the cell under it, and none where another time is on show."""
        for time, channel, y, x in self.rng.integers(0, (T, C, SIDE, SIDE), (60, 4)):
            before = (time * 4,) if self.per_channel else (time * 4, channel)
            found = self.link.row_at((*before, y / 2, x / 2))
            expected = self.row_of(time, self.truth[time, y, x]) if time == taken else None
            assert found == expected
        lit = layers.own_layer(self.viewer, layers.SELECTION)
        chosen = {
            row
            for row in np.flatnonzero(self.session.selection.mask)
            if self.obs["t"].iloc[row] == taken
        }
        if lit is not None:
            seen = {self.row_of(taken, v) for v in np.unique(self.truth[taken][plane_of(lit) > 0])}
            assert seen == chosen
        else:
            assert not chosen


@settings(deadline=None, max_examples=12, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 1 << 20),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, T - 1), st.integers(0, T - 1)), max_size=4),
)
def test_no_time_s_cells_are_another_s(seed, per_channel, moves):
    world = World(seed, per_channel=per_channel)
    world.session.selection.select(world.rng.random(len(world.obs)) < 0.5)
    world.check(World.TIMES[-1])
    for taken, shown in moves:
        world.take(taken)
        world.viewer.dims.set_current_step(0, shown)
        world.session.selection.select(world.rng.random(len(world.obs)) < 0.5)
        world.check(taken)
    clusters = layers.own_layer(world.viewer, layers.CLUSTERS)
    last = moves[-1][0] if moves else World.TIMES[-1]
    classes = plane_of(clusters)
    assert (classes[world.truth[last] == 0] == 0).all()
    assert bool(classes.any()) == (last in World.TIMES)


@pytest.mark.parametrize("per_channel", [True, False])
def test_centring_on_a_cell_goes_to_its_time(per_channel):
    world = World(4, per_channel=per_channel)
    world.viewer.dims.set_current_step(0, 0)
    row = world.row_of(World.TIMES[-1], 9)
    assert world.link.centre_on(row)
    assert world.viewer.dims.current_step[0] == World.TIMES[-1]
    centre = world.obs[["y_px", "x_px"]].iloc[row].to_numpy() / 2
    np.testing.assert_allclose(world.viewer.scene.camera.center[-2:], centre, atol=1e-6)
    # A cell of the time that is not the image is not gone to, rather than a wrong place.
    assert not world.link.centre_on(world.row_of(World.TIMES[0], 9))


def test_seen_in_space_no_position_is_a_cell():
    world = World(5, per_channel=True)
    time = World.TIMES[-1]
    y, x = np.argwhere(world.truth[time] == 9)[0]
    assert world.link.row_at((time * 4, y / 2, x / 2)) == world.row_of(time, 9)
    world.viewer.dims.ndisplay = 3
    assert world.link.row_at((time * 4, y / 2, x / 2)) is None
