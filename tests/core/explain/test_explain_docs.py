"""What the pages on explaining cells and on time say runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.core.diagnose.small import small_encoder

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("why-here.md", lambda names: names["found"].map_of("DNA").above.shape),
        ("time-and-z.md", lambda names: names["cells"].obs["track_id"].notna().all()),
    ],
)
def test_the_python_of_a_page_runs(page, expected, monkeypatch, tmp_path):
    encoder = small_encoder(tmp_path)
    monkeypatch.setattr("napari_c3r.core.encoder.load_encoder", lambda: encoder)
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL):
        exec(compile(block, page, "exec"), names)
    assert expected(names)
