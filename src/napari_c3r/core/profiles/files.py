"""Profile tables on disk, as pycytominer, CellProfiler Analyst and scanpy read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_c3r.core.atomic import replacing
from napari_c3r.core.errors import ForeignTableError, InputError
from napari_c3r.core.guard import reading
from napari_c3r.core.profiles.frame import STEPS, as_profiles, to_profile_frame
from napari_c3r.core.table.files import read
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

SUFFIXES: Final = (".csv", ".parquet", ".h5ad")


def write_profiles(table: AnnData, path: str | Path) -> Path:
    """Write a profile table.

    Parameters
    ----------
    table
        From `aggregate` or what follows it.
    path
        ``.csv`` or ``.parquet``: what is known of a well as ``Metadata_…``, then the features.
        ``.h5ad``: as it is, for scanpy and anndata.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        Another suffix, or a folder that cannot be written to.
    """
    path = require_profile_path(path)
    with replacing(path) as temporary:
        if path.suffix.lower() == ".h5ad":
            stored = table.copy()
            stored.uns = {KEY: {STEPS: [_words(step) for step in table.uns[KEY].get(STEPS, [])]}}
            stored.write_h5ad(temporary, compression="gzip")
        elif path.suffix.lower() == ".parquet":
            _plain(to_profile_frame(table)).to_parquet(temporary, index=False)
        else:
            frame = _plain(to_profile_frame(table))
            frame.to_csv(temporary, index=False, lineterminator="\n")
    return path


def read_profiles(path: str | Path) -> AnnData:
    """Read a table of cells or wells of this package or of another tool.

    Parameters
    ----------
    path
        ``.csv``, ``.parquet`` or ``.h5ad``; a result of this package, or a profile table.

    Returns
    -------
    AnnData
        As `as_profiles` makes it.

    Raises
    ------
    InputError
        No such file, another suffix, a table without features, or one that is damaged.
    """
    path = require_profile_path(path)
    try:
        return as_profiles(read(path))
    except ForeignTableError:
        with reading(f"'{path}'"):
            return _of_another_tool(path)


def _of_another_tool(path: Path) -> AnnData:
    import pandas as pd

    if path.suffix.lower() == ".csv":
        return as_profiles(pd.read_csv(path, dtype=_as_text(path), float_precision="round_trip"))
    if path.suffix.lower() == ".parquet":
        return as_profiles(pd.read_parquet(path))
    from anndata import read_h5ad

    return as_profiles(read_h5ad(path))


def require_profile_path(path: str | Path) -> Path:
    """Refuse a name of another suffix than profile tables have."""
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"'{path}' has to end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    return path


def _as_text(path: Path) -> dict[Any, Any]:
    """Plates and wells are names, even where they look like numbers."""
    import pandas as pd

    names = pd.read_csv(path, nrows=0).columns
    texts = {"plate", "well", "site", "batch"}
    return {name: str for name in names if str(name).removeprefix("Metadata_").lower() in texts}


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Categories as the text that they stand for."""
    import pandas as pd

    return frame.apply(
        lambda one: one.astype(object) if isinstance(one.dtype, pd.CategoricalDtype) else one
    )


def _words(step: dict[str, Any]) -> str:
    settings = ", ".join(f"{k}={v}" for k, v in step.items() if k not in ("step", "notes"))
    return f"{step['step']}({settings})"
