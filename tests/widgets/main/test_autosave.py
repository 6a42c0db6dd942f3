"""Work is kept aside while it goes on, and offered again when its process was killed."""

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.session import session_of
from napari_c3r.session.file import read_session
from napari_c3r.session.unsaved import UnsavedWork
from napari_c3r.widgets.common import settings
from napari_c3r.widgets.main.autosave import discard_all
from tests.session.dying import die
from tests.widgets.fields import add_layers, planes, take_image, take_labels

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]


@pytest.fixture
def left():
    """What a process left that was killed, found by the dock that opens next."""
    return die(settings.unsaved_folder())


def test_a_dock_offers_the_last_work_and_goes_on_with_it(left, viewer, dock, user):
    user.until(dock.found.isVisible)
    assert dock.found.words.text().startswith("The last work was not saved: plate1, 2 cells, ")
    user.click(dock.found.open_button)
    user.wait_idle(dock)
    assert not dock.found.isVisible()
    session = session_of(viewer)
    assert session.result.current.table.obs["label"].tolist() == [3, 7]
    assert np.unique(session.labels.by_image["field"].labels).tolist() == [0, 3, 7]
    # It is not saved yet, so it is kept aside again.
    dock.autosave.keep()
    user.until(lambda: not dock.autosave.busy)
    assert read_session(dock.autosave.folder).result.obs["label"].tolist() == [3, 7]


def test_discarded_it_is_gone(left, dock, user):
    user.until(dock.found.isVisible)
    user.click(dock.found.discard_button)
    assert not dock.found.isVisible()
    assert not left.exists()


def test_work_is_kept_aside_when_there_is_some_and_forgotten_when_it_is_saved(
    viewer, dock, user, tmp_path, monkeypatch
):
    autosave = dock.autosave

    def refuse(*_):
        raise InputError("the disk is full")

    def kept():
        autosave.keep()
        user.until(lambda: not autosave.busy)
        return autosave.folder.is_dir()

    assert not dock.found.isVisible()
    add_layers(viewer, planes())
    take_image(dock, user)
    # An image alone is no work.
    assert not kept()
    take_labels(dock, user)
    assert kept()
    assert set(read_session(autosave.folder).cells) == {session_of(viewer).fields.image.name}
    written = autosave.folder.stat().st_mtime_ns
    assert kept()
    assert autosave.folder.stat().st_mtime_ns == written
    dock.controller.persistence.save(str(tmp_path / "mine.c3r"), dock.settings())
    user.wait_idle(dock)
    assert not autosave.folder.exists()
    assert not kept()
    session_of(viewer).roles.set_assignment(session_of(viewer).roles.assignment.flipped())
    assert kept()
    # What hinders it is said once, and it is tried again.
    heard = []
    dock.controller.notified.connect(heard.append)
    with monkeypatch.context() as hindered:
        hindered.setattr(UnsavedWork, "keep", refuse)
        for _ in range(2):
            session_of(viewer).roles.set_assignment(session_of(viewer).roles.assignment.flipped())
            kept()
    assert heard == ["Unsaved work is not kept aside: the disk is full"]
    written = autosave.folder.stat().st_mtime_ns
    assert kept()
    assert autosave.folder.stat().st_mtime_ns > written
    # Turned off, nothing is left behind.
    autosave.set_on(False)
    assert not autosave.folder.exists()
    session_of(viewer).roles.set_assignment(session_of(viewer).roles.assignment.flipped())
    assert not kept()
    autosave.set_on(True)
    assert kept()
    discard_all()
    assert not autosave.folder.exists()
