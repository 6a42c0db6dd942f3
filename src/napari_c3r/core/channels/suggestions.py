"""What the names of channels suggest: their roles, and which of them to segment by."""

from __future__ import annotations

from collections.abc import Iterable

from napari_c3r.core.channels import stains
from napari_c3r.core.channels.roles import Role
from napari_c3r.core.channels.stains import Stain


def suggest_roles(names: Iterable[str]) -> dict[str, tuple[Role, str]]:
    """A role for every channel and the reason for it, by channel name.

    It can be embedded with wherever one channel is not transmitted light.
    """
    guesses = {name: _guess(name, stain) for name, stain in stains.identify_all(names).items()}
    _complete(guesses)
    return guesses


def _guess(name: str, stain: Stain | None) -> tuple[Role, str]:
    if stain is Stain.TRANSMITTED:
        return Role.IGNORE, "transmitted light, not a stain"
    if stain is not None:
        info = stains.INFO[stain]
        return (Role.CONTEXT if info.structural else Role.CONCEPT), info.label
    if stains.is_gene_or_antibody(name):
        return Role.CONCEPT, "written like a gene or an antibody"
    wavelength = stains.excitation_nm(name)
    if wavelength is not None and stains.is_nuclear_excitation(wavelength):
        return Role.CONTEXT, f"{wavelength} nm usually excites a nuclear dye"
    if wavelength is not None:
        return Role.CONCEPT, f"{wavelength} nm usually shows a tagged protein"
    if stains.is_numbered(name):
        return Role.CONCEPT, "only a number: rename it by its stain"
    return Role.CONCEPT, "unknown name: taken as a readout"


def _complete(guesses: dict[str, tuple[Role, str]]) -> None:
    """Fill an empty group, in place, so that a suggestion can always be embedded."""
    usable = [name for name, (role, _) in guesses.items() if role is not Role.IGNORE]
    if not usable:
        return
    if len(usable) == 1:
        reason = f"{guesses[usable[0]][1]}; the only usable channel, so in both groups"
        guesses[usable[0]] = (Role.BOTH, reason)
        return
    roles = {guesses[name][0] for name in usable}
    if Role.CONTEXT not in roles:
        guesses[usable[0]] = (Role.CONTEXT, "first channel, often the nucleus: please check")
    elif Role.CONCEPT not in roles:
        # A nucleus is the last structure one would read out, so it stays context.
        others = [n for n in usable if stains.identify(n) is not Stain.DNA] or usable[1:]
        reason = f"{guesses[others[-1]][1]}; taken as the readout, as no other is named"
        guesses[others[-1]] = (Role.CONCEPT, reason)


def suggest_nucleus(names: Iterable[str]) -> str | None:
    """The channel that most likely shows nuclei, or None when no name says so."""
    return next((name for name in names if stains.identify(name) is Stain.DNA), None)


# Stains that fill the cell out to its edge, the best first.
_CELL_BODY = (Stain.RNA, Stain.AGP, Stain.ACTIN, Stain.MEMBRANE, Stain.ER, Stain.MICROTUBULES)


def suggest_cell(names: Iterable[str]) -> str | None:
    """The channel that best shows how far a cell reaches, or None when no name says so."""
    by_stain = {stains.identify(name): name for name in reversed(tuple(names))}
    return next((by_stain[stain] for stain in _CELL_BODY if stain in by_stain), None)
