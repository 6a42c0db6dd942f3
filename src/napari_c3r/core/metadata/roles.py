"""What the columns of a plate map mean: treatment, dose, controls, replicate, batch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_c3r.core.metadata.join import DESIGN, match_of
from napari_c3r.core.options import option
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_WORDS = {
    "treatment": r"treatments?|compounds?|drugs?|perturbations?|chemicals?|sirnas?|sgrnas?|genes?|"
    r"pert_?iname|broad_sample|reagents?|conditions?|substances?|inhibitors?|molecules?|ligands?",
    "dose": r"doses?|concentrations?|conc|mmoles_per_liter|um|µm|nm|mm|ng/?ml|µg/?ml|ug/?ml",
    "control": r"controls?|ctrls?|control_type|is_control|pert_type|well_type|role|type",
    "replicate": r"replicates?|reps?|repeats?",
    "batch": r"batch(es)?|runs?|days?|experiments?|sessions?|plates?",
}
_UNIT = re.compile(
    r"(?:[\[(]|_)\s*(nM|[uµμ]M|mM|M|ng/ml|[uµμ]g/ml|mg/ml|%)\s*[\])]?$", re.IGNORECASE
)
# What is measured of a cell says nothing of what was done to it.
_MEASURED = re.compile(
    r"image|label|index|(y|x|area|nucleus_area|bbox_[yx][01]|crop_[yx])_(px|um2?)|.*_mean_.*"
)
_NEGATIVE = re.compile(
    r"dmso|vehicle|untreated|mock|water|pbs|media|medium|neg(ative)?[ _-]*(ctrl|con|control)?|"
    r"negcon|no[ _-]?(drug|treatment|compound)|scramble[d]?|non[ _-]?targeting|empty|control|ctrl",
    re.IGNORECASE,
)
_POSITIVE = re.compile(r"pos(itive)?[ _-]*(ctrl|con|control)?|poscon(_.*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Design:
    """Which columns say what was done.

    Attributes
    ----------
    treatment, dose, replicate, batch
        Names of columns, None where none says it.
    dose_unit
        Such as ``"µM"``, empty where it is not known.
    negative, positive
        Column and value of the controls, None where there are none.
    """

    treatment: str | None = option(
        None, "Treatment", "Column that says what was done to a well", unset="none says it"
    )
    dose: str | None = option(
        None, "Dose", "Column of numbers that says how much of it", unset="none says it"
    )
    dose_unit: str = option("", "Unit", "Unit of the dose, such as µM")
    negative: tuple[str, str] | None = option(
        None, "Controls", "Column and value of the negative controls", unset="there are none"
    )
    positive: tuple[str, str] | None = option(
        None, "Positive", "Column and value of the positive controls", unset="there are none"
    )
    replicate: str | None = option(
        None, "Replicate", "Column that numbers the repeats of a well", unset="none says it"
    )
    batch: str | None = option(
        None, "Batch", "Column of what was made together, such as a day", unset="none says it"
    )

    def to_dict(self) -> dict[str, Any]:
        """What is known of the design, as plain values that every table format keeps."""
        facts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in facts.items()
            if value
        }

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names, each once."""
        named = (self.treatment, self.dose, self.replicate, self.batch)
        controls = (each[0] for each in (self.negative, self.positive) if each)
        return tuple(dict.fromkeys(name for name in (*named, *controls) if name))

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Design:
        """The design of what ``to_dict`` gave; what is not known stays None."""
        known = {name: facts[name] for name in cls.__dataclass_fields__ if name in facts}
        for name in ("negative", "positive"):
            if name in known:
                column, value = map(str, known[name])
                known[name] = column, value
        return cls(**known)


def design_of(table: AnnData) -> Design:
    """What the columns of a table mean: as it was chosen, else as names and values suggest."""
    facts = table.uns.get(KEY, {}).get(DESIGN)
    if facts is not None:
        return Design.from_dict(facts)
    match = match_of(table)
    return guess_design(table.obs, [n for n in match.columns if n in table.obs] if match else None)


def set_design(table: AnnData, design: Design) -> None:
    """Keep what the columns of a table mean, as a person chose it, in the table itself."""
    table.uns[KEY] = {**table.uns.get(KEY, {}), DESIGN: design.to_dict()}


def guess_design(obs: pd.DataFrame, columns: list[str] | None = None) -> Design:
    """Guess from names and values what columns mean.

    Parameters
    ----------
    obs
        One row per cell or well.
    columns
        Which to look at; all by default.

    Returns
    -------
    Design
        A guess for a person to change, never used without being shown.
    """
    names = [str(name) for name in (obs.columns if columns is None else columns)]
    names = [name for name in names if not _MEASURED.fullmatch(name)]
    dose = next(
        (name for name in names if _is_called(name, "dose") and _is_number(obs[name])), None
    )
    treatment = _called(names, "treatment")
    negative, positive = _controls(obs, names, treatment, dose)
    return Design(
        treatment=treatment,
        dose=dose,
        dose_unit=unit_in(dose) if dose else "",
        negative=negative,
        positive=positive,
        replicate=_called(names, "replicate"),
        batch=_called(names, "batch"),
    )


def unit_in(column: str) -> str:
    """The unit that the name of a column ends with: µM for ``Dose (uM)``; empty for none."""
    unit = _UNIT.search(column)
    return _tidy(unit[1]) if unit else ""


def _called(names: list[str], role: str) -> str | None:
    return next((name for name in names if _is_called(name, role)), None)


def _is_called(name: str, role: str) -> bool:
    plain = _UNIT.sub("", name.removeprefix("Metadata_")).strip()
    words = re.split(r"[\s_\-.()]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", plain).lower())
    whole = re.compile(_WORDS[role], re.IGNORECASE)
    return bool(whole.fullmatch(plain)) or any(whole.fullmatch(word) for word in words if word)


def _is_number(column: pd.Series) -> bool:
    import pandas as pd

    # Of a million rows only the different values are read as text.
    known = pd.Series(column.dropna().unique())
    known = known[known.astype(str).str.strip() != ""]
    return len(known) > 0 and bool(pd.to_numeric(known, errors="coerce").notna().all())


def _controls(
    obs: pd.DataFrame, names: list[str], treatment: str | None, dose: str | None
) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
    negative = positive = None
    said = [name for name in names if _is_called(name, "control")]
    for name in dict.fromkeys([*said, *([treatment] if treatment else [])]):
        for value in _texts(obs[name]):
            if negative is None and _NEGATIVE.fullmatch(value):
                negative = name, value
            if positive is None and _POSITIVE.fullmatch(value):
                positive = name, value
    for name in said:
        # Coded as -1 (negative), 0 (none), 1 (positive), or as yes and no.
        values = {value.lower() for value in _texts(obs[name])}
        if negative is None and values and values <= {"-1", "0", "1", "-1.0", "0.0", "1.0"}:
            low = next((value for value in ("-1", "-1.0") if value in values), None)
            high = next((value for value in ("1", "1.0") if value in values), None)
            negative = (name, low) if low else ((name, high) if high else None)
            positive = positive or ((name, high) if low and high else None)
        elif negative is None and values <= {"true", "false"} and "true" in values:
            negative = name, next(v for v in _texts(obs[name]) if v.lower() == "true")
    if negative is None and dose is not None:
        zero = next((value for value in _texts(obs[dose]) if _is_zero(value)), None)
        negative = (dose, zero) if zero is not None else None
    return negative, positive


def _texts(column: pd.Series) -> list[str]:
    return [str(value).strip() for value in column.dropna().unique()]


def _is_zero(value: str) -> bool:
    try:
        return float(value) == 0
    except ValueError:
        return False


def _tidy(unit: str) -> str:
    unit = unit.replace("u", "µ").replace("μ", "µ")
    return unit[:-1] + "M" if unit.lower().endswith("m") else unit
