"""Names learned from examples, and cells like others, in a table of a million cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData

from benchmarks._row import Row, seconds
from napari_c3r.core.learn import learn, similar_cells

_CELLS, _TOY_CELLS = 1_000_000, 3_000
_FEW = 2_000
_EXAMPLES, _WIDTH, _FIELDS = 60, 384, 20
_SUGGEST_S, _LEARN_S, _SIMILAR_S = 2.0, 5.0, 2.0


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


def rows(*, toy: bool = False) -> list[Row]:
    """Measure learning, suggesting and comparing."""
    many, few = table(_TOY_CELLS if toy else _CELLS), table(_FEW)
    like = np.arange(20)
    learned, both, similar = seconds(
        1 if toy else 3,
        lambda: learn(few),
        lambda: learn(many),
        lambda: similar_cells(many, like, 100),
    )
    what = f"{len(many):,} cells × {_WIDTH}"
    return [
        _row(f"learning from {_EXAMPLES} examples, tests included", learned, _LEARN_S),
        _row(f"names suggested for {what}", max(both - learned, 0.0), _SUGGEST_S),
        _row(f"cells like 20 others among {what}", similar, _SIMILAR_S),
    ]


def _row(name: str, taken: float, most: float) -> Row:
    return Row(name, f"{taken:.2f} s", f"{most:g} s at most", taken <= most)
