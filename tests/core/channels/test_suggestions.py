"""A large table of names as microscopes and people write them, and what each is taken for."""

from __future__ import annotations

import pytest

from napari_c3r.core.channels import ChannelAssignment, Role, suggest_nucleus

NUCLEAR_DYES = (
    "DAPI, Hoechst 33342, H33342, hoechst, DNA, Nuclei, nuclear dye, Nuc, H2B-mCherry, "
    "mCherry-H2A, Histone H1, DRAQ5, SiR-DNA, SPY650-DNA, NLS-mScarlet, núcleo, NucBlue, "
    "DAPI-405, 405 DAPI"
)
READOUTS = (
    "pH3, PH3, p-H3, pHH3, phospho-H3, Phospho-Histone H3 (Ser10), phosphohistone, "
    "PhosphoHistoneH3, Histone H3 pS10, H3K27me3, H3K9ac, acH4, acetyl-histone H3, Ki67, Ki-67, "
    "KI-67, MKI67, γH2AX, gH2AX, gamma-H2AX, gammaH2AX, H2AX, H2AX pS139, γ-H2A.X, p53, TP53, "
    "53BP1, TP53BP1, EdU, EdU-647, BrdU, 5-EU, Click-iT EdU, PCNA, cyclinb1, Cyclin D1, CCNB1, "
    "pRb, phospho-Rb, RB1, Geminin, FUCCI, CENP-A, CREST, RAD51, NF-kB, NFkB, NF-κB, NF-kappaB "
    "p65, RelA, YAP, YAP1, TAZ, SOX2, Sox-17, OCT4, Oct3/4, Nanog, GATA6, FoxO3a, FKHR-GFP, "
    "STAT3, pSTAT3, SMAD2/3, c-Myc, c-Fos, HIF1a, PAX6, Brachyury, CDX2, NeuN, ERα, ER-alpha, "
    "estrogen receptor, glucocorticoid receptor, β-catenin, cleaved caspase 3, TUNEL, Annexin V, "
    "nuclear speckles, nuclear pore, nuclear envelope, Lamin B1, Nup153, SC35, PML, mitotic "
    "marker, DNA damage, DNA-PK, nucleolin, nucleolus, ERK-KTR, p21, p27, GFP, mito, phalloidin, "
    "RNA, WGA, HPA012345, LMNA, Calponin"
)
TRANSMITTED = (
    "Brightfield, BrightField, bright field, BF, bf, BF1, Brightfield H, HighZBF, LowZBF, Phase, "
    "phase contrast, PhaseContrast, Digital Phase Contrast, DPC, DIC, DIC1, Nomarski, "
    "Transmitted, transmitted light, Trans, TL, TL Brightfield, TL_DIC, TL25, T-PMT, TPMT, PMT "
    "Trans, TD, ChD, ESID, label-free, oblique, dark field, Hellfeld, Durchlicht, Ph1, brtfield"
)
SAYS_NOTHING = (
    "ch1, Ch0, CH01, C0, c2, C03, w1, d0, channel 3, Channel:0, CHANNEL1, Camera 2, CAM1, Image, "
    "PMT1, HyD 2, track 1, 0, 12, red, Green, gray, mono, Fluo, marker, stain 2, A, unknown, "
    "Default"
)
WAVELENGTHS = "488, 561, 640 nm, Ex488, 405, 405nm, laser 561, 525, EX405"


def listed(text: str) -> list[str]:
    return text.split(", ")


def beside(name: str, other: str) -> ChannelAssignment:
    """Roles of a channel of that name beside another one."""
    return ChannelAssignment.suggest([name, other])


@pytest.mark.parametrize("name", listed(NUCLEAR_DYES))
def test_a_nuclear_dye_is_context(name):
    roles = beside(name, "GFP")
    assert roles.roles[name] is Role.CONTEXT
    assert suggest_nucleus(["GFP", name]) == name
    assert roles.doubt == ""


@pytest.mark.parametrize("name", listed(READOUTS))
def test_a_readout_is_concept_wherever_in_the_cell_it_is(name):
    roles = beside(name, "Hoechst")
    assert roles.roles[name] is Role.CONCEPT
    assert roles.doubt == ""
    assert suggest_nucleus([name, "Hoechst"]) == "Hoechst"
    assert suggest_nucleus([name]) is None


@pytest.mark.parametrize("name", listed(TRANSMITTED))
def test_transmitted_light_is_never_context_by_guess(name):
    for others in (["DAPI"], ["GFP"], ["ch1", "ch2"], ["405", "488"], ["C0"]):
        roles = ChannelAssignment.suggest([name, *others], nucleus=name)
        assert roles.roles[name] is Role.IGNORE
        assert roles.require_usable()


@pytest.mark.parametrize("name", listed(SAYS_NOTHING))
def test_a_name_that_says_nothing_is_a_doubt(name):
    nucleus = beside(name, "other 2 stain" if name != "A" else "B")
    assert nucleus.guessed
    assert (
        beside(name, "GFP").doubt
        == f"Names say nothing: which one is the nucleus? For now '{name}'"
    )
    readout = beside(name, "DAPI")
    assert readout.roles[name] is Role.CONCEPT
    assert readout.doubt == f"Names say nothing of '{name}': what is stained?"


@pytest.mark.parametrize("name", listed(WAVELENGTHS))
def test_a_wavelength_alone_is_a_doubt(name):
    roles = beside(name, "DAPI")
    assert name in roles.guessed
    assert roles.doubt


def test_the_doubt_about_wavelengths_names_the_one_that_excites_nuclear_dyes():
    roles = ChannelAssignment.suggest(["561", "405", "488"])
    assert roles.context == ("405",)
    assert roles.doubt == "Only wavelengths are known: does '405' show the nucleus?"


def test_the_nucleus_of_the_pixels_is_taken_where_names_say_nothing_and_only_there():
    roles = ChannelAssignment.suggest(["C0", "C1", "C2"], nucleus="C2")
    assert (roles.context, roles.concept) == (("C2",), ("C0", "C1"))
    assert roles.reasons["C2"] == "looks most like nuclei"
    assert roles.doubt == "Names say nothing: which one is the nucleus? For now 'C2'"
    assert ChannelAssignment.suggest(["DAPI", "C1"], nucleus="C1").context == ("DAPI",)
    # A channel that is named is what its name says.
    assert ChannelAssignment.suggest(["GFP", "C1", "C2"], nucleus="GFP").context == ("C1",)


def test_a_dye_of_dead_cells_is_read_out_beside_another_nuclear_dye_only():
    assert beside("Propidium Iodide", "DAPI").context == ("DAPI",)
    assert suggest_nucleus(["PI", "Hoechst"]) == "Hoechst"
    assert beside("PI", "GFP").context == ("PI",)


def test_a_readout_that_no_name_tells_is_a_doubt():
    roles = ChannelAssignment.suggest(["DAPI", "ER"])
    assert roles.doubt == "No name tells what is read out: is it 'ER'?"


def test_long_lists_are_cut():
    names = ["DAPI", *(f"ch{number}" for number in range(40))]
    doubt = ChannelAssignment.suggest(names).doubt
    assert doubt == "Names say nothing of 'ch0', 'ch1', 'ch2' and 37 more: what is stained?"


def test_a_doubt_ends_when_somebody_decides():
    roles = ChannelAssignment.suggest(["C0", "C1"])
    assert roles.confirmed().doubt == ""
    assert roles.confirmed() == roles
    # Choosing the role that was guessed is a decision too.
    decided = roles.with_role("C0", "context")
    assert decided == roles
    assert decided.guessed == {"C1"}
    assert decided.with_role("C1", "concept").doubt == ""
    assert ChannelAssignment({"C0": "context", "C1": "concept"}).doubt == ""


def test_a_new_name_ends_a_doubt_where_it_tells_the_same():
    roles = ChannelAssignment.suggest(["C0", "GFP"])
    named = roles.renamed("C0", "DAPI")
    assert named.doubt == ""
    assert named.reasons["DAPI"] == "nuclear dye"
    assert roles.renamed("C0", "phalloidin").doubt.startswith("Names say nothing: which one")
