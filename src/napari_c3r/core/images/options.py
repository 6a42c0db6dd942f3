"""How files are read, as far as the user may correct it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_c3r.core.channels import check_channel_names
from napari_c3r.core.options import Checked, option

if TYPE_CHECKING:
    from napari_c3r.core.images.image import Image
    from napari_c3r.core.images.image_files import ImageFiles


@dataclass(frozen=True)
class ReadOptions(Checked):
    """How the files of an image are found and read.

    Parameters
    ----------
    names
        New channel names by the names that the files give; those a file lacks are passed over.
    pixel_size_um
        In place of what the files say, in micrometres; None takes what they say.
    scene, t, z, swap
        As for :func:`napari_c3r.read_image`.
    pattern
        Regular expression for the files' names, as for :func:`napari_c3r.find_images`; empty
        where the usual layouts fit.
    times
        ``"one"``: the time point `t`. ``"all"``: each time point is a field of its own, called as
        ``"movie t=3"``; see :func:`napari_c3r.core.images.times.at_each_time`.
    """

    names: Mapping[str, str] = option(
        {}, "Channel names", "Rename channels before anything else: ch2=ER,ch5=DNA,…"
    )
    pixel_size_um: float | None = option(
        None,
        "Pixel size",
        "Side of a pixel, where the files do not say it, or say it wrongly",
        unit="µm",
        unset="as the files say",
        minimum=1e-5,
        maximum=1e5,
    )
    scene: int | None = option(
        None,
        "Scene",
        "The only scene to take of files that hold several",
        unset="each is a field of its own",
        minimum=0,
    )
    t: int = option(0, "Time point", "Time point", minimum=0)
    z: str | int = option(
        "max",
        "Z",
        "max, mean, focus, or a slice's number; for single channels: max,ER=focus",
        minimum=0,
        words_for=("max", "mean", "focus"),
        by_name=True,
    )
    swap: str = option("", "Axes", "Axes the files have the wrong way round: CZ, TC or TZ")
    pattern: str = option(
        "",
        "Name pattern",
        "Regular expression for file names, with groups such as channel; ignore means nothing",
    )
    times: str = option(
        "one",
        "Times",
        "Whether one time point is taken, or each as a field of its own",
        choices=("one", "all"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check_channel_names(list(self.names.values()))

    def read(self, files: ImageFiles, *, all_named: bool = False) -> Image:
        """Read an image; its pixels stay in the files.

        Parameters
        ----------
        files
            From :func:`napari_c3r.find_images`.
        all_named
            Refuse a new name for a channel that the files lack.

        Raises
        ------
        InputError
            As for :func:`napari_c3r.read_image`.
        """
        from napari_c3r.core.images.projection import by_file_names
        from napari_c3r.core.images.read import read_image

        image = read_image(
            files,
            scene=self.scene,
            t=self.t,
            z=by_file_names(self.z, self.names),
            swap=self.swap,
            pixel_size_um=self.pixel_size_um,
        )
        there = {o: n for o, n in self.names.items() if all_named or o in image.channel_names}
        return image.rename(there)

    def renamed(self, old: str, new: str) -> ReadOptions:
        """The same, with the channel now called ``old`` called ``new``."""
        first = next((name for name, now in self.names.items() if now == old), old)
        return replace(self, names={**self.names, first: new})
