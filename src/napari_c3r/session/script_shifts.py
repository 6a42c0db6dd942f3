"""How far the diagnostics moved cells, as part of a script that asks the diagnostics again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.figures.montage_choice import moved_columns
from napari_c3r.session.script_code import ScriptPart

if TYPE_CHECKING:
    from napari_c3r.session.diagnoses import Diagnosis
    from napari_c3r.session.session import Session

_HOME: Final = "napari_c3r.core.diagnose"
EMBEDDED: Final = "embedded"
"""What a script calls the images with their labels, by name."""


def shift_parts(session: Session) -> list[ScriptPart]:
    """What adds these columns again; nothing where it cannot make each of them.

    The diagnostics are asked again of the rows that the script has, so they must have been asked
    of the rows that are shown, all of them be the script's, and be done with all of them.
    """
    result, found = session.result.current, session.diagnoses.current
    assert result is not None
    wanted = moved_columns(result.table)
    if not wanted or found is None or not found.options or found.cells_left:
        return []
    if found.result_id != result.id or result.unfiltered is not None:
        return []
    told = str(found.report.settings.get("cells", "")).rpartition(" of ")[2]
    if told != str(len(result.table)):
        return []
    variants = _variants(session, found, wanted)
    if len(variants) < len(wanted):
        return []
    lines = ["report = flip_report_of_table(", f"    cells_table, {EMBEDDED}, encoder=encoder,"]
    lines += [f"    {name}={value!r}," for name, value in _asking(session, found).items()]
    lines.append(")")
    lines += [f"add_shift(cells_table, report, {variant!r})" for variant in variants]
    imports = ((_HOME, "flip_report_of_table"), (_HOME, "add_shift"))
    return [ScriptPart("columns of the diagnostics", tuple(lines), imports)]


def _variants(session: Session, found: Diagnosis, wanted: list[str]) -> list[str]:
    """The variants whose columns are as they were found, in the order of the columns."""
    from napari_c3r.core.diagnose.shifts import shift_of

    result = session.result.current
    assert result is not None
    obs, by_column = result.table.obs, {}
    for name in found.report.neighbours_changed.columns:
        values = shift_of(found.report, str(name))
        by_column[str(values.name)] = str(name), values.reindex(obs.index)
    return [
        by_column[column][0]
        for column in wanted
        if column in by_column and by_column[column][1].equals(obs[column])
    ]


def _asking(session: Session, found: Diagnosis) -> dict[str, Any]:
    """Keywords of `flip_report_of_table`."""
    from napari_c3r.core.diagnose.registry import needs_single_channels, variant_sources

    result, options = session.result.current, found.options
    assert result is not None
    names = [str(name) for name in options["diagnostics"]]
    given: dict[str, Any] = {"kinds": tuple(map(str, variant_sources(names)))}
    if options["label_column"] is not None:
        given["label_column"] = options["label_column"]
    given |= {"max_cells": options["most_cells"], "seed": options["seed"]}
    if needs_single_channels(names):
        given["parity"] = True
    if result.options.device != RunOptions().device:
        given["device"] = result.options.device
    return given
