"""How files are read: in words, and whether a result was made of them as they are read now."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import ReadOptions, scan
from napari_c3r.core.images.sources import FieldImages
from napari_c3r.core.table import make_result
from napari_c3r.session import Cells, EmbeddingResult, Outdated, Session
from napari_c3r.session.reading import Opened, differences, put_cells_back, record_reading


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A stack of three slices with two channels."""
    path = tmp_path_factory.mktemp("stack") / "stack.tif"
    pixels = np.random.default_rng(0).integers(0, 99, (3, 2, 16, 16)).astype(np.uint8)
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "ZCYX"})
    return scan(path)


def open_as(session, found, **reading):
    sources = found.sources(ReadOptions(**reading))
    session.set_fields(sources, 0, sources[0].read())
    return sources


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"z": "mean"}, "another Z"),
        ({"z": 1, "pixel_size_um": 0.5}, "another pixel size and Z"),
        ({"names": {"a": "b"}}, "another channel names"),
    ],
)
def test_what_is_read_otherwise_is_said(change, said):
    assert differences(ReadOptions(), ReadOptions(**change)) == said


@pytest.mark.parametrize("saved", [False, True])
@pytest.mark.parametrize(
    ("reading", "said"),
    [({"z": "mean"}, ("slice or time", "Z")), ({"pixel_size_um": 2.0}, ("pixel size",) * 2)],
)
def test_a_result_of_files_that_are_read_otherwise_is_out_of_date(found, saved, reading, said):
    session = Session()
    sources = open_as(session, found)
    image = session.fields.image
    session.roles.set_assignment(ChannelAssignment.suggest(image.channel_names))
    cells = Cells(np.ones((16, 16), np.int32), 1, image.name, "drawn")
    session.labels.set_current(cells)
    images = FieldImages(sources) if saved else {image.name: image}
    obs = pd.DataFrame({"image": [image.name], "label": [1], "y_px": [8.0], "x_px": [8.0]})
    table = make_result(obs, np.zeros((1, 2), np.float32), [("RNA", "cls")] * 2, {"notes": []})
    session.set_result(
        EmbeddingResult(
            table,
            {image.name: cells.id},
            session.roles.assignment,
            session.encoder,
            1.0,
            True,
            images,
        ),
        [cells],
    )
    assert session.result_outdated() is None
    before = Opened.of(session)
    assert before.cells == (cells,)
    open_as(session, found, **reading)
    record_reading(session, before, lambda opened: None)
    why = session.result_outdated()
    assert why.kind is Outdated.READING
    assert why.sentence == f"out of date: its files are read with another {said[saved]}"
    assert session.history.undo_sentence.startswith("read the files with another ")
    session.set_fields(before.sources, 0, before.sources[0].read())
    put_cells_back(session, before)
    assert session.result_outdated() is None


def test_only_other_reading_of_the_same_files_is_a_step(found, tmp_path):
    session = Session()
    loaded = []
    before = Opened.of(session)
    drawn = Cells(np.ones((16, 16), np.int32), 1, "stack", "drawn, edited")
    session.as_drawn = lambda: drawn
    open_as(session, found)
    record_reading(session, before, loaded.append)
    assert session.history.undo_sentence == ""
    session.labels.set_current(Cells(drawn.labels, 1, "stack", "drawn"))
    before = Opened.of(session)
    assert before.cells == (drawn,)
    open_as(session, found)
    record_reading(session, before, loaded.append)
    assert session.history.undo_sentence == ""
    open_as(session, found, z=1)
    record_reading(session, before, loaded.append)
    session.history.undo()
    assert loaded == [before]
    session.history.redo()
    assert loaded[1].sources[0].reading.z == 1
    # Other files: what was read otherwise is no step any more.
    source = session.fields.sources[0]
    other = tmp_path / "other.tif"
    tifffile.imwrite(other, np.zeros((2, 16, 16), np.uint8))
    open_as(session, scan(other))
    assert source.files.files[0].path != other
    assert session.history.undo_sentence == ""
