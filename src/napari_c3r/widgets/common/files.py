"""The kinds of files that dialogs offer."""

from __future__ import annotations

from napari_c3r.core.table import table_formats


def table_filters() -> str:
    """Every format of results, as Qt's file dialogs want them: ``Table (*.csv);;…``."""
    return ";;".join(f"{each.label} (*{each.suffix})" for each in table_formats())


def with_suffix(path: str, kind: str) -> str:
    """The path, with the suffix of the chosen kind of file where it has none."""
    return path if "." in path.rpartition("/")[2] else path + kind.partition("*")[2].rstrip(")")
