"""What the name of a channel says about its stain.

One table serves the suggestion of roles, the presets and the colours of channels, so that
the three can never disagree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache


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
    READOUT = "readout"
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


# Hues as they are usual. For normal, protan, deutan and tritan vision, the five of Cell Painting
# are at least 18 apart by CIEDE2000, and the nucleus at least 18 from every other.
INFO: dict[Stain, StainInfo] = {
    Stain.DNA: StainInfo("nuclear dye", True, "#3570e6"),
    Stain.ER: StainInfo("ER", True, "#3ae0a0"),
    Stain.MICROTUBULES: StainInfo("microtubules", True, "#d2354c"),
    Stain.RNA: StainInfo("RNA", False, "#ffff29"),
    Stain.AGP: StainInfo("actin/Golgi", False, "#de9621"),
    Stain.ACTIN: StainInfo("actin", False, "#de9621"),
    Stain.GOLGI: StainInfo("Golgi", False, "#f2c48d"),
    Stain.MEMBRANE: StainInfo("membrane", False, "#ffc2d6"),
    Stain.MITO: StainInfo("mitochondria", False, "#d2354c"),
    Stain.LYSOSOME: StainInfo("lysosomes", False, "#e6b3ff"),
    Stain.PROTEIN: StainInfo("protein of interest", False, "#3ae0a0"),
    Stain.READOUT: StainInfo("a marker that is read out", False, "#ff99dd"),
    Stain.TRANSMITTED: StainInfo("transmitted light", False, "#cccccc"),
}

# fmt: off
# Markers that lie in the nucleus, or are named after it, and yet are what is measured: marks of
# histones, proliferation and death, cell cycle and division, damage, factors that move in and out,
# reporters of activity, parts of the nucleus.
_READOUTS = "|".join(
    (
        r"phospho", r"\bp histone", r"\bp ?h?h3\b", r"\bh3 ?p\b", r"\bp?s(er)? ?(10|28)(ph?)?\b",
        r"h3 ?p?s(10|28)",
        r"\bh[1-4][ab]? ?k ?\d+ ?(me\d?|ac|ub\w*|cr|la)?\b", r"\bac(etyl\w*)? ?(histone|h[34])",
        r"(acetyl|methyl|ubiquitin)\w* ?(histone|h[1-4])", r"h2a ?x", r"h2a ?z\b", r"macroh2a",
        r"\bm?ki ?67\b", r"\bmib ?1\b", r"\bpcna\b", r"\bmcm ?[2-7]\b",
        r"\b(5 ?)?(edu|brdu|idu|cldu|eu)\b", r"click ?it",
        r"tunel", r"caspase", r"\bcasp ?\d", r"\bparp", r"annexin", r"apopto", r"necro", r"viab",
        r"prolif", r"mitotic", r"mitosis", r"cell cycle",
        r"53 ?bp1", r"\bt?p ?53\b", r"\bp ?(16|21|27|38|63|65|73)\b", r"\bcdkn?\d", r"cyclin",
        r"\bccn[abde]\d?\b",
        r"\bp?rb1?\b", r"\bp rb1?\b", r"\bcdt1\b", r"geminin", r"\bgmnn\b", r"fucci",
        r"\bplk ?[14]\b", r"aurora", r"\baurk",
        r"cenp", r"\bcrest\b", r"centromer", r"kinetochor", r"telomer", r"\brad ?51",
        r"\brpa ?(1|2|32|70)?\b", r"\bbrca ?[12]",
        r"fancd2", r"\bp?atm\b", r"\bp?chk ?[12]\b", r"\bmdc1\b", r"dna ?(damage|pk)", r"8 ?oxo",
        r"\bdnmt",
        r"nf ?k(appa)? ?b", r"\brel ?a\b", r"\byap ?1?\b", r"\btaz\b", r"\bsox ?\d+",
        r"\boct ?[34]", r"pou5f1", r"nanog", r"\bgata ?\d",
        r"\bfox[a-z]\d?", r"\bfkhr?\b", r"\bp?stat ?\d", r"\bp?smad ?\d?",
        r"\bc? ?(myc|fos|jun)\b", r"\bhif ?\d?", r"\bklf ?\d",
        r"\bpax ?\d", r"brachyury", r"\btbxt\b", r"\bcdx ?2", r"\bnkx", r"\brunx ?\d", r"\bnfat",
        r"\bp?creb", r"\birf ?\d", r"\bt ?bet\b",
        r"(estr|oestr|andr)ogen", r"glucocorticoid", r"\ber ?alpha\b", r"\besr1\b", r"\bmitf\b",
        r"\bneun\b", r"\bolig ?\d",
        r"catenin", r"\btf\b", r"transcription", r"kinase", r"\bktr\b", r"\bdhb\b", r"biosensor",
        r"\bfoci\b", r"read ?out",
        r"nuclear (env|lamina|pore|speck|bod|foci|factor|recept)", r"lamin", r"nup ?\d+",
        r"sc ?35", r"srsf2", r"coilin", r"\bpml\b",
    )
)
_TRANSMITTED = "|".join(
    (
        r"bright ?f", r"\bbright\b", r"\bbr?t?f(ie)?ld", r"b?rgh?t ?f",
        r"\b(low|high|orig)?z?bf[\dh]?\b", r"dark ?field", r"white ?light",
        r"(?<!\bs )(?<!\bm )(?<!g1 )(?<!g2 )\bphase", r"\bdpc\b", r"\bdic\d?\b", r"\bph[12l]\b",
        r"nomarski", r"oblique", r"hoffman",
        r"transmi", r"\btrans\b", r"trans$", r"\btl ?\d*\b", r"\btl (bf|ph|dic|led)\b", r"\btd\b",
        r"\bchd\b", r"\besid\b", r"t ?pmt", r"\bpmt t\b", r"diascop",
        r"\bqpi\b", r"holograph", r"label ?free", r"hellfeld", r"durchlicht", r"phasen",
        r"relief",
    )
)
# fmt: on

# They stain every nucleus of fixed cells, and only the dead of living ones.
_DEAD_CELL_DYES = (
    r"propidium|\bpi\b|\bsytox|draq ?7|to ?pro ?3|7 ?aad|ethidium|\bethd|live ?dead|dead cell"
)

# Read from the top: the first pattern found in the name wins. Names are lower-cased, Greek letters
# spelt out, and every run of characters other than letters and digits becomes one space, so
# "WGA_Phall" is read as "wga phall".
_PATTERNS: tuple[tuple[Stain, str], ...] = (
    (Stain.TRANSMITTED, _TRANSMITTED),
    (Stain.READOUT, _READOUTS),
    (Stain.AGP, r"\bagp\b|wga\w* phall?|phall?\w* wga|actin golgi|golgi actin"),
    (Stain.RNA, r"\brna\b|syto ?14|nucleol|sytorna|fibrillarin|\bnpm1\b"),
    (
        Stain.DNA,
        r"\bdna\d*\b|dapi|hoechst|\bh ?33342\b|\bh ?33258\b|draq ?5|\bh2[ab]|histone"
        r"|nucle(us|i|ar|o|os)\b|\bnuc\b|\bnls\b|sir ?dna|spy ?\d* ?dna|nuclight|nucblue|nucspot"
        rf"|{_DEAD_CELL_DYES}",
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
        r"|\bcy ?[357]\b|atto|\bd?ylight|\bbodipy\b",
    ),
)

# The Human Protein Atlas names its files by colour.
_HPA_COLOURS: dict[str, Stain] = {
    "blue": Stain.DNA,
    "red": Stain.MICROTUBULES,
    "yellow": Stain.ER,
    "green": Stain.PROTEIN,
}

_GREEK = str.maketrans(
    {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "κ": "k"}
)

# Words that every microscope writes, whatever the stain.
_GENERIC_WORDS = (
    "ch chn chan channel wv wave wavelength cam camera img image pmt det detector hyd track "
    "slice band filter fluor fluo fluorescence mono gray grey red green blue cyan magenta yellow "
    "orange white far ir nir rgb series layer plane page signal stain dye marker label probe ex "
    "em excitation emission nm laser led confocal widefield wf epi default unknown unnamed none "
    "unspecified na tif tiff"
)
_GENERIC = frozenset(_GENERIC_WORDS.split())
# Symbols in capitals, such as CCNB1 or LMNA, are how genes and antibody targets are written.
_GENE = re.compile(r"^(?=.*[A-Z])[A-Z][A-Z0-9]{2,7}(-[A-Z0-9]+)?$")
_ANTIBODY = re.compile(r"^(HPA|CAB)\d{4,}$")
_WAVELENGTH = re.compile(r"(?<!\d)(3[5-9]\d|4\d\d|5\d\d|6\d\d|7[0-8]\d)(?: ?nm)?(?!\d)")
_NUCLEAR_EXCITATION = range(350, 411)


def normalised(name: str) -> str:
    """Lower-case words of a channel name, separated by single blanks, Greek letters spelt out."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", plain.translate(_GREEK))
    return re.sub(r"[^a-z0-9]+", " ", spaced.lower()).strip()


@cache
def _compiled() -> tuple[tuple[Stain, re.Pattern[str]], ...]:
    return tuple((stain, re.compile(pattern)) for stain, pattern in _PATTERNS)


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
    for stain, pattern in _compiled():
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
    return bool(_ANTIBODY.match(name) or _GENE.match(name)) and not is_generic(name)


def is_generic(name: str) -> bool:
    """Whether a name says nothing of what is stained: ``ch1``, ``C03``, ``Camera 2``, ``green``."""
    words = re.findall(r"[a-z]+|\d+", normalised(name))
    return all(len(word) == 1 or word.isdigit() or word in _GENERIC for word in words)


def is_dead_cell_dye(name: str) -> bool:
    """Whether a name is of a dye that enters only dead cells, among living ones."""
    return re.search(_DEAD_CELL_DYES, normalised(name)) is not None


def excitation_nm(name: str) -> int | None:
    """Wavelength in nanometres written in a name (350–789), else None."""
    match = _WAVELENGTH.search(normalised(name))
    return int(match.group(1)) if match else None


def is_nuclear_excitation(wavelength_nm: int) -> bool:
    """Whether light of this wavelength usually excites a nuclear dye (350–410 nm)."""
    return wavelength_nm in _NUCLEAR_EXCITATION


# For channels whose names say nothing or whose colour is taken: bright, and white last.
_SPARE_COLOURS = ("#3ae0a0", "#ff99dd", "#ffff29", "#3fd0ff", "#de9621", "#ffffff")


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
