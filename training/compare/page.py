"""The comparison as a page in Markdown."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from training.compare.entries import Entry


def write_page(
    results: pd.DataFrame, cost: pd.DataFrame, entries: Mapping[str, Entry], budget: str
) -> str:
    """Write the tables.

    Parameters
    ----------
    results
        From `training.compare.run.Comparison.run`.
    cost
        From `training.compare.cost.measure`.
    entries
        By name, in the order of the rows.
    budget
        What each got, in a sentence.
    """
    parts = ["# Families of encoders compared", "", budget, ""]
    for task, found in results.groupby("task", sort=False):
        parts += [f"## Task: {task}", ""]
        metrics = [str(metric) for metric in found["metric"].dropna().unique() if metric]
        parts += _rows(["", *metrics])
        for name, entry in entries.items():
            mine = found[found["entry"] == name]
            refused = [str(why) for why in mine["refused"] if why]
            if refused:
                parts.append(f"| {entry.label} | {refused[0]} |" + " |" * (len(metrics) - 1))
                continue
            parts.append(_row([entry.label, *(_spread(mine, metric) for metric in metrics)]))
        parts.append("")
    parts += [
        "Mean over seeds ± standard deviation, in brackets the same of the untrained encoders.",
        "",
        "## Cost",
        "",
        "Milliseconds for a cell by the number of its channels, and times the cost of the least.",
        "",
    ]
    counts: list[int] = sorted(cost["channels"].unique().tolist())
    parts += _rows(["", *(f"{count} channel{'s' * (count > 1)}" for count in counts)])
    for name, entry in entries.items():
        taken = cost[cost["entry"] == name].set_index("channels")["seconds"]
        if taken.empty:
            continue
        seconds: list[float] = taken.reindex(counts).tolist()
        least = min((each for each in seconds if each == each), default=float("nan"))
        parts.append(_row([entry.label, *(_milliseconds(each, least) for each in seconds)]))
    return "\n".join(parts) + "\n"


def _spread(found: pd.DataFrame, metric: str) -> str:
    trained, untrained = (
        _mean(found.loc[(found["metric"] == metric) & (found["trained"] == state), "value"])
        for state in (True, False)
    )
    return f"{trained} ({untrained})"


def _mean(values: pd.Series[float]) -> str:
    if values.empty:
        return "–"
    spread = f" ± {values.std():.3f}" if len(values) > 1 else ""
    return f"{values.mean():.3f}{spread}"


def _milliseconds(seconds: float, least: float) -> str:
    return "refused" if seconds != seconds else f"{1000 * seconds:.1f} ({seconds / least:.1f}×)"


def _rows(names: list[str]) -> list[str]:
    return [_row(names), _row(["---", *("---:" for _ in names[1:])])]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
