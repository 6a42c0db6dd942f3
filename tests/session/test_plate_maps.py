"""The plate map of a session: in every result of its fields, and in no other; undone and redone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import FieldSource, Image, ImageFiles
from napari_c3r.core.metadata import Design, PlateMap, design_of, match_of
from napari_c3r.core.table.result import make_result
from napari_c3r.session import Cells, EmbeddingResult, Part, Session

ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept"})
WELLS = ("A01", "A02")


def sources(plate="p"):
    return [FieldSource(ImageFiles(f"{plate}_{w}", (), plate, w, "1")) for w in WELLS]


def image(plate="p", well="A01"):
    pixels = np.zeros((2, 4, 4), np.uint16)
    return Image.from_array(pixels, ROLES.names, name=f"{plate}_{well}")


def result(plate="p", wells=WELLS):
    names = [f"{plate}_{well}" for well in wells]
    obs = pd.DataFrame({"image": names, "label": 1, "y_px": 1.0, "x_px": 1.0, "well": wells})
    table = make_result(obs, np.ones((len(wells), 2), np.float32), [("RNA", "cls")] * 2, {})
    cells = [Cells(np.ones((4, 4), int), 1, name, "drawn") for name in names]
    made = EmbeddingResult(table, {c.image_name: c.id for c in cells}, ROLES, "e", 1.0, True)
    return made, cells


def plate_map(drugs, plate="p"):
    frame = pd.DataFrame({"well": WELLS, "drug": drugs}, dtype=object)
    return PlateMap.fitted(frame, [source.files for source in sources(plate)])


@pytest.fixture
def session():
    made = Session()
    made.set_fields(sources(), 0, image())
    return made


def drugs(session):
    table = session.result.current.table
    return table.obs["drug"].tolist() if "drug" in table.obs else None


def test_results_of_before_and_after_have_it(session):
    session.set_result(*result())
    parts = []
    session.changed.connect(lambda change: parts.append(change.part))
    session.set_plate_map(plate_map(["DMSO", "x"]), "use a plate map")
    assert drugs(session) == ["DMSO", "x"]
    assert parts == [Part.PLATE_MAP, Part.ANNOTATION]
    session.set_result(*result(wells=("A02",)))
    assert drugs(session) == ["x"]
    session.history.undo()
    assert drugs(session) == ["DMSO", "x"]


def test_it_is_undone_and_redone_with_its_meaning(session):
    session.set_result(*result())
    session.set_plate_map(plate_map(["DMSO", "x"]), "use a plate map")
    session.set_design(Design(treatment="drug", positive=("drug", "x")))
    assert design_of(session.result.current.table).positive == ("drug", "x")
    session.history.undo()
    assert design_of(session.result.current.table).negative == ("drug", "DMSO")
    session.history.undo()
    assert (drugs(session), session.plate_maps.current) == (None, None)
    assert match_of(session.result.current.table) is None
    session.history.redo()
    assert drugs(session) == ["DMSO", "x"]


def test_a_result_of_other_fields_keeps_what_was_said_of_its_own(session):
    session.set_result(*result())
    session.set_plate_map(plate_map(["DMSO", "x"]), "use a plate map")
    session.set_fields(sources("q"), 0, image("q"))
    assert session.plate_maps.current is None
    session.set_plate_map(plate_map(["y", "z"], "q"), "use another")
    assert drugs(session) == ["DMSO", "x"]
    session.history.undo()
    session.history.undo()
    assert (drugs(session), session.plate_maps.current) == (["DMSO", "x"], None)


def test_hidden_rows_have_it_too_and_a_new_map_keeps_it(session):
    from napari_c3r.core.cells.filters import CellFilter

    made, cells = result()
    made.table.obs["touches_border"] = [True, False]
    session.set_result(made, cells)
    session.set_filter(CellFilter(border=True))
    session.set_plate_map(plate_map(["DMSO", "x"]), "use a plate map")
    assert drugs(session) == ["x"]
    assert session.result.current.all_rows.obs["drug"].tolist() == ["DMSO", "x"]
    session.set_filter(CellFilter())
    assert drugs(session) == ["DMSO", "x"]
    mapped = result()[0].table
    mapped.obsm["X_umap"] = np.zeros((2, 2), np.float32)
    session.result.set_mapped(mapped)
    assert drugs(session) == ["DMSO", "x"]
