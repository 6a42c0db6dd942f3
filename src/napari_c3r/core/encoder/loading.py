"""Loading an encoder, and the one place that decides where it computes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from napari_c3r.core.errors import MissingPackageError

if TYPE_CHECKING:
    from napari_c3r.core.encoder.encoder import Encoder


def load_encoder(source: str | Path = "bundled") -> Encoder:
    """Load an encoder.

    Where PyTorch cannot be loaded into this process, as in a window on Windows whose libraries
    clash with its own, the encoder computes in a process of its own, with the same numbers but for
    rounding.

    Parameters
    ----------
    source
        ``"bundled"`` for the one that comes with the package (`napari_c3r.encoders` lists all that
        do), or the path of a model folder.

    Raises
    ------
    InputError
        If there is no model folder, or something in it is missing, damaged or unknown. The line
        names the file and says what to do.
    """
    if torch_problem():
        from napari_c3r.core.encoder.remote import RemoteEncoder

        return RemoteEncoder(source)
    from napari_c3r.core.encoder.local import LocalEncoder

    return LocalEncoder.load(source)


@cache
def torch_problem() -> str:
    """Why PyTorch cannot be loaded into this process, in one line; empty when it can.

    Asked once: a library that failed to load is not tried again.

    Raises
    ------
    MissingPackageError
        If it is not installed at all.
    """
    try:
        import torch  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name == "torch":
            raise MissingPackageError("torch", "Embedding") from error
        return _one_line(error)
    except (ImportError, OSError) as error:
        return _one_line(error)
    return ""


def _one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
