"""Names learned from examples, and cells like others, in a table of a million cells."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from anndata import AnnData

from benchmarks._row import Row, seconds
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import Image
from napari_c3r.core.learn import learn, similar_cells
from napari_c3r.core.learn.examples import names_by_hand
from napari_c3r.session import Cells, EmbeddingResult, Session
from napari_c3r.session.suggestions import Learned

_CELLS, _TOY_CELLS = 1_000_000, 3_000
_FEW = 2_000
_EXAMPLES, _WIDTH, _FIELDS = 60, 384, 20
_SUGGEST_S, _LEARN_S, _SIMILAR_S, _ACCEPT_S = 2.0, 5.0, 2.0, 0.1


def table(cells: int) -> AnnData:
    """Two kinds of cells in 20 fields, 30 of each with a name."""
    rng = np.random.default_rng(0)
    kind = np.arange(cells) % 2
    vectors = rng.standard_normal((cells, _WIDTH), dtype=np.float32)
    vectors[:, :20] += 0.5 * kind[:, None]
    fields = [f"field {number}" for number in range(_FIELDS)]
    names = np.where(np.arange(cells) < _EXAMPLES, kind, -1)
    obs = pd.DataFrame(
        {
            "image": pd.Categorical.from_codes(np.arange(cells) // 2 % _FIELDS, fields),
            "label": np.arange(cells),
            "annotation": pd.Categorical.from_codes(names, ["one", "other"]),
        },
        index=np.arange(cells).astype(str),
    )
    made = AnnData(vectors, obs=obs)
    made.var["concept_channel"] = "RNA"
    return made


def suggested(table: AnnData) -> Session:
    """Suggestions for cells that all have a place in an image."""
    session, names = Session(), list(table.obs["image"].cat.categories)
    session.set_image(Image.from_array(np.zeros((1, 8, 8), np.uint8), ["DNA"], name=names[0]))
    for name in names:
        session.labels.put(Cells(np.zeros((8, 8), np.int32), len(table), name, ""))
    ids = {name: session.labels.by_image[name].id for name in names}
    roles = ChannelAssignment({"DNA": "both"})
    session.set_result(EmbeddingResult(table, ids, roles, "", 0.0, True))
    assert session.result.current is not None
    made_for = session.result.current.id
    session.suggestions.take(Learned(learn(table), made_for, names_by_hand(table)))
    return session


def rows(*, toy: bool = False) -> list[Row]:
    """Measure learning, suggesting and comparing."""
    many, few = table(_TOY_CELLS if toy else _CELLS), table(_FEW)
    like = np.arange(20)
    learned, both, similar = seconds(
        1 if toy else 3,
        lambda: learn(few),
        lambda: learn(many),
        lambda: similar_cells(many, like, 100),
        clock=time.process_time,
    )
    what = f"{len(many):,} cells × {_WIDTH}"
    session = suggested(many)
    accepted = session.suggestions.acceptable(0.0)
    taken, undone = seconds(
        1 if toy else 3,
        lambda: session.suggestions.accept(accepted),
        session.history.undo,
        clock=time.thread_time,
    )
    return [
        _row(f"learning from {_EXAMPLES} examples, tests included", learned, _LEARN_S),
        _row(f"names suggested for {what}", max(both - learned, 0.0), _SUGGEST_S),
        _row(f"cells like 20 others among {what}", similar, _SIMILAR_S),
        _row(f"{len(accepted):,} suggestions accepted", taken, _ACCEPT_S),
        _row(f"{len(accepted):,} suggestions no longer accepted", undone, _ACCEPT_S),
    ]


def _row(name: str, taken: float, most: float) -> Row:
    return Row(name, f"{taken:.2f} s CPU", f"{most:g} s CPU at most", taken <= most)
