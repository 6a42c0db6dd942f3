"""The kinds of files that dialogs offer."""

from __future__ import annotations

from napari_c3r.core.table import table_formats


def table_filters() -> str:
    """Every format of results, as Qt's file dialogs want them: ``Table (*.csv);;…``."""
    return ";;".join(f"{each.label} (*{each.suffix})" for each in table_formats())
