"""The errors a user can cause, and the one line that reports them."""

from __future__ import annotations

from napari_c3r.core.text import readable


class InputError(ValueError):
    """A user's mistake, reported in one line: what is wrong, the value seen, what to do.

    The shell prints the line and exits with 2; a dock shows it next to the step that
    needs the user. Neither ever shows a traceback for it.

    Parameters
    ----------
    message
        The line. What is no character in it, such as bytes of a file's name, is escaped.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(readable(message))


class NoCellsError(InputError):
    """An image holds no cell: of many images, the others can still be embedded."""


class OutputError(InputError):
    """A result cannot be kept: the disk is full, or its folder is closed or gone.

    Of many images, none can be kept any more, so that it ends a run at once.
    """


class ForeignTableError(InputError):
    """A table that another tool made: whole, and no result of this package."""


class MissingPackageError(InputError):
    """An optional package is needed for what was requested.

    Parameters
    ----------
    package
        The package to install, as the package index spells it.
    purpose
        What it is needed for, completing "… needs the package …".
    """

    def __init__(self, package: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package '{package}', which is not installed: "
            f"pip install {package}"
        )
        self.package = package
