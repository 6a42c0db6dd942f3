"""Each time point of a series as a field of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from napari_c3r.core.images.formats import open_file
from napari_c3r.core.images.image_files import ImageFiles
from napari_c3r.core.images.sources import FieldSource
from napari_c3r.core.images.stack import Stack


def count_times(files: ImageFiles, swap: str = "") -> int:
    """How many time points an image has, by its files' names or by one's header.

    Parameters
    ----------
    files
        From :func:`napari_c3r.find_images`.
    swap
        As for :func:`napari_c3r.read_image`.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    named = len({file.t for file in files.files})
    return named if named > 1 else int(_open_first(files).swapped(swap).data.shape[0])


def count_slices(files: ImageFiles) -> int:
    """How many Z slices an image has, as `count_times` counts times."""
    named = len({file.z for file in files.files} - {None})
    return named if named > 1 else int(_open_first(files).data.shape[2])


def _open_first(files: ImageFiles) -> Stack:
    one_channel = len(files.channel_names) > 1
    return open_file(files.files[0].path, files.scene or 0, one_channel=one_channel)


def at_each_time(sources: Iterable[FieldSource]) -> Iterator[FieldSource]:
    """The fields, with one for each time point where all of them are wanted.

    Labels may be repeated over time: each time is an image with a name of its own, which says the
    time from the second on (``"movie t=3"``), and its rows have the time in the column ``t``.

    Parameters
    ----------
    sources
        Fields, each to be read at one time or, where ``reading.times`` says so, at all.

    Raises
    ------
    InputError
        The header of a file that is to be read at all times cannot be read.
    """
    for source in sources:
        if source.reading.times == "one":
            yield source
            continue
        for t in range(count_times(source.files, source.reading.swap)):
            yield replace(source, reading=replace(source.reading, t=t, times="one"))
