"""What sets a group of cells apart, said in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.explain.words import all_ways, in_doubt, ways

if TYPE_CHECKING:
    from napari_c3r.core.explain.group_result import WhyGroup


def sentence(found: WhyGroup) -> str:
    """Which channel sets the group apart, how far, and where in the cells."""
    group = found.group[:1].upper() + found.group[1:]
    named = found.named
    if not named:
        most = found.ranked[0]
        return (
            f"No channel sets {found.group} apart from {found.compared} more than it does among "
            f"those: at most {most.channel}, {ways(most)}"
        )
    first = named[0]
    by = first.channel if found.is_clear else in_doubt(found)
    said = f"{group} is set apart from {found.compared} by {by}: {all_ways(named)}"
    return f"{said}{_where(found, first.channel)}"


def _where(found: WhyGroup, channel: str) -> str:
    bands = [each for each in found.bands if each.channel == channel]
    sure = [each for each in bands if each.is_sure]
    if sure:
        most = max(sure, key=lambda each: each.back - each.usual)
        return f"; most at the {most.band}" if _is_place(most.band) else f"; most {most.band}"
    return "; no part of the cells does more than as many pixels anywhere" if bands else ""


def _is_place(band: str) -> bool:
    return band.startswith(("middle", "rim", "edge"))


def caption(found: WhyGroup) -> str:
    """How it was found out."""
    fill = "blurred" if found.settings.get("fill") == "blur" else "set to the background"
    return (
        f"{found.n_cells} cells of {found.group}, compared with {found.compared}. Channels: "
        "exchanged for those of the reference cells most like each, in every order; each bar is "
        "its share of the way from them (Shapley), in their standard deviations, with the 95 % "
        f"interval over cells; grey: the same among {found.n_usual} reference cells; p by "
        f"Welch's t-test, adjusted. Parts of the cells: {fill}; grey: the same in reference cells; "
        "tick: as many pixels of the cells at random. It says what the encoder looks at, not what "
        "made the cells look so."
    )
