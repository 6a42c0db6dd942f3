"""What importing the package adds to a bare Python."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks._row import Row

_MOST_SECONDS = 0.1


def rows() -> list[Row]:
    """Least seconds of three fresh interpreters, with and without the import."""

    def start(code: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - began

    bare = min(start("pass") for _ in range(5))
    added = min(start("import napari_c3r") for _ in range(5)) - bare
    return [
        Row(
            "import napari_c3r, beside a bare Python",
            f"+{added * 1000:.0f} ms",
            f"+{_MOST_SECONDS * 1000:.0f} ms at most",
            added <= _MOST_SECONDS,
        )
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
