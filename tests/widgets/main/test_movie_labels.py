"""A movie and its labels over time, opened, embedded at every time and followed, by clicks."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import tifffile

from napari_c3r.core.images import times
from napari_c3r.session import session_of
from napari_c3r.session.tracks import set_tracks, tracks_of
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.fields import labels, planes, take_labels

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]
FRAMES = 3


@pytest.fixture
def movie(dock, user, tmp_path, monkeypatch):
    """Three times of three channels, every time a field; where their headers were opened."""
    threads, opened = [], times.open_file

    def watched(*args, **kwargs):
        threads.append(threading.current_thread())
        return opened(*args, **kwargs)

    monkeypatch.setattr(times, "open_file", watched)
    path = tmp_path / "movie.ome.tif"
    told = {"axes": "TCYX", "TimeIncrement": 2, "TimeIncrementUnit": "min"}
    told["Channel"] = {"Name": ["DNA", "ER", "RNA"]}
    tifffile.imwrite(path, np.stack([planes(t) for t in range(FRAMES)]), metadata=told)
    dock.controller.open_paths([str(path)])
    user.wait_idle(dock)
    assert "3 times over 4 min" in dock.image.scan.title.text()
    user.click(dock.image.scan.all_times)
    assert dock.image.scan.load_button.text() == "Load 1 field at all times"
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    return threads


def test_labels_over_time_are_the_cells_of_every_time(viewer, dock, user, movie):
    assert movie
    assert threading.main_thread() not in movie
    first = labels()
    over_time = np.stack([np.where(first == t + 1, 0, first) for t in range(FRAMES)])
    viewer.add_labels(over_time, name="tracked")
    take_labels(dock, user)
    user.wait_idle(dock)
    session = session_of(viewer)
    assert not dock.steps[StepId.CELLS].reason.text()
    for t, source in enumerate(session.fields.sources):
        np.testing.assert_array_equal(session.labels.by_image[source.name].labels, over_time[t])

    # The slider that came with the layer goes with the field.
    dock.controller.images.show_field(2)
    user.wait_idle(dock)
    assert viewer.dims.current_step[0] == 2
    dock.controller.images.show_field(0)
    user.wait_idle(dock)

    user.choose(dock.embed.scope, "all 3 fields")
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    obs = session.result.current.table.obs
    expected = {t: set(np.unique(over_time[t]).tolist()) - {0} for t in range(FRAMES)}
    assert {t: set(rows["label"]) for t, rows in obs.groupby("t")} == expected
    assert (obs["time_s"] == 120 * obs["t"]).all()
    set_tracks(session, tracks_of(session.result.current.all_rows, None), "labels")
    assert (session.result.current.table.obs["track_id"] == obs["label"]).all()

    explorer = C3RExplorer(viewer)
    assert explorer.fields.name.text() == "1/3 · movie t=0"
    explorer.release()

    # Another layer takes their place, and can be undone at all times.
    viewer.add_labels(over_time * 2, name="other")
    dock.steps[StepId.CELLS].set_open(True)
    user.wait_idle(dock)
    user.choose(dock.cells.labels, "other")
    user.click(dock.cells.labels_button)
    user.wait_idle(dock)
    last = session.fields.sources[-1].name
    assert session.labels.by_image[last].labels.max() == 2 * over_time[-1].max()
    while session.history.undo_sentence.startswith("use the labels 'other'"):
        session.history.undo()
    for t, source in enumerate(session.fields.sources):
        np.testing.assert_array_equal(session.labels.by_image[source.name].labels, over_time[t])

    # Cells may come later than the movie begins.
    viewer.add_labels(over_time * [[[0]], [[1]], [[1]]], name="late")
    dock.steps[StepId.CELLS].set_open(True)
    user.wait_idle(dock)
    user.choose(dock.cells.labels, "late")
    user.click(dock.cells.labels_button)
    user.wait_idle(dock)
    assert session.labels.current.count == 0
    assert session.labels.by_image[last].count == 15


def test_labels_of_another_number_of_times_are_refused(viewer, dock, user, movie):
    viewer.add_labels(np.ones((FRAMES + 1, *labels().shape), int), name="longer")
    take_labels(dock, user)
    said = dock.steps[StepId.CELLS].reason.text()
    assert "'longer' have 3 axes" in said
    assert "or labels of all 3 time points" in said
