"""The same core from the shell."""

from __future__ import annotations

from collections.abc import Iterable


def main(arguments: Iterable[str] | None = None) -> None:
    """Run a command; 0 on success, 1 or 2 with one line on what went wrong."""
    from napari_c3r.cli.app import main

    main(arguments)
