"""A process that keeps its work aside and is killed before it can save it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

CODE = """
import sys, time
from pathlib import Path
import numpy as np
import pandas as pd
import napari_c3r as c3r
from napari_c3r.core.images import FieldSource, Image, ImageFiles
from napari_c3r.core.table import make_result
from napari_c3r.session.file import SavedCells, SavedSession
from napari_c3r.session.unsaved import UnsavedWork

labels = np.zeros((40, 40), np.int32)
labels[2:12, 2:12], labels[22:32, 22:32] = 3, 7
obs = pd.DataFrame({"image": "field", "label": [3, 7], "y_px": [7.0, 27.0], "x_px": [7.0, 27.0]})
roles = c3r.ChannelAssignment({"DNA": "context", "RNA": "concept"})
facts = {"roles": roles.to_dict(), "map": {"seed": 0}, "encoder": {"name": "toy"},
         "images": {"name": ["field"], "crop_window_px": [15]}}
table = make_result(obs, np.eye(2, 4, dtype=np.float32), [("RNA", "cls")] * 4, facts)
image = Image.from_array(np.ones((2, 40, 40), np.uint16), ["DNA", "RNA"], 0.5, name="field")
saved = SavedSession([FieldSource(ImageFiles("field", ()))], 0, roles,
                     {"field": SavedCells(labels, origin="drawn")}, table)
work = UnsavedWork(Path(sys.argv[1]))
work.keep(saved, {"field": image}, "plate1")
print(work.folder, flush=True)
time.sleep(600)
"""


def die(root: Path) -> Path:
    """Keep work in a process, kill it, and return the folder that it left."""
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, str(root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    assert folder.is_dir()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return folder
