"""What the name of a channel says about its stain.

One table serves the suggestion of roles, the presets and the colours of channels, so that
the three can never disagree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Stain(StrEnum):
    """Structures that fluorescence channels commonly show."""

    DNA = "dna"
    ER = "er"
    MICROTUBULES = "microtubules"
    RNA = "rna"
    AGP = "agp"
    ACTIN = "actin"
    GOLGI = "golgi"
    MEMBRANE = "membrane"
    MITO = "mito"
    LYSOSOME = "lysosome"
    PROTEIN = "protein"
    TRANSMITTED = "transmitted"


@dataclass(frozen=True)
class StainInfo:
    """How a stain is described, drawn and, by convention, used.

    Attributes
    ----------
    label
        Plain words for the user.
    structural
        True where the stain is by convention a structural reference (context).
    colour
        Hex colour for display.
    """

    label: str
    structural: bool
    colour: str


INFO: dict[Stain, StainInfo] = {
    Stain.DNA: StainInfo("nuclear dye", True, "#3f7cff"),
    Stain.ER: StainInfo("ER", True, "#34d058"),
    Stain.MICROTUBULES: StainInfo("microtubules", True, "#ff4d4d"),
    Stain.RNA: StainInfo("RNA", False, "#ffd83d"),
    Stain.AGP: StainInfo("actin/Golgi", False, "#ff9933"),
    Stain.ACTIN: StainInfo("actin", False, "#ff9933"),
    Stain.GOLGI: StainInfo("Golgi", False, "#ffb35c"),
    Stain.MEMBRANE: StainInfo("membrane", False, "#ff66cc"),
    Stain.MITO: StainInfo("mitochondria", False, "#ff4d4d"),
    Stain.LYSOSOME: StainInfo("lysosomes", False, "#c77dff"),
    Stain.PROTEIN: StainInfo("protein of interest", False, "#34d058"),
    Stain.TRANSMITTED: StainInfo("transmitted light", False, "#cccccc"),
}

# Read from the top: the first pattern found in the name wins. Names are lower-cased and
# every run of characters other than letters and digits becomes one space, so "WGA_Phall"
# is read as "wga phall".
_PATTERNS: tuple[tuple[Stain, str], ...] = (
    (
        Stain.TRANSMITTED,
        r"bright ?field|\bbf\b|phase|\bdic\b|transmit|\btl\b|trans$|oblique|\bdpc\b|\bpmt t\b",
    ),
    (Stain.AGP, r"\bagp\b|wga\w* phall?|phall?\w* wga|actin golgi|golgi actin"),
    (Stain.RNA, r"\brna\b|syto ?14|nucleoli|sytorna"),
    (
        Stain.DNA,
        r"\bdna\d*\b|dapi|hoechst|\bh ?33342\b|\bh ?33258\b|draq ?[57]|h2b|histone|nucle(us|i|ar)\b"
        r"|\bnuc\b|propidium|\bsytox\b|sir dna|to ?pro ?3|7 ?aad",
    ),
    (
        Stain.ER,
        r"\ber\b|con ?a\b|concanavalin|calreticulin|\bcalr\b|calnexin|\bpdi\b|\bkdel\b|sec61"
        r"|endoplasmic|ertracker|er tracker",
    ),
    (
        Stain.MICROTUBULES,
        r"tubul|tublin|\btub[ab]?\b|microtub|\bmts?\b|sir tub|\beb[13]\b",
    ),
    (Stain.MITO, r"mito|tomm? ?20|\btmrm\b|cox ?iv|\bmt ?(gfp|rfp)\b"),
    (Stain.GOLGI, r"golgi|gm130|giantin|\bgalt\b|b4galt1|\bwga\b|wheat germ|tgn46"),
    (Stain.ACTIN, r"actin|phall|lifeact|sir act"),
    (Stain.MEMBRANE, r"membrane|\bcaax\b|cellmask|cell mask|\bdi[io]\b|e cad|cadherin|cell stain"),
    (Stain.LYSOSOME, r"lyso|\blamp[12]\b"),
    (
        Stain.PROTEIN,
        r"protein|antibody|\bab\b|structure|target|reporter|\be?[gyrc]fp\b|mcherry|tdtomato"
        r"|mneon|halo|\bsnap\b|venus|mscarlet|\bfitc\b|\btritc\b|texas red|alexa ?\w*|\baf ?\d{3}\b"
        r"|\bcy ?[357]\b|atto|\bph3\b|ph ?h3|phospho|cyclin|\bki ?67\b",
    ),
)
_COMPILED = tuple((stain, re.compile(pattern)) for stain, pattern in _PATTERNS)

# The Human Protein Atlas names its files by colour.
_HPA_COLOURS: dict[str, Stain] = {
    "blue": Stain.DNA,
    "red": Stain.MICROTUBULES,
    "yellow": Stain.ER,
    "green": Stain.PROTEIN,
}

# Symbols in capitals, such as CCNB1 or LMNA, are how genes and antibody targets are written.
_GENE = re.compile(r"^(?=.*[A-Z])[A-Z][A-Z0-9]{2,7}(-[A-Z0-9]+)?$")
_ANTIBODY = re.compile(r"^(HPA|CAB)\d{4,}$")
_NUMBERED = re.compile(r"^(ch|c|channel|w|d)? ?0*\d{1,2}$")
_WAVELENGTH = re.compile(r"(?<!\d)(3[5-9]\d|4\d\d|5\d\d|6\d\d|7[0-8]\d)(?: ?nm)?(?!\d)")
_NUCLEAR_EXCITATION = range(350, 411)


def normalised(name: str) -> str:
    """Lower-case words of a channel name, separated by single blanks."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", name)
    return re.sub(r"[^a-z0-9]+", " ", spaced.lower()).strip()


def identify(name: str) -> Stain | None:
    """Find the stain that a channel's name speaks of.

    Parameters
    ----------
    name
        A channel's name, such as ``"H33342"`` or ``"WGA_Phall"``.

    Returns
    -------
    Stain or None
        None where the name says nothing about a stain (``"ch1"``, ``"561"``).
    """
    words = normalised(name)
    for stain, pattern in _COMPILED:
        if pattern.search(words):
            return stain
    return None


def identify_all(names: Iterable[str]) -> dict[str, Stain | None]:
    """Find the stain of every channel of an image, by its name.

    Red, green and blue alone are a picture's colours and say nothing; with yellow among them
    they are those of the Human Protein Atlas.
    """
    names = tuple(names)
    by_colour = "yellow" in {normalised(name) for name in names}
    return {
        name: identify(name) or (identify_hpa_colour(name) if by_colour else None) for name in names
    }


def identify_hpa_colour(name: str) -> Stain | None:
    """Stain behind one of the Human Protein Atlas' four colours, else None."""
    return _HPA_COLOURS.get(normalised(name))


def is_gene_or_antibody(name: str) -> bool:
    """Whether a name is written like a gene symbol or an antibody identifier."""
    return bool(_ANTIBODY.match(name) or _GENE.match(name))


def is_numbered(name: str) -> bool:
    """Whether a name only counts channels: ``ch1``, ``w2``, ``C03``."""
    return bool(_NUMBERED.match(normalised(name)))


def excitation_nm(name: str) -> int | None:
    """Wavelength in nanometres written in a name (350–789), else None."""
    match = _WAVELENGTH.search(normalised(name))
    return int(match.group(1)) if match else None


def is_nuclear_excitation(wavelength_nm: int) -> bool:
    """Whether light of this wavelength usually excites a nuclear dye (350–410 nm)."""
    return wavelength_nm in _NUCLEAR_EXCITATION


# For channels whose names say nothing or whose colour is taken: bright, and white last.
_SPARE_COLOURS = ("#34d058", "#e05cff", "#ffd83d", "#3fd0ff", "#ff9933", "#ffffff")


def channel_colours(names: Iterable[str]) -> dict[str, str]:
    """Display colour of every channel, by stain.

    DNA is blue, ER green, RNA yellow, actin/Golgi orange, mitochondria red; next to
    microtubules the ER is yellow, since the Human Protein Atlas shows the nucleus blue,
    microtubules red, the ER yellow and the protein green.

    Parameters
    ----------
    names
        The image's channel names.

    Returns
    -------
    dict
        Hex colour by channel name. Unknown stains, and a second channel of one stain, take
        spare colours in turn.
    """
    found = identify_all(names)
    with_microtubules = Stain.MICROTUBULES in found.values()
    colours: dict[str, str] = {}
    for name, stain in found.items():
        if stain is Stain.ER and with_microtubules:
            wanted = INFO[Stain.RNA].colour
        elif stain is not None:
            wanted = INFO[stain].colour
        else:
            continue
        if wanted not in colours.values():
            colours[name] = wanted
    free = [colour for colour in _SPARE_COLOURS if colour not in colours.values()]
    others = (name for name in found if name not in colours)
    colours |= {name: free[number % len(free)] for number, name in enumerate(others)}
    return {name: colours[name] for name in found}
