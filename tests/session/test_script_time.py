"""A movie in the copied script: its frames, what became of Z, and the tracks of its cells."""

from __future__ import annotations

import runpy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_c3r as c3r
from napari_c3r.core.images import ReadOptions, scan
from napari_c3r.session import Cells, EmbeddingResult, Session, ids_by_image
from napari_c3r.session.file import labels_name
from napari_c3r.session.recipes import SavedFolder, recipe_of
from napari_c3r.session.script import python_script
from napari_c3r.session.tracks import set_tracks, tracks_of
from tests.core.explain.spy import ROLES, Spy, grid_of_cells

FRAMES = 3


class Movie:
    """Three frames of cells in two slices, the brighter one of which is chosen for one channel."""

    def __init__(self, folder):
        made, self.folder = grid_of_cells(), folder
        planes = np.asarray(made.image.data)[:, :102, :102]
        labels = made.cells[:102, :102]
        frames = [[planes + 10 * t, planes - 5 * t] for t in range(FRAMES)]
        about = {"axes": "TZCYX", "Channel": {"Name": list(ROLES.names)}}
        path = folder / "movie.ome.tif"
        tifffile.imwrite(path, np.float32(frames), metadata=about, photometric="minisblack")
        reading = ReadOptions(z="max,ER=mean", times="all")
        self.sources = scan(path).sources(reading)
        self.images = {source.name: source.read() for source in self.sources}
        self.cells, tables = [], []
        for number, (name, image) in enumerate(self.images.items()):
            kept = folder / labels_name(number)
            kept.parent.mkdir(exist_ok=True)
            tifffile.imwrite(kept, labels)
            self.cells.append(Cells(labels, int(labels.max()), name, "drawn"))
            tables.append(c3r.embed(image, labels, ROLES, encoder=Spy()))
        self.table = c3r.join_results(tables)

    def session(self):
        made = Session()
        made.set_fields(self.sources, 0, next(iter(self.images.values())))
        for cells in self.cells:
            made.labels.put(cells)
        made.labels.set_current(self.cells[0])
        ids = ids_by_image(self.cells)
        made.set_result(
            EmbeddingResult(self.table.copy(), ids, ROLES, "bundled", 1.0, True, self.images),
            self.cells,
        )
        return made

    def script(self, session):
        names = [source.name for source in self.sources]
        saved = SavedFolder(self.folder, names, ids_by_image(self.cells))
        return python_script(replace(recipe_of(session, saved), out="again.h5ad"))


@pytest.fixture(scope="module")
def movie(tmp_path_factory):
    return Movie(tmp_path_factory.mktemp("movie"))


def by_labels(table):
    return None


def by_hand(table):
    """Other numbers than the labels, and a cell at one time that is on no track."""
    given = table.obs[["image", "label"]].assign(track_id=700 - 3 * table.obs["label"])
    return given.iloc[1:]


@pytest.mark.parametrize("tracks", [by_labels, by_hand])
def test_frames_slices_and_tracks_are_those_of_the_window(movie, tracks, tmp_path, monkeypatch):
    session = movie.session()
    table = session.result.current.table
    assert sorted(set(table.obs["t"])) == list(range(FRAMES))
    set_tracks(session, tracks_of(table, tracks(table)), "labels")
    monkeypatch.setattr("napari_c3r.core.encoder.load_encoder", lambda source: Spy())
    monkeypatch.chdir(tmp_path)
    script = movie.script(session)
    assert ("DataFrame" in script) == (tracks is by_hand)
    (tmp_path / "again.py").write_text(script, "utf-8")
    runpy.run_path("again.py", run_name="__main__")
    found = c3r.read("again.h5ad")
    expected = session.result.current.table
    assert found.obs_names.tolist() == expected.obs_names.tolist()
    np.testing.assert_array_equal(found.X, expected.X)
    assert set(found.obs) == set(expected.obs)
    pd.testing.assert_series_equal(
        found.obs["track_id"].astype("Int64"), expected.obs["track_id"], check_names=False
    )
    assert expected.obs["track_id"].isna().sum() == (tracks is by_hand)
