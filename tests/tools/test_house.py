"""The counts of a small made-up checkout, each of which is known."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tools.house import COUNTS, House

ROOT = Path(__file__).resolve().parents[2]
WIDGETS = "src/napari_c3r/widgets"
FILES = {
    "src/napari_c3r/__init__.py": "",
    "src/napari_c3r/options.py": """
        class Options:
            device: str
            precision: str
            readout: str
            other: int

        def start(device, *, precision, batch_size): ...

        def two(device, precision): ...

        start(run.device, run.precision, batch_size=3)
        start(options)
    """,
    # A name is looked for where it is defined: past the package that passes it on.
    "src/napari_c3r/core/__init__.py": """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from napari_c3r.core.a import one
    """,
    "src/napari_c3r/core/a.py": """
        def one():
            from .b import two
    """,
    "src/napari_c3r/core/b.py": "from napari_c3r.core import one\n",
    "src/napari_c3r/core/c.py": """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from napari_c3r.core.d import D
    """,
    "src/napari_c3r/core/d.py": "from napari_c3r.core import c\n",
    "training/loop.py": "\n".join(f"x{n} = {n}" for n in range(401)),
    f"{WIDGETS}/__init__.py": "",
    f"{WIDGETS}/dock.py": """
        from typing import TYPE_CHECKING
        from napari_c3r.widgets.step import Step
        if TYPE_CHECKING:
            import napari_c3r.widgets.map.view

        def show(self, text, table):
            self.error_changed.emit(2, "")
            self.problem.emit(step, "")
            self.changed.emit(1)
            self.steps[4].show()
            self.steps[-1].show()
            text.startswith("The map")
            text.startswith(("C3R", "c3r"))
            return table.uns["napari_c3r"], table.uns.get("napari_c3r"), print("napari_c3r")
    """,
    f"{WIDGETS}/step.py": "rows = form(a, b)\n",
    f"{WIDGETS}/option_form.py": "rows = QFormLayout()\n",
    f"{WIDGETS}/map/view.py": "def long():\n" + "    pass\n" * 80,
    f"{WIDGETS}/map/points.py": "from napari_c3r.widgets.map import view\n",
    "tests/test_dock.py": "def test(): ...\n",
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("checkout")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(dedent(text).lstrip("\n"))
    return root


@pytest.mark.parametrize(
    ("name", "places"),
    [
        (
            "bundles of run settings",
            [f"src/napari_c3r/options.py:{line}" for line in (1, 7, 11)],
        ),
        ("entries of widgets", ["dock", "map", "option_form", "step"]),
        ("arrows between them", ["dock -> map", "dock -> step"]),
        ("import circles", ["src/napari_c3r/core/a.py <-> src/napari_c3r/core/b.py"]),
        ("sentences that decide", [f"{WIDGETS}/dock.py:12"]),
        ("steps called by number", [f"{WIDGETS}/dock.py:7", f"{WIDGETS}/dock.py:10"]),
        ("forms made by hand", [f"{WIDGETS}/step.py:1"]),
        ("metadata keys spelled out", [f"{WIDGETS}/dock.py:14", f"{WIDGETS}/dock.py:14"]),
        ("files over 400 lines", ["training/loop.py: 401"]),
        ("functions over 80 lines", [f"{WIDGETS}/map/view.py:1: long"]),
    ],
)
def test_every_place_is_found_and_no_other(checkout, name, places):
    assert sorted(COUNTS[name](House(checkout))) == sorted(places)


def test_files_of_few_lines_are_those_that_hold_something(checkout):
    short = [place.partition(":")[0] for place in COUNTS["files under 40 lines"](House(checkout))]
    assert f"{WIDGETS}/step.py" in short
    assert not {path for path in short if path.endswith("__init__.py")}
    assert "training/loop.py" not in short


def test_a_checkout_is_counted_from_the_shell(checkout):
    command = [sys.executable, "-m", "tools.house", str(checkout)]
    counted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    rows = dict(line.rsplit(maxsplit=1) for line in counted.splitlines())
    assert list(rows) == ["lines of src, training and tests", *COUNTS]
    assert rows["entries of widgets"] == "4"
    where = subprocess.run([*command, "--where"], cwd=ROOT, capture_output=True, text=True)
    assert "    dock -> map\n" in where.stdout
    text = [dedent(text).lstrip("\n") for text in FILES.values()]
    assert int(rows["lines of src, training and tests"]) == sum(len(t.splitlines()) for t in text)
