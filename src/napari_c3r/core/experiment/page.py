"""The report of an experiment as one page."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_c3r.core.errors import InputError
from napari_c3r.core.experiment.result import ExperimentReport
from napari_c3r.core.experiment.words import sureness
from napari_c3r.core.profiles.comparison import FEATURE, Quantity, compare
from napari_c3r.core.profiles.distance import COLUMN as DISTANCE
from napari_c3r.core.profiles.figures.bars import comparison_figure
from napari_c3r.core.profiles.figures.doses import dose_figure
from napari_c3r.core.profiles.figures.plate import plate_figure
from napari_c3r.core.profiles.figures.similarity import similarity_figure
from napari_c3r.core.profiles.plates import plate_values, plates_of
from napari_c3r.core.profiles.sentences import LEVEL, p_words
from napari_c3r.core.profiles.similarity import similarity
from napari_c3r.core.profiles.wells import control_wells, wells_of
from napari_c3r.core.report.page import Section, write_html

if TYPE_CHECKING:
    from napari_c3r.core.figures.drawing import Drawing

_PRECISION: Final = (
    "Mean average precision says how well the {noun}s of a group find each other among the "
    "controls, from 0 to 1."
)
TITLE: Final = "What differs from the controls"
_TITLE: Final = "distance to the controls"
_MOST_MEASURES: Final = 6
_MOST_PLATES: Final = 12

_HOW_TESTED: Final = (
    "What is compared are {noun}s, never cells: the cells of one {noun} share its pipetting, its "
    "place and its day. For every group, its {noun}s and the controls of the same plate exchange "
    "their labels, and the p-value is the share of such exchanges in which the mean profiles lie "
    "as far apart. It is corrected for the number of groups (Benjamini and Hochberg). The distance "
    "is the mean of the {noun}s; 1 is as far as a control."
)


def write_experiment(
    found: ExperimentReport, path: str | Path, *, title: str = "", more: Sequence[Section] = ()
) -> Path:
    """Write what was found as one HTML page that needs no other file and no network.

    Parameters
    ----------
    found
        From `experiment_report`.
    path
        Ends in ``.html``.
    title
        Of the page.
    more
        Further sections, as `explored` gives them.

    Raises
    ------
    InputError
        Another suffix, or a file that cannot be written.
    """
    path = Path(path)
    return write_html(title or TITLE, sections(found, more), path)


def sections(found: ExperimentReport, more: Sequence[Section] = ()) -> list[Section]:
    """Everything that the page says, in order; parts without content are left out."""
    parts = [
        Section("", (found.summary,)),
        _warnings(found),
        _groups(found),
        _curves(found),
        _measures(found),
        _shares(found),
        _resemblance(found),
        _positions(found),
        _confounds(found),
        *more,
        _wells(found),
        _settings(found),
    ]
    return [part for part in parts if part is not None]


def _warnings(found: ExperimentReport) -> Section | None:
    if not found.warnings and not found.notes:
        return None
    points = (*found.warnings, *found.notes)
    return Section("Before you believe it", points=tuple(f"{each.rstrip('.')}." for each in points))


def _groups(found: ExperimentReport) -> Section | None:
    import pandas as pd

    groups = found.groups
    if not len(groups):
        return None
    rows = []
    for row in groups.to_dict("records"):
        shown = {
            "group": row["group"],
            f"{found.noun}s": _number(row["n_wells"], ".0f"),
            "plates": _number(row["n_plates"], ".0f"),
            "controls": _number(row.get("n_controls"), ".0f"),
            f"cells a {found.noun}": _number(row["cells_per_well"], ".0f"),
            "distance": _number(row.get("distance_to_controls"), ".2f"),
            "p": _p(row.get("p_value", np.nan)),
            "corrected p": _p(row.get("adjusted_p_value", np.nan)),
            "differs": _sureness(row, found.noun),
        }
        if "mean_average_precision" in groups:
            shown["mean average precision"] = _number(row["mean_average_precision"], ".2f")
            shown["its corrected p"] = _p(row["activity_p_value"])
        rows.append(shown)
    told = (_HOW_TESTED, _PRECISION) if "mean_average_precision" in groups else (_HOW_TESTED,)
    table = pd.DataFrame(rows)
    if found.groups["n_plates"].max() == 1:
        table = table.drop(columns="plates")
    return Section(
        "Which differ, and how surely",
        tuple(words.format(noun=found.noun) for words in told),
        table=table,
        drawings=_distances(found),
    )


def _sureness(row: dict[Hashable, Any], noun: str) -> str:
    if row.get("least_p_value", 0.0) > LEVEL:
        return f"too few {noun}s"
    return sureness(row.get("adjusted_p_value", np.nan))


def _distances(found: ExperimentReport) -> tuple[str, ...]:
    """The wells of each group and their distance to the controls."""
    if found.grouping is None or DISTANCE not in found.wells.obs:
        return ()
    shown = compare(
        found.wells, found.places, Quantity(FEATURE, DISTANCE, _TITLE), found.grouping, found.design
    )
    why = "Which groups differ is tested on whole profiles, in the table"
    # A star of another test than the table's would be a second answer to one question.
    return (_svg(comparison_figure(replace(shown, tests=shown.tests.iloc[:0], untested=why))),)


def _curves(found: ExperimentReport) -> Section | None:
    import pandas as pd

    if found.curves is None:
        return None
    unit = f" ({found.design.dose_unit})" if found.design.dose_unit else ""
    rows = []
    for series in found.curves.series:
        row = {"treatment": series.name}
        if series.curve is not None:
            row |= {
                f"half-way at{unit}": _number(series.curve.ec50, ".3g"),
                "95 % interval": _interval(*series.curve.ec50_interval),
                "corrected p of a curve": _p(series.adjusted_p_value),
                f"{found.noun}s": _number(series.curve.n_wells, ".0f"),
                "doses": _number(series.curve.n_doses, ".0f"),
            }
        rows.append({**row, "no curve": series.reason})
    table = pd.DataFrame(rows)
    table = table.loc[:, (table != "").any()]
    return Section(
        "At which dose",
        (
            f"The distance of each {found.noun} to the controls of its plate (1: as far as a "
            "control) against the dose, with a four-parameter curve. Positive controls are left "
            "out of the curve.",
        ),
        table=table,
        drawings=(_svg(dose_figure(found.curves)),),
    )


def _measures(found: ExperimentReport) -> Section | None:
    import pandas as pd

    if not len(found.measures):
        return None
    rows = []
    for name, part in found.measures.groupby("group", observed=True, sort=False):
        certain = part[part["adjusted_p_value"] < found.settings["level"]]
        strongest = certain.reindex(certain["effect_size"].abs().sort_values().index[::-1])
        for row in strongest.head(_MOST_MEASURES).to_dict("records"):
            rows.append(
                {
                    "group": name,
                    "measure": row["value"],
                    "mean": _number(row["mean"], ".3g"),
                    "controls": _number(row["control_mean"], ".3g"),
                    "difference": (
                        f"{_number(row['difference'], '.3g')} "
                        f"({_interval(row['low'], row['high'])})"
                    ),
                    "effect (g)": _number(row["effect_size"], ".2g"),
                    "corrected p": _p(row["adjusted_p_value"]),
                }
            )
    words = (
        f"Measures of the cells that are other than in the controls: means of {found.noun}s, by "
        f"t tests on {found.noun}s, at most {_MOST_MEASURES} a group. The effect is Hedges' "
        f"g, in standard deviations between {found.noun}s."
    )
    if not rows:
        return Section("What changes in the cells", (words, "None of them is certain by itself."))
    return Section("What changes in the cells", (words,), table=pd.DataFrame(rows))


def _shares(found: ExperimentReport) -> Section | None:
    if found.shares is None:
        return None
    words = "Share of each cluster among the cells of a well, group by group."
    return Section(
        "Shares of clusters", (words,), drawings=(_svg(comparison_figure(found.shares)),)
    )


def _resemblance(found: ExperimentReport) -> Section | None:
    """Which of the groups that differ are alike."""
    if found.grouping is None or "differs" not in found.groups:
        return None
    names = found.groups["group"][found.groups["differs"]]
    used = control_wells(found.places, found.design) | found.wells.obs["group"].isin(names)
    some = found.wells[np.asarray(used, bool)].copy()
    try:
        shown = similarity(some, wells_of(some), found.grouping, found.design)
    except InputError:
        return None
    words = "The groups that differ, and how alike their profiles are."
    return Section("Which resemble which", (words,), drawings=(_svg(similarity_figure(shown)),))


def _positions(found: ExperimentReport) -> Section | None:
    import pandas as pd

    if not len(found.positions):
        return None
    rows = [
        {
            "place": row["place"],
            f"{found.noun}s there": _number(row["n_wells"], ".0f"),
            "distance": _number(row["distance"], ".2f"),
            "p": _p(row["p_value"]),
            "corrected p": _p(row["adjusted_p_value"]),
        }
        for row in found.positions.to_dict("records")
    ]
    return Section(
        "Does the place on the plate matter?",
        (
            f"{found.noun.capitalize()}s that had the same, on one plate, were compared by where "
            "they lie: on the edge or not, in one half or the other.",
        ),
        table=pd.DataFrame(rows),
        drawings=_plates(found),
    )


def _plates(found: ExperimentReport) -> tuple[str, ...]:
    """The distances as they lie on the first plates."""
    if DISTANCE not in found.wells.obs:
        return ()
    values = found.wells.obs[DISTANCE].to_numpy(float)
    controls = control_wells(found.places, found.design)
    return tuple(
        _svg(plate_figure(plate_values(found.places, values, plate, _TITLE, controls)))
        for plate in plates_of(found.places)[:_MOST_PLATES]
    )


def _confounds(found: ExperimentReport) -> Section | None:
    import pandas as pd

    if found.confounds is None:
        return None
    rows = [
        {
            "factor": each.factor,
            "explains": f"{max(each.explained, 0):.0%}",
            "by chance up to": f"{max(each.by_chance, 0):.0%}",
            "p": _p(each.p),
            "stands out": "yes" if each.stands_out else "no",
        }
        for each in found.confounds.results
    ]
    return Section(
        "What else tells cells apart",
        (
            "Asked of the cells of controls alone, where no treatment can be the reason: how much "
            "of the differences between cells each factor predicts for cells that were left out.",
        ),
        tuple(f"{each}." for each in (*found.confounds.sentences, *found.confounds.notes)),
        table=pd.DataFrame(rows) if rows else None,
    )


def _wells(found: ExperimentReport) -> Section:
    import pandas as pd

    obs = found.wells.obs
    table = pd.DataFrame({n: obs[n].astype(str).to_numpy() for n in found.places.columns})
    controls = control_wells(found.places, found.design)
    table["group"] = np.where(controls, "control", obs["group"].astype(object).fillna("–"))
    table["cells"] = [_number(value, ".0f") for value in obs["n_cells"]]
    if DISTANCE in obs:
        table["distance to controls"] = [_number(value, ".2f") for value in obs[DISTANCE]]
        table["p"] = [_p(value) for value in obs["p_value"]]
        table["corrected p"] = [_p(value) for value in obs["adjusted_p_value"]]
    words = (
        f"Each {found.noun} by itself: the p-value is of a t test that takes it for one more "
        f"control, corrected for the number of {found.noun}s. It says that this {found.noun} lies "
        "apart, not that replicates of it would."
    )
    return Section(f"All {found.noun}s", (words,) if DISTANCE in obs else (), table=table)


def _settings(found: ExperimentReport) -> Section:
    import pandas as pd

    rows = [(name, _told(value)) for name, value in found.settings.items()]
    return Section("Settings", table=pd.DataFrame(rows, columns=["setting", "value"]))


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_told(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return " = ".join(map(str, value))
    return str(value)


def _svg(drawing: Drawing) -> str:
    from napari_c3r.core.figures.drawing_files import svg

    return svg(drawing)


def _p(p_value: Any) -> str:
    """A p-value for a table."""
    return p_words(float(p_value)).removeprefix("= ").replace("not known", "–")


def _interval(low: float, high: float) -> str:
    return f"{_number(low, '.3g')} to {'∞' if np.isinf(high) else _number(high, '.3g')}"


def _number(value: Any, how: str) -> str:
    if value is None or value != value:
        return "–"
    return format(value, how).replace("-", "−")
