"""``python -m napari_c3r`` is the command ``napari-c3r``."""

from __future__ import annotations

from napari_c3r.cli.app import main

main()
