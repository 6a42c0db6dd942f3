"""Step 4 of a reopened session stands as the result was made; names of no result come back."""

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core import encoder as encoders
from napari_c3r.core.embed import EmbedDriver, FieldTask
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.session import Cells, EmbeddingResult, ids_by_image, session_of
from napari_c3r.session.file import read_session
from tests.widgets.fields import labels, write_plate

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]


@pytest.mark.parametrize("every", [True, False])
def test_the_scope_is_what_the_result_holds(viewer, dock, user, tmp_path, every):
    dock.controller.open_paths([str(write_plate(tmp_path / "plate", ("A01",), 2))])
    user.wait_idle(dock)
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    session, encoder = session_of(viewer), encoders.load_encoder()
    cells = {s.name: Cells(labels(), 16, s.name, "mine") for s in session.fields.sources}
    for each in cells.values():
        session.labels.put(each)
    session.labels.set_current(cells[session.fields.image.name])
    options = RunOptions(batch_size=4)

    def embedded(names):
        tasks = [FieldTask(name, sources[name].read(), labels=labels()) for name in names]
        run = EmbedDriver(tasks, session.roles.assignment, encoder, options)
        for _ in run.steps():
            pass
        ids = ids_by_image(cells[name] for name in names)
        roles, name = session.roles.assignment, encoder.name
        return EmbeddingResult(run.result(), ids, roles, name, 1, True, run.images, options=options)

    sources = {source.name: source for source in session.fields.sources}
    session.set_result(embedded(sources), cells.values())
    session.result.annotate(np.asarray(session.result.current.table.obs["label"] == 3), "one")
    if not every:
        # The other field's names are of no result now.
        session.set_result(embedded(["A01_s1"]), cells.values())
    dock.controller.persistence.save(str(tmp_path / "mine.c3r"), dock.settings())
    user.wait_idle(dock)
    assert read_session(tmp_path / "mine.c3r").names == {name: {3: "one"} for name in sources}
    dock.embed.scope.setCurrentIndex(int(not every))
    dock.embed.batch.setValue(0)
    dock.controller.open_paths([str(tmp_path / "mine.c3r")])
    user.wait_idle(dock)
    assert dock.embed.choice().every_field is every
    assert dock.embed.choice().options.batch_size == 4
    assert not session.history.undo_sentence
    session.set_result(embedded(sources), cells.values())
    assert (session.result.current.table.obs["annotation"] == "one").sum() == 2
