"""The findings of an experiment in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_c3r.core.experiment.result import ExperimentReport
from napari_c3r.core.figures.drawing import number_words
from napari_c3r.core.profiles.distance import COLUMN as DISTANCE
from napari_c3r.core.profiles.sentences import LEVEL, counted, p_words

if TYPE_CHECKING:
    import pandas as pd

_MOST: Final = 8
_SURENESS: Final = ((0.001, "very sure"), (0.01, "sure"), (LEVEL, "fairly sure"))


def sureness(adjusted: float) -> str:
    """How sure a difference is, in words, by its corrected p-value."""
    if not np.isfinite(adjusted):
        return "not tested"
    return next((words for bound, words in _SURENESS if adjusted < bound), "not shown")


def summary(found: ExperimentReport) -> str:
    """The paragraph that answers: which differ, at which dose, how surely."""
    groups, design = found.groups, found.design
    if design.negative is None:
        return (
            f"Nothing says which {found.noun}s are controls, so that nothing was compared with "
            "them. Say which column and value the controls have."
        )
    if found.grouping is None:
        return (
            f"Nothing says what was done to the {found.noun}s, so that nothing was compared. Say "
            "which columns are treatment and dose."
        )
    if not len(groups):
        return f"All {len(found.wells)} {found.noun}s are controls: there is nothing to compare."
    sentences = [_compared(found)]
    tested = groups[groups["p_value"].notna()]
    if not len(tested):
        return " ".join([*sentences, "None could be tested: no control is on their plates."])
    sentences += _hopeless(found) if _is_hopeless(tested) else _differing(found, tested)
    return " ".join(sentences)


def _compared(found: ExperimentReport) -> str:
    design, groups = found.design, found.groups
    assert design.negative is not None
    column, value = design.negative
    controls = int(groups["n_controls"].max())
    plate = found.places.plate
    plates = found.wells.obs[plate].nunique() if plate else 1
    where = f" on {plates} plates" if plates > 1 else ""
    wells = counted(int(groups["n_wells"].sum()), found.noun)
    by = "" if found.grouping is None else f" by {found.grouping.title}"
    return (
        f"{counted(len(groups), 'group')} of {wells}{by}{where} "
        f"{'was' if len(groups) == 1 else 'were'} compared with "
        f"{'up to ' if plates > 1 else ''}{counted(controls, 'control')} ({column} = {value})."
    )


def _is_hopeless(tested: pd.DataFrame) -> bool:
    return bool((tested["least_p_value"] > LEVEL).all())


def _hopeless(found: ExperimentReport) -> list[str]:
    """Say that no result could have been certain, and what was seen all the same."""
    tested = found.groups[found.groups["p_value"].notna()]
    least = float(tested["least_p_value"].min())
    most = int(tested["n_wells"].max())
    seen = ""
    if DISTANCE in tested:
        told = [
            f"{row['group']} ({row[DISTANCE]:.2g})"
            for row in tested.nlargest(_MOST, DISTANCE).to_dict("records")
        ]
        seen = (
            f" In this sample, as times as far from the controls as a control is: {_listed(told)}."
        )
    return [
        f"Nothing can be said with certainty: with {counted(most, found.noun)} each, the smallest "
        f"p-value that there could be is {least:.2g}. More {found.noun}s are needed, not more "
        f"cells: the cells of one {found.noun} share all that happened to it.{seen}"
    ]


def _differing(found: ExperimentReport, tested: pd.DataFrame) -> list[str]:
    """Those that differ, and those for which it was not shown."""
    differing = tested[tested["differs"]]
    rest = tested[~tested["differs"]]
    if not len(differing):
        said = ["None was shown to differ; that is no proof that they do nothing."]
        return said + _untold(found)
    if found.design.treatment is None or found.design.dose not in found.wells.obs:
        said = _flat(found, differing, tested)
    else:
        said = _by_treatment(found, differing, tested)
    if len(differing) > 1:
        said.append(f"Of all such findings, at most {100 * LEVEL:g} % are expected to be chance.")
    if len(rest):
        said.append(
            f"For {_listed(list(rest['group']))} no difference was shown, which is no proof that "
            "there is none."
        )
    return said + _untold(found)


def _flat(found: ExperimentReport, differing: pd.DataFrame, tested: pd.DataFrame) -> list[str]:
    """Doses of one series, or treatments without doses."""
    verb = "differs" if len(differing) == 1 else "differ"
    count = f"{len(differing)} of {len(tested)}" if len(differing) < len(tested) else "All"
    if found.design.treatment is None:
        controls = differing[differing["is_positive_control"]]
        said = [f"{count} {verb} from them{_with_positive(controls)}.", _lowest("", found, tested)]
        return [each for each in (*said, _curve("", found)) if each]
    named = [
        f"{row['group']}{' (the positive control)' if row['is_positive_control'] else ''} "
        f"({sureness(row['adjusted_p_value'])}, p {p_words(row['adjusted_p_value'])})"
        for row in differing.sort_values("adjusted_p_value", kind="stable").to_dict("records")
    ]
    return [f"{count} {verb} from them: {_listed(named)}."]


def _with_positive(controls: pd.DataFrame) -> str:
    if not len(controls):
        return ""
    return f", the positive control ({_listed(list(controls['group']))}) among them"


def _by_treatment(
    found: ExperimentReport, differing: pd.DataFrame, tested: pd.DataFrame
) -> list[str]:
    names = list(dict.fromkeys(differing.sort_values("adjusted_p_value")["treatment"]))
    total = tested["treatment"].nunique()
    verb = "differs" if len(names) == 1 else "differ"
    said = [
        f"{len(names)} of {counted(total, 'treatment')} {verb} from them at some dose: "
        f"{_listed(list(map(str, names)))}."
    ]
    for name in names[:_MOST]:
        mine = tested[tested["treatment"] == name]
        said.append(_lowest(f"{name}: ", found, mine))
        said.append(_curve(str(name), found))
    return [each for each in said if each]


def _lowest(lead: str, found: ExperimentReport, tested: pd.DataFrame) -> str:
    """From which dose on there is a difference."""
    import pandas as pd

    doses = pd.to_numeric(tested["dose"], errors="coerce")
    series = tested[doses.notna() & ~tested["is_positive_control"]].assign(at=doses)
    series = series.sort_values("at")
    differing = series[series["differs"]]
    if not len(differing):
        return ""
    first = differing.iloc[0]
    above = series[series["at"] > first["at"]]
    unit = found.design.dose_unit
    dose = f"{first['at']:g} {unit}".strip()
    sure = f"{sureness(first['adjusted_p_value'])}, p {p_words(first['adjusted_p_value'])}"
    start = lead or ""
    if not len(above):
        what = f"only the highest dose, {dose}, differs" if len(series) > 1 else f"{dose} differs"
        return _capital(f"{start}{what} ({sure}).")
    if above["differs"].all():
        return _capital(f"{start}from the dose {dose} on, every dose differs ({sure} at {dose}).")
    count = int(above["differs"].sum())
    lowest = f"{start}the lowest dose that differs is {dose} ({sure})"
    if not count:
        return _capital(f"{lowest}; no higher one does, which speaks for chance.")
    verb = "does" if count == 1 else "do"
    return _capital(f"{lowest}; of {len(above)} higher ones, {count} {verb}.")


def _curve(name: str, found: ExperimentReport) -> str:
    """Where the effect is half-way, if there is a curve."""
    series = () if found.curves is None else found.curves.series
    one = next((each for each in series if each.name == name), None)
    if one is None or one.curve is None or not one.adjusted_p_value < LEVEL:
        return ""
    unit = found.design.dose_unit
    half = f"{number_words(one.curve.ec50)} {unit}".strip()
    low, high = one.curve.ec50_interval
    interval = "which the doses do not bound"
    if np.isfinite(high) and high < 1e3 * one.doses.max():
        interval = f"95 % interval {number_words(low)} to {number_words(high)}"
    return (
        "The distance to the controls changes with the dose "
        f"(p {p_words(one.adjusted_p_value)}), half-way at {half} ({interval})."
    )


def _untold(found: ExperimentReport) -> list[str]:
    count = len(found.warnings)
    if not count:
        return []
    return [f"Read the {counted(count, 'warning') if count > 1 else 'warning'} below first."]


def _capital(text: str) -> str:
    return text[0].upper() + text[1:] if text.startswith(("only", "from", "the")) else text


def _listed(names: list[Any]) -> str:
    shown = list(map(str, names[:_MOST]))
    if len(names) > _MOST:
        return f"{', '.join(shown)} and {len(names) - _MOST} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
