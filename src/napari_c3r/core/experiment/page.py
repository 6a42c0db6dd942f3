"""The report of an experiment as one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_c3r.core.experiment.result import ExperimentReport
from napari_c3r.core.experiment.words import p_text, sureness
from napari_c3r.core.profiles.distance import COLUMN as DISTANCE
from napari_c3r.core.report.page import Section, write_html

if TYPE_CHECKING:
    pass

TITLE: Final = "What differs from the controls"
_MOST_MEASURES: Final = 6

_HOW_TESTED: Final = (
    "What is compared are {noun}s, never cells: the cells of one {noun} share its pipetting, its "
    "place and its day. For every group, its {noun}s and the controls of the same plate exchange "
    "their labels, and the p-value is the share of such exchanges in which the mean profiles lie "
    "as far apart. It is corrected for the number of groups (Benjamini and Hochberg). Distance 1 "
    "is what chance gives. Mean average precision says how well the {noun}s of a group find each "
    "other among the controls, from 0 to 1."
)


def write_experiment(found: ExperimentReport, path: str | Path, *, title: str = "") -> Path:
    """Write what was found as one HTML page that needs no other file and no network.

    Parameters
    ----------
    found
        From `experiment_report`.
    path
        Ends in ``.html``.
    title
        Of the page.

    Raises
    ------
    InputError
        Another suffix, or a file that cannot be written.
    """
    path = Path(path)
    return write_html(title or TITLE, sections(found), path)


def sections(found: ExperimentReport) -> list[Section]:
    """Everything that the page says, in order; parts without content are left out."""
    parts = [
        Section("", (found.summary,)),
        _warnings(found),
        _groups(found),
        _curves(found),
        _measures(found),
        _positions(found),
        _confounds(found),
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
            "distance": _number(row.get("distance"), ".2f"),
            "p": p_text(row.get("p_value", np.nan)),
            "corrected p": p_text(row.get("adjusted_p_value", np.nan)),
            "differs": sureness(row.get("adjusted_p_value", np.nan)),
        }
        if "mean_average_precision" in groups:
            shown["mean average precision"] = _number(row["mean_average_precision"], ".2f")
            shown["its corrected p"] = p_text(row["activity_p_value"])
        rows.append(shown)
    table = pd.DataFrame(rows)
    if found.groups["n_plates"].max() == 1:
        table = table.drop(columns="plates")
    return Section(
        "Which differ, and how surely", (_HOW_TESTED.format(noun=found.noun),), table=table
    )


def _curves(found: ExperimentReport) -> Section | None:
    import pandas as pd

    if not len(found.curves):
        return None
    unit = f" ({found.design.dose_unit})" if found.design.dose_unit else ""
    rows = [
        {
            "treatment": row["treatment"],
            f"half-way at{unit}": _number(row["ec50"], ".3g"),
            "95 % interval": _interval(row["low"], row["high"]),
            "corrected p of a curve": p_text(row["adjusted_p_value"]),
            f"{found.noun}s": _number(row["n_wells"], ".0f"),
            "doses": _number(row["n_doses"], ".0f"),
        }
        for row in found.curves.to_dict("records")
    ]
    table = pd.DataFrame(rows)
    if found.design.treatment is None:
        table = table.drop(columns="treatment")
    return Section(
        "At which dose",
        (
            f"The distance of each {found.noun} to the controls of its plate (1: as far as a "
            "control) against the dose, with a four-parameter curve. Positive controls are left "
            "out of the curve. The p-value is of an F test of the curve against one mean.",
        ),
        table=table,
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
                    "corrected p": p_text(row["adjusted_p_value"]),
                }
            )
    words = (
        f"Measures of the cells, and shares of clusters, that are other than in the controls: "
        f"means of {found.noun}s, with Welch's t test on {found.noun}s, at most "
        f"{_MOST_MEASURES} a group. The effect is Hedges' g, in standard deviations between "
        f"{found.noun}s."
    )
    if not rows:
        return Section("What is other", (words, "None of them is certain by itself."))
    return Section("What is other", (words,), table=pd.DataFrame(rows))


def _positions(found: ExperimentReport) -> Section | None:
    import pandas as pd

    if not len(found.positions):
        return None
    rows = [
        {
            "place": row["place"],
            f"{found.noun}s there": _number(row["n_wells"], ".0f"),
            "distance": _number(row["distance"], ".2f"),
            "p": p_text(row["p_value"]),
            "corrected p": p_text(row["adjusted_p_value"]),
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
            "p": p_text(each.p),
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
    table = pd.DataFrame({name: obs[name].astype(str).to_numpy() for name in found.by})
    table["group"] = obs["group"].astype(object).where(obs["group"].notna(), None).to_numpy()
    table["cells"] = [_number(value, ".0f") for value in obs["n_cells"]]
    if DISTANCE in obs:
        table["distance to controls"] = [_number(value, ".2f") for value in obs[DISTANCE]]
    return Section(f"All {found.noun}s", table=table)


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


def _interval(low: float, high: float) -> str:
    return f"{_number(low, '.3g')} to {'∞' if np.isinf(high) else _number(high, '.3g')}"


def _number(value: Any, how: str) -> str:
    if value is None or value != value:
        return "–"
    return format(value, how).replace("-", "−")
