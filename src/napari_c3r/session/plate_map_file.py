"""The plate map of a session in its folder: as it was read, and what its columns mean."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_c3r.core.metadata.reading import read_metadata
from napari_c3r.core.metadata.roles import Design

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.core.metadata import PlateMap

NAME = "plate_map.csv"


@dataclass(frozen=True, eq=False)
class SavedPlateMap:
    """A plate map as a session keeps it, since its own file may change or go.

    Attributes
    ----------
    frame
        As it was read.
    design
        What its columns mean.
    path
        Where it was read from, None where that is not known.
    """

    frame: pd.DataFrame
    design: Design
    path: Path | None = None

    @classmethod
    def of(cls, plate_map: PlateMap) -> SavedPlateMap:
        """What is kept of a plate map in use."""
        return cls(plate_map.frame, plate_map.design, plate_map.path)

    def write(self, folder: Path) -> dict[str, Any]:
        """Write the table into a session's folder; gives the rest for its description."""
        with (folder / NAME).open("w", encoding="utf-8", newline="") as stream:
            # Said, so that no value is taken for a separator.
            stream.write("sep=,\n")
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(self.frame.columns)
            rows = self.frame.astype(object).where(self.frame.notna(), "")
            writer.writerows(rows.itertuples(index=False, name=None))
        path = None if self.path is None else str(self.path.resolve())
        return {"file": path, "design": self.design.to_dict()}

    @classmethod
    def read(cls, folder: Path, described: dict[str, Any]) -> SavedPlateMap:
        """Undo `write`."""
        path = described["file"]
        design = Design.from_dict(described["design"])
        return cls(read_metadata(folder / NAME), design, None if path is None else Path(path))
