"""What one image file holds: lazy pixels on fixed axes, and the names and sizes it states."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    import dask.array as da

MAX_UNNAMED_CHANNELS = 10
"""More planes than this on an axis without a name are taken as Z."""

COLOURS = ("red", "green", "blue")

_ORDER = "TCZYX"
_NAMELESS = "IQ"
_SWAPPABLE = "TCZ"


@dataclass(frozen=True, eq=False)
class Stack:
    """One scene of one file.

    Parameters
    ----------
    data
        Lazy pixels ``(T, C, Z, Y, X)``.
    channel_names
        The names that the file states, or () when it states none.
    pixel_size_um
        Side of a pixel in micrometres, or None.
    colour
        Whether the three channels are the red, green and blue of one picture.
    notes
        What had to be decided, as sentences for the user.
    times_s
        Seconds of each time point after the first, () when the file does not say them.
    z_step_um
        From one slice to the next in micrometres, or None.
    taken_s
        When a file of a single time was taken, in seconds of a clock that its neighbours share.
    """

    data: da.Array
    channel_names: tuple[str, ...] = ()
    pixel_size_um: float | None = None
    colour: bool = False
    notes: tuple[str, ...] = ()
    times_s: tuple[float, ...] = ()
    z_step_um: float | None = None
    taken_s: float | None = None

    def swapped(self, axes: str) -> Stack:
        """The same pixels with two axes exchanged.

        Parameters
        ----------
        axes
            Two letters among T, C and Z, or an empty string for none.
        """
        check_swap(axes)
        if not axes:
            return self
        first, second = (_ORDER.index(letter) for letter in axes)
        data = self.data.swapaxes(first, second)
        same = data.shape[1] == self.data.shape[1]
        return replace(
            self,
            data=data,
            channel_names=self.channel_names if same else (),
            colour=self.colour and same,
            notes=(f"Its axes {axes[0]} and {axes[1]} are exchanged, as was asked.",),
            # What was said of an axis goes for another one no more.
            times_s=() if "T" in axes else self.times_s,
            z_step_um=None if "Z" in axes else self.z_step_um,
        )


def check_swap(axes: str) -> None:
    """Refuse what is not two different letters among T, C and Z."""
    if axes and not (len(axes) == len(set(axes)) == 2 and set(axes) <= set(_SWAPPABLE)):
        raise InputError(f"swap is {axes!r}: give two of the letters T, C and Z, such as 'CZ'.")


def arrange(data: da.Array, axes: str, where: str) -> da.Array:
    """Bring lazy pixels to the axes ``(T, C, Z, Y, X)``.

    Parameters
    ----------
    data
        Pixels, one dimension per letter of ``axes``.
    axes
        Letters among ``TCZYX`` and ``S`` (samples of a pixel, taken as channels; beside
        channels, those of the first channel come first). Axes of length one may have any letter.
    where
        The file's name, for the message.

    Raises
    ------
    InputError
        If an axis longer than one has no place, or Y or X is absent.
    """
    import dask.array as da

    if "C" in axes and "S" in axes:
        channel, sample = axes.index("C"), axes.index("S")
        data = da.moveaxis(data, (channel, sample), (0, 1))
        data = data.reshape(-1, *data.shape[2:])
        axes = "C" + axes.replace("C", "").replace("S", "")
    axes = axes.replace("S", "C")
    for position in reversed(range(len(axes))):
        if axes[position] not in _ORDER and data.shape[position] == 1:
            data = data.squeeze(axis=position)
            axes = axes[:position] + axes[position + 1 :]
    if not set("YX") <= set(axes) <= set(_ORDER) or len(set(axes)) < len(axes):
        raise InputError(
            f"{where} has axes {axes!r} of lengths {data.shape}, which do not read as time, "
            "channel, Z, Y and X: save it as OME-TIFF or OME-Zarr with named axes."
        )
    missing = [axis for axis in _ORDER if axis not in axes]
    data = data[(None,) * len(missing)]
    axes = "".join(missing) + axes
    return data.transpose([axes.index(axis) for axis in _ORDER])


def name_axes(
    axes: str, shape: tuple[int, ...], where: str, one_channel: bool
) -> tuple[str, tuple[str, ...]]:
    """Decide what the axes without a name are.

    Up to ten unnamed planes are taken as separate pictures: channels when the file stands
    alone, time points when it is known to be one channel of several. More than ten are taken
    as Z. Of two unnamed axes the longer is Z.

    Parameters
    ----------
    axes, shape
        Axis letters, where ``I`` and ``Q`` mean unnamed, and their lengths.
    where
        The file's name, for the note.
    one_channel
        Whether the file is one channel of an image of several files.

    Returns
    -------
    axes, notes
        The letters with names filled in, and a note for each decision.
    """
    unnamed = [i for i, axis in enumerate(axes) if axis in _NAMELESS and shape[i] > 1]
    letters = list(axes)
    notes = []
    for position in sorted(unnamed, key=lambda i: shape[i]):
        few = shape[position] <= MAX_UNNAMED_CHANNELS
        letter = ("T" if one_channel else "C") if few else "Z"
        # Pages of several samples each have their channels in these.
        if letter in letters or (letter == "C" and "S" in letters):
            letter = "Z"
        letters[position] = letter
        kind = {"T": "time points", "C": "channels", "Z": "Z slices"}[letter]
        notes.append(
            f"{where} does not say what its {shape[position]} planes are: taken as {kind}."
        )
    return "".join(letters), tuple(notes)


def check_index(index: int, count: int, kind: str, where: str) -> None:
    """Refuse a scene, time point or slice that a file does not have.

    Parameters
    ----------
    index
        The one requested.
    count
        How many there are.
    kind
        What is counted, such as ``"scene"``.
    where
        The file's or image's name.
    """
    whole = isinstance(index, int) and not isinstance(index, bool)
    if not whole or not 0 <= index < count:
        choice = f"0 to {count - 1}" if count > 1 else "0"
        raise InputError(f"{where} has no {kind} {index!r}: choose {choice}.")


def stated_names(names: Iterable[str | None], n_channels: int) -> tuple[str, ...]:
    """Take the channel names that a file states, numbering those it leaves out.

    Parameters
    ----------
    names
        One per channel, perhaps empty.
    n_channels
        Number of channels of the pixels.

    Returns
    -------
    tuple of str
        One name per channel; () when the file states none, or another number of them.
    """
    stripped = [(name or "").strip() for name in names]
    if len(stripped) != n_channels or not any(stripped):
        return ()
    taken = set(stripped)
    named = []
    for number, name in enumerate(stripped, start=1):
        named.append(name or free_name(f"ch{number}", taken))
        taken.add(named[-1])
    return tuple(named)


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names of which no two are the same: ``DAPI``, ``DAPI (2)``; the first keeps its own."""
    taken = set(names)
    unique: list[str] = []
    for name in names:
        unique.append(free_name(name, taken) if name in unique else name)
        taken.add(unique[-1])
    return tuple(unique)


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, with a number from 2 in brackets where it is taken."""
    free, number = name, 2
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free
