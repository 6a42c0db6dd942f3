from __future__ import annotations

from napari_c3r.core.doctor import report


def test_the_report_names_what_matters():
    text = report()
    for word in ("python: 3.", "torch: 2.", "devices: ", "cpu", "weights ", "CZI files: "):
        assert word in text
