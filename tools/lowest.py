"""The lowest versions that the package promises to work with, as constraints for pip."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_FLOOR = re.compile(r"([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?>=([0-9.]+)")


def lowest(requirements: Iterable[str]) -> list[str]:
    """Pin every requirement to its floor.

    Parameters
    ----------
    requirements
        Of the form ``name>=version``.

    Returns
    -------
    list of str
        ``name==version``, in the order given.

    Raises
    ------
    ValueError
        One has no floor, so that nobody can say what it works with.
    """
    pins = []
    for requirement in requirements:
        found = _FLOOR.fullmatch(requirement.replace(" ", ""))
        if found is None:
            raise ValueError(f"{requirement!r} has no lowest version: write name>=version")
        pins.append(f"{found[1]}=={found[2]}")
    return pins


def main(skipped: list[str]) -> None:
    """Print the pins of the package's own requirements but for those named."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for pin in lowest(project["dependencies"]):
        if pin.partition("==")[0] not in skipped:
            print(pin)


if __name__ == "__main__":
    main(sys.argv[1:])
