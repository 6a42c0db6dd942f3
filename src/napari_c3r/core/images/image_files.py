"""One image as its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PlaneFile:
    """One file of an image.

    Parameters
    ----------
    path
        The file, or an OME-Zarr folder.
    channel
        The channel in its name, or None when the file itself says.
    z, t
        Numbers in its name; ``z`` is None for a projection that the microscope made.
    """

    path: Path
    channel: str | None = None
    z: int | None = 0
    t: int = 0


@dataclass(frozen=True)
class ImageFiles:
    """One image as its files: what a folder holds can be listed without opening them.

    Parameters
    ----------
    name
        The image's identifier, different for every image of one listing.
    files
        Its files, channels in natural order.
    plate, well, site
        From the names, None when unknown.
    notes
        Sentences for the user.
    doubts
        Sentences on what the names may mean otherwise.
    scene
        Which scene of its file it is, None where the file has one.
    companions
        Further files that its pixels lie in, which are found by what `files` tell of them.
    """

    name: str
    files: tuple[PlaneFile, ...]
    plate: str | None = None
    well: str | None = None
    site: str | None = None
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    scene: int | None = None
    companions: tuple[Path, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files of the image."""
        return (*(file.path for file in self.files), *self.companions)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Channels that the file names tell, () when the files hold them."""
        return tuple(dict.fromkeys(f.channel for f in self.files if f.channel is not None))
