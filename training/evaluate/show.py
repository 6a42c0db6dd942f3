"""The table for people: Markdown for cards, and the terminal."""

from __future__ import annotations

import pandas as pd

from training.evaluate.table import NAMES


def to_markdown(table: pd.DataFrame) -> str:
    """Write a table in Markdown.

    Parameters
    ----------
    table
        From `training.evaluate.table.evaluate`. Numbers come with two digits, an interval in
        brackets, and nothing where there is no number.
    """
    shown = _as_text(table, "{} ({}–{})")
    lines = [list(shown.columns), ["---"] * len(NAMES) + ["---:"] * (shown.shape[1] - len(NAMES))]
    lines += shown.to_numpy().tolist()
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def print_table(table: pd.DataFrame) -> None:
    """Print a table to the terminal, one part for each task; intervals below their numbers."""
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        # Machines that only train need no more than numbers.
        print(to_markdown(table))
        return
    shown = _as_text(table, "{}\n{}–{}")
    rows = [" ".join(name for name in names if name) for names in shown[NAMES].to_numpy()]
    numbers = shown.drop(columns=NAMES)
    console = Console()
    for task in dict.fromkeys(str(name).split(" ")[0] for name in numbers):
        names = [str(name) for name in numbers if str(name).split(" ")[0] == task]
        printed = Table("", title=task, title_justify="left", padding=0)
        for name in names:
            heading = name.removeprefix(f"{task} ").replace(" ", "\n")
            printed.add_column(heading, justify="right", no_wrap=True)
        for row, values in zip(rows, numbers[names].to_numpy().tolist(), strict=True):
            printed.add_row(row, *values)
        console.print(printed)


def _as_text(table: pd.DataFrame, interval: str) -> pd.DataFrame:
    """Make text of numbers; those with an interval are joined with it, in the format given."""
    shown = table[NAMES].astype(str)
    for name in table.columns.drop(NAMES):
        if name.endswith((" low", " high")):
            continue
        shown[name] = table[name].map(_number)
        if f"{name} low" in table:
            ends = [table[f"{name} {end}"].map(_number) for end in ("low", "high")]
            shown[name] = [interval.format(*row) for row in zip(shown[name], *ends, strict=True)]
    return shown


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.2f}"
