"""How many held-out cells simple classifiers put into the right class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from training.evaluate.metrics import standardised
from training.paper_claims.embed import RIGHT

NEIGHBOURS: Final = 15
CLASSIFIERS: Final = ("kNN", "logistic")
REFITTED: Final = "refitted"
KEPT: Final = "kept"
MODES: Final = (REFITTED, KEPT)

Outcomes = dict[tuple[str, str, str], NDArray[np.bool_]]


def probe(
    vectors: Mapping[str, NDArray[np.floating]],
    labels: NDArray[np.str_],
    test: NDArray[np.bool_],
) -> Outcomes:
    """Fit classifiers on some cells and ask which of the others they put into the right class.

    Parameters
    ----------
    vectors
        ``(n, d)`` by the name of the assignment, `RIGHT` among them. NaN where a channel is absent.
    labels
        ``(n,)``.
    test
        ``(n,)``, True for held-out cells. Features are standardised on the others.

    Returns
    -------
    dict
        ``(number of held-out cells,)`` by assignment, mode and classifier. The classifier of mode
        `REFITTED` was fitted under the same assignment, as in the paper; that of mode `KEPT` under
        the right one, and takes the mean for what is absent.
    """
    outcomes: Outcomes = {}
    for name in CLASSIFIERS:
        like = vectors[RIGHT][~test]
        kept = _classifier(name).fit(standardised(like), labels[~test])
        for assignment, values in vectors.items():
            shown = np.nan_to_num(standardised(values[test], like))
            outcomes[assignment, KEPT, name] = kept.predict(shown) == labels[test]
            if assignment == RIGHT:
                outcomes[assignment, REFITTED, name] = outcomes[assignment, KEPT, name]
                continue
            present = values[:, ~np.isnan(values).any(axis=0)]
            fitted = _classifier(name).fit(standardised(present[~test]), labels[~test])
            shown = standardised(present[test], present[~test])
            outcomes[assignment, REFITTED, name] = fitted.predict(shown) == labels[test]
    return outcomes


def _classifier(name: str) -> KNeighborsClassifier | LogisticRegression:
    if name == "kNN":
        return KNeighborsClassifier(NEIGHBOURS)
    return LogisticRegression(C=0.1, class_weight="balanced", max_iter=5000)
