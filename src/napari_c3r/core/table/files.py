"""Results to files and back, in the format of the file's suffix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_c3r.core.errors import InputError
from napari_c3r.core.paths import require_file
from napari_c3r.core.table.formats import format_of
from napari_c3r.core.table.provenance import require_readable
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData


def write(result: AnnData, path: str | Path) -> Path:
    """Write a result to a file, atomically, in the format of the file's suffix.

    Parameters
    ----------
    result
        From :func:`napari_c3r.embed`, with or without map and clusters.
    path
        ``.csv`` (the cells, then map and cluster, then the vectors; the provenance next to it
        as ``<name>.provenance.json``), ``.parquet``, ``.h5ad``, or the suffix of a format that
        was added with :func:`napari_c3r.core.table.register_format`.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        Another suffix, or a folder that cannot be written to.
    """
    path = Path(path)
    format_of(path).write(result, path)
    return path


def read(path: str | Path) -> AnnData:
    """Read a result that :func:`write` wrote.

    Parameters
    ----------
    path
        As for :func:`write`. A CSV without its provenance file is read too, with the roles
        then unknown.

    Returns
    -------
    AnnData
        With every number, name and role as it was.

    Raises
    ------
    InputError
        No such file, another suffix, a table that is not such a result, or one of a later
        version of this package.
    """
    path = Path(path)
    chosen = format_of(path)
    require_file(path)
    try:
        result = chosen.read(path)
    except InputError:
        raise
    # A damaged file may fail anywhere in a library's parser.
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"'{path}' cannot be read as a result ({reason}); export it again"
        ) from error
    require_readable(result.uns.get(KEY, {}), path.name)
    return result
