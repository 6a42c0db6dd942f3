"""What diagnostics found, as plain values and arrays for a file, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment, Role
from napari_c3r.core.diagnose.compare import Estimate
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.diagnose.flip_state import EmbeddedState, FlipState, SecondState
from napari_c3r.core.diagnose.registry import (
    Diagnostic,
    DiagnosticAnswers,
    DiagnosticResult,
    diagnostics,
)
from napari_c3r.core.diagnose.second import SecondVectors
from napari_c3r.core.diagnose.variants import Kind, Variant
from napari_c3r.core.diagnose.verdict import Grade, VariantResult, Verdict
from napari_c3r.core.errors import InputError
from napari_c3r.core.packing import Packing, Unpacking

FORMAT = 1
_ABSENT = "Its diagnostic is not here now; install what brought it"
_NOT_KEPT = "What it found is not kept in a session; run it again"
_KINDS: tuple[type, ...] = (
    *(FlipReport, VariantResult, Verdict, Estimate, Variant, SecondVectors),
    *(ChannelAssignment, Role, Kind, Grade, DiagnosticResult),
    *(FlipState, EmbeddedState, SecondState),
)


def pack_found(
    report: FlipReport,
    answers: DiagnosticAnswers,
    clusters: pd.Series | None = None,
    state: FlipState | None = None,
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Take apart what was found.

    Parameters
    ----------
    report
        On the cells.
    answers
        Of the diagnostics; one whose result says nothing of how to keep it is named as such.
    clusters
        Name of each cell's cluster.
    state
        What a run that was stopped has done.

    Returns
    -------
    facts, arrays
        Values as JSON has them, and what is too large for that.
    """
    reasons, asked = dict(answers.reasons), diagnostics(answers.results)
    packing = Packing([*_KINDS, *(kind for each in asked for kind in _kinds_of(each))])
    results = {}
    for each in asked:
        result = answers.results[each.name]
        try:
            if type(result) is not each.result:
                raise TypeError(f"{type(result).__name__} is not what it said")
            results[each.name] = packing.pack(result)
        # One from outside may hold anything; the others are kept without it.
        except TypeError:
            reasons[each.name] = _NOT_KEPT
    facts = {
        "format": FORMAT,
        "report": packing.pack(report),
        "results": results,
        "reasons": reasons,
        "clusters": packing.pack(clusters),
        "state": packing.pack(state),
    }
    return facts, packing.arrays


def unpack_found(
    facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> tuple[FlipReport, DiagnosticAnswers, pd.Series | None, FlipState | None]:
    """Undo :func:`pack_found`.

    Raises
    ------
    InputError
        It was kept by a later version, or is damaged.
    """
    version = facts.get("format")
    if version != FORMAT:
        raise InputError(
            f"they have format {version} and this version reads {FORMAT}, so they are left out; "
            "run them again"
        )
    here = {each.name: each for each in diagnostics()}
    kinds = (*_KINDS, *(kind for each in here.values() for kind in _kinds_of(each)))
    unpacking = Unpacking(arrays, kinds)
    try:
        reasons = {str(name): str(why) for name, why in facts["reasons"].items()}
        results = {name: held for name, held in facts["results"].items() if name in here}
        reasons |= dict.fromkeys(facts["results"].keys() - results.keys(), _ABSENT)
        report, clusters = (unpacking.unpack(facts[name]) for name in ("report", "clusters"))
        state = unpacking.unpack(facts.get("state"))
    except (KeyError, AttributeError) as error:
        raise InputError("they cannot be read, so they are left out; run them again") from error
    if not isinstance(report, FlipReport) or not isinstance(state, FlipState | None):
        raise InputError("they are no report, so they are left out; run them again")
    found = {name: unpacking.unpack(held) for name, held in results.items()}
    return report, DiagnosticAnswers(found, reasons), clusters, state


def _kinds_of(diagnostic: Diagnostic) -> tuple[type, ...]:
    return (diagnostic.result, *diagnostic.made_of)
