"""What was done after the cells were embedded, as parts of a script: in its order, to the cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.montage_choice import GATES, Choice
from napari_c3r.core.figures.tiles import COMPOSITE, EACH
from napari_c3r.core.gates import Chosen, Filter, Gate, Rule, column_of, in_order
from napari_c3r.core.joined.kept import joined_tables
from napari_c3r.core.joined.match import CHOSEN
from napari_c3r.core.reduce.edits import SplitOff, edits_of
from napari_c3r.core.table.annotate import ACCEPTED, COLUMN, name_column
from napari_c3r.core.table.flat import SUGGESTED
from napari_c3r.core.table.picked import cells_of_rows
from napari_c3r.core.table.result import KEY
from napari_c3r.session.gate_inputs import by_gates
from napari_c3r.session.in_view import cells_in_view
from napari_c3r.session.montage_view import MontageLook
from napari_c3r.session.script_code import (
    Import,
    ScriptPart,
    code_of,
    imports_of,
    picked_code,
)

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.session.session import Session

_PICKED: Final = ("napari_c3r.core.table.picked", "rows_of_cells")
_NAMING: Final = ("napari_c3r.core.table.annotate", "annotate")
_EDITS: Final = "napari_c3r.core.reduce.edits"
_GATE_HOME: Final = "napari_c3r.core.gates"

Names = Mapping[str, Mapping[str, Sequence[int]]]
"""By each name the cells that have it, as labels by image."""


def joined_parts(session: Session) -> list[ScriptPart]:
    """Tables of the user's own, joined again from their files.

    Raises
    ------
    InputError
        The file of one is not known, or not there as it was.
    """
    result, paths, parts = session.result.current, session.joined.paths, []
    assert result is not None
    for facts in joined_tables(result.all_rows):
        name = str(facts["name"])
        path = paths.get(name)
        if path is None or not path.is_file():
            where = "is in no file that is known" if path is None else f"is no more at {path}"
            raise InputError(f"The table '{name}' that was joined {where}; join it again")
        if path.stat().st_size != int(facts.get("size", path.stat().st_size)):
            raise InputError(f"The file {path} is not as it was when it was joined; join it again")
        keys = tuple(map(str, facts["keys"]))
        chosen = [str(each) for each in facts.get(CHOSEN, ())]
        columns = f", columns={chosen!r}" if chosen else ""
        line = f"c3r.join_table(cells_table, {str(path)!r}, on={keys!r}{columns})"
        parts.append(ScriptPart("joined tables", (line,)))
    return parts


def cluster_part(session: Session) -> ScriptPart | None:
    """What was done to clusters by hand, and how they were called; None where it was nothing."""
    facts = session.clusters.facts
    edits = edits_of(facts)
    if not edits:
        return None
    lines, imports = ["edit_clusters(", "    cells_table,"], {(_EDITS, "edit_clusters")}
    for edit in edits:
        imports |= imports_of(edit)
        if isinstance(edit, SplitOff):
            cells = {image: list(labels) for image, labels in edit.cells.items()}
            lines.append(f"    SplitOff({picked_code(cells, 1)}, {edit.how!r}),")
        else:
            lines.append(f"    {code_of(edit)},")
    return ScriptPart("clusters by hand", (*lines, ")"), tuple(imports))


def naming_parts(session: Session, table: AnnData) -> list[ScriptPart]:
    """Names given by hand, those suggested for other cells, and those accepted.

    Parameters
    ----------
    session
        With the result.
    table
        The rows that the script has.
    """
    given, accepted = names_in(table)
    facts = table.uns.get(KEY, {}).get("suggestion") if SUGGESTED in table.obs else None
    parts = []
    if facts is None:
        parts += _naming(given, "names")
    else:
        learned = _learned_names(facts)
        source = session.suggestions.columns
        if _same(learned, _learnable(session, table)):
            parts += [*_naming(given, "names"), *_used_gates(session, table, source)]
            parts.append(_suggesting(session, facts, source))
        else:
            said = "# The names as they were when others were learned from them."
            parts += _naming(learned, "names", said)
            parts.append(_suggesting(session, facts, (COLUMN,)))
            drop = f'cells_table.obs = cells_table.obs.drop(columns="{COLUMN}")'
            parts.append(ScriptPart("names", ("# The names as they are now.", drop)))
            parts += _naming(given, "names")
    if accepted:
        parts += _naming(accepted, "accepted names", is_accepted=True)
    return parts


def gate_parts(session: Session, table: AnnData, but: Sequence[str] = ()) -> list[ScriptPart]:
    """Gates, each by its rule where that finds its cells, else by its cells.

    Parameters
    ----------
    session
        With the gates.
    table
        The rows that the script has.
    but
        Names of gates that were made before.
    """
    words = by_gates(session.gates.all)
    # A rule in words may go by the columns of the others.
    ordered = in_order(sorted(session.gates.all, key=lambda gate: gate.name in words))
    return [_gate_part(session, table, gate) for gate in ordered if gate.name not in but]


def montage_lines(session: Session, images: str, labels: str) -> tuple[list[str], set[Import]]:
    """The montage as it is shown: of the same cells, in the colours of their stains."""
    look, selection = session.montage.look, session.selection
    result = session.result.current
    assert result is not None
    alike, plain = look.which == Choice.ALIKE, MontageLook()
    # A column or a channel that is not there counts for nothing.
    there = {*map(str, result.table.obs.columns), GATES}
    given: dict[str, Any] = {"by": look.by} if look.by in there else {}
    given |= {"which": str(look.which), "count": session.montage.count}
    shown = {COMPOSITE, EACH, *result.assignment.names}
    given |= {
        name: getattr(look, name)
        for name in ("show", "outlined", "dimmed")
        if getattr(look, name) != getattr(plain, name) and (name != "show" or look.show in shown)
    }
    lines, imports = ["c3r.montage("], set[Import]()
    lines.append(f"    cells_table, {images}, {labels},")
    opened = session.gates.opened
    if selection.mask.any() and not alike:
        imports.add(_PICKED)
        picked = picked_code(cells_of_rows(result.table, cells_in_view(session)), 1)
        lines.append(f"    among=rows_of_cells(cells_table, {picked}),")
    elif opened is not None:
        lines.append(f"    among={column_of(opened)!r},")
    if alike and selection.current is not None:
        lines.append(f"    like={selection.current},")
    lines.append("    " + ", ".join(f"{name}={value!r}" for name, value in given.items()) + ",")
    return [*lines, '    path="montage.png",', ")"], imports


def names_in(table: AnnData) -> tuple[Names, Names]:
    """The names that a person gave, and those that were suggested and accepted."""
    column, accepted = name_column(table), name_column(table, ACCEPTED)
    is_accepted = accepted.notna().to_numpy()
    return _names_of(table, column, ~is_accepted), _names_of(table, column, is_accepted)


def _names_of(table: AnnData, column: Any, rows: NDArray[np.bool_]) -> Names:
    codes = column.cat.codes.to_numpy()
    found = {}
    for code, name in enumerate(map(str, column.cat.categories)):
        here = (codes == code) & rows
        if here.any():
            found[name] = cells_of_rows(table, here)
    return found


def _naming(
    names: Names, what: str, said: str = "", *, is_accepted: bool = False
) -> list[ScriptPart]:
    lines = [said] if said else []
    ending = ", accepted=True" if is_accepted else ""
    for name, cells in names.items():
        lines.append(
            f"annotate(cells_table, rows_of_cells(cells_table, {picked_code(cells)}), "
            f"{name!r}{ending})"
        )
    return [ScriptPart(what, tuple(lines), (_PICKED, _NAMING))] if names else []


def _used_gates(session: Session, table: AnnData, source: Sequence[str]) -> list[ScriptPart]:
    gates = used_gates(session, source)
    return [_gate_part(session, table, gate, before_suggestions=True) for gate in gates]


def used_gates(session: Session, source: Sequence[str]) -> list[Gate]:
    """The gates that names are learned from, and those that they are made of, in their order."""
    gates = {gate.name: gate for gate in session.gates.all}
    wanted = [name for name in gates if column_of(name) in source]
    for name in wanted:
        wanted += [need for need in gates[name].needs if need not in wanted]
    return in_order([gates[name] for name in gates if name in wanted])


def gates_made_early(session: Session, table: AnnData) -> list[str]:
    """The names of the gates that the part on names makes already."""
    facts = table.uns.get(KEY, {}).get("suggestion") if SUGGESTED in table.obs else None
    if facts is None or not _same(_learned_names(facts), _learnable(session, table)):
        return []
    return [gate.name for gate in used_gates(session, session.suggestions.columns)]


def _suggesting(session: Session, facts: Mapping[str, Any], source: Sequence[str]) -> ScriptPart:
    options = session.suggestions.learned_with(facts)
    names = f", {list(source)!r}" if tuple(source) != (COLUMN,) else ""
    given = "".join(f", {name}={value!r}" for name, value in options.items())
    return ScriptPart("suggested names", (f"c3r.suggest_names(cells_table{names}{given})",))


def _learned_names(facts: Mapping[str, Any]) -> Names:
    """The examples that names were learned from, as provenance has them."""
    examples = facts["examples"]
    found: dict[str, dict[str, list[int]]] = {str(name): {} for name in facts["names"]}
    for image, label, name in zip(
        examples["image"], examples["label"], examples["name"], strict=True
    ):
        found[str(name)].setdefault(str(image), []).append(int(label))
    return found


def _learnable(session: Session, table: AnnData) -> Names:
    """The examples that would be learned from now."""
    from napari_c3r.core.learn.examples import examples_of

    columns = session.suggestions.columns
    try:
        found = examples_of(table, columns, seed=session.suggestions.options.seed)
    except InputError:
        return {}
    named = {}
    for code, name in enumerate(found.names):
        here = np.zeros(len(table), bool)
        here[found.rows[found.codes == code]] = True
        named[name] = cells_of_rows(table, here)
    return named


def _same(one: Names, other: Names) -> bool:
    def plain(names: Names) -> dict[str, set[tuple[str, int]]]:
        return {
            name: {(image, int(label)) for image, labels in cells.items() for label in labels}
            for name, cells in names.items()
        }

    return plain(one) == plain(other)


def _gate_part(
    session: Session, table: AnnData, gate: Gate, *, before_suggestions: bool = False
) -> ScriptPart:
    result = session.result.current
    assert result is not None
    rule, imports = gate.rule, {(_GATE_HOME, "add_gate")}
    imports |= {
        (_GATE_HOME, name) if module.startswith(_GATE_HOME) else (module, name)
        for module, name in imports_of(rule)
    }
    given = "" if gate.within is None else f", within={gate.within!r}"
    given += f", colour={gate.colour!r}"
    if not (before_suggestions and _goes_by_suggestions(rule)) and _finds_its_cells(session, gate):
        line = f"add_gate(cells_table, {gate.name!r}, {code_of(rule)}{given})"
        return ScriptPart("gates", (line,), tuple(imports))
    if not isinstance(rule, Chosen):
        rule = Chosen(f"chosen by: {rule.words(result.all_rows)}")
    mask = session.gates.mask(gate.name)
    if table is not result.table:
        mask = session.gates.state.masks[gate.name]
    cells = picked_code(cells_of_rows(table, mask))
    imports = {(_GATE_HOME, "add_gate"), (_GATE_HOME, "Chosen"), _PICKED}
    line = (
        f"add_gate(cells_table, {gate.name!r}, {code_of(rule)}{given}, "
        f"cells=rows_of_cells(cells_table, {cells}))"
    )
    return ScriptPart("gates", (line,), tuple(imports))


def _goes_by_suggestions(rule: Rule) -> bool:
    if isinstance(rule, Filter):
        return SUGGESTED in rule.expression.lower()
    return any(name.startswith(SUGGESTED) for name in rule.numbers or ())


def _finds_its_cells(session: Session, gate: Gate) -> bool:
    """Whether its rule, asked now, finds the cells that it holds."""
    result, state = session.result.current, session.gates.state
    assert result is not None
    try:
        found = gate.rule.mask(result.all_rows, state.masks)
    except InputError:
        return False
    within = found if gate.within is None else found & state.masks[gate.within]
    return bool(np.array_equal(within, state.masks[gate.name]))
