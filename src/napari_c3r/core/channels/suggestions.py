"""What the names of channels suggest: their roles, and which of them to segment by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from napari_c3r.core.channels import stains
from napari_c3r.core.channels.roles import Role
from napari_c3r.core.channels.stains import Stain


@dataclass(frozen=True)
class Suggestion:
    """A role for one channel.

    Attributes
    ----------
    role
        Suggested.
    reason
        Why, in a few words.
    certain
        Whether the name says so; False for a guess, which somebody has to look at.
    """

    role: Role
    reason: str
    certain: bool = True


def suggest_roles(names: Iterable[str], nucleus: str | None = None) -> dict[str, Suggestion]:
    """A role for every channel, by channel name.

    They can be embedded with wherever one channel is not transmitted light.

    Parameters
    ----------
    names
        Of the channels.
    nucleus
        The channel whose pixels look most like nuclei, where that is known. It is taken only
        where no name tells of a structure.
    """
    found = stains.identify_all(names)
    guesses = {name: _guess(name, stain) for name, stain in found.items()}
    _separate_dead_cell_dyes(guesses, found)
    _complete(guesses, nucleus)
    return guesses


def tell_a_structure(names: Iterable[str]) -> bool:
    """Whether one of the names, or a wavelength in it, tells which channel to take as context."""
    suggested = {n: _guess(n, stain) for n, stain in stains.identify_all(names).items()}
    return any(each.role is Role.CONTEXT for each in suggested.values())


def _guess(name: str, stain: Stain | None) -> Suggestion:
    if stain is Stain.TRANSMITTED:
        return Suggestion(Role.IGNORE, "transmitted light, not a stain")
    if stain is not None:
        info = stains.INFO[stain]
        return Suggestion(Role.CONTEXT if info.structural else Role.CONCEPT, info.label)
    if stains.is_gene_or_antibody(name):
        return Suggestion(Role.CONCEPT, "written like a gene or an antibody")
    wavelength = stains.excitation_nm(name)
    if wavelength is not None and stains.is_nuclear_excitation(wavelength):
        return Suggestion(Role.CONTEXT, f"{wavelength} nm usually excites a nuclear dye", False)
    if wavelength is not None:
        return Suggestion(Role.CONCEPT, f"{wavelength} nm usually shows a tagged protein", False)
    if stains.is_generic(name):
        return Suggestion(Role.CONCEPT, "the name says nothing: rename it by its stain", False)
    return Suggestion(Role.CONCEPT, "unknown name: taken as a readout")


def _separate_dead_cell_dyes(
    guesses: dict[str, Suggestion], found: dict[str, Stain | None]
) -> None:
    """Beside another nuclear dye, one that enters dead cells is there to be read out."""
    nuclear = [name for name, stain in found.items() if stain is Stain.DNA]
    dead = [name for name in nuclear if stains.is_dead_cell_dye(name)]
    if len(dead) < len(nuclear):
        guesses |= dict.fromkeys(dead, Suggestion(Role.CONCEPT, "stains dead cells: a readout"))


def _complete(guesses: dict[str, Suggestion], nucleus: str | None) -> None:
    """Fill an empty group, in place, so that a suggestion can always be embedded."""
    usable = [name for name, each in guesses.items() if each.role is not Role.IGNORE]
    if not usable:
        return
    if len(usable) == 1:
        reason = f"{guesses[usable[0]].reason}; the only usable channel, so in both groups"
        guesses[usable[0]] = Suggestion(Role.BOTH, reason)
        return
    roles = {guesses[name].role for name in usable}
    if Role.CONTEXT not in roles:
        # A channel whose name tells what it shows is none that could be the nucleus.
        unnamed = [name for name in usable if not guesses[name].certain]
        if nucleus in (unnamed or usable):
            guesses[str(nucleus)] = Suggestion(Role.CONTEXT, "looks most like nuclei", False)
        else:
            first = (unnamed or usable)[0]
            guesses[first] = Suggestion(Role.CONTEXT, "first channel, often the nucleus", False)
    elif Role.CONCEPT not in roles:
        # A nucleus is the last structure one would read out, so it stays context.
        others = [n for n in usable if stains.identify(n) is not Stain.DNA] or usable[1:]
        reason = f"{guesses[others[-1]].reason}; taken as the readout, as no other is named"
        guesses[others[-1]] = replace(
            guesses[others[-1]], role=Role.CONCEPT, reason=reason, certain=False
        )


def doubt_about(roles: dict[str, Role], guessed: Iterable[str]) -> str:
    """One sentence on roles that were guessed; "" where none was.

    Parameters
    ----------
    roles
        Role by channel name.
    guessed
        Channels whose role no name tells.
    """
    doubtful = [name for name in roles if name in set(guessed)]
    if not doubtful:
        return ""
    context = [name for name, role in roles.items() if role in (Role.CONTEXT, Role.BOTH)]
    taken = [name for name in context if name in doubtful]
    if taken and len(taken) == len(context):
        if all(stains.excitation_nm(name) is not None for name in taken):
            return f"Only wavelengths are known: does {_few(taken)} show the nucleus?"
        return f"Names say nothing: which one is the nucleus? For now {_few(taken)}"
    readouts = [name for name in doubtful if name not in context]
    named = [name for name in readouts if stains.identify(name) is not None]
    if named:
        return f"No name tells what is read out: is it {_few(named)}?"
    return f"Names say nothing of {_few(doubtful)}: what is stained?"


def _few(names: list[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def suggest_nucleus(names: Iterable[str]) -> str | None:
    """The channel that most likely shows nuclei, or None when no name says so."""
    nuclear = [name for name in names if stains.identify(name) is Stain.DNA]
    return next((n for n in nuclear if not stains.is_dead_cell_dye(n)), next(iter(nuclear), None))


# Stains that fill the cell out to its edge, the best first.
_CELL_BODY = (Stain.RNA, Stain.AGP, Stain.ACTIN, Stain.MEMBRANE, Stain.ER, Stain.MICROTUBULES)


def suggest_cell(names: Iterable[str]) -> str | None:
    """The channel that best shows how far a cell reaches, or None when no name says so."""
    by_stain = {stains.identify(name): name for name in reversed(tuple(names))}
    return next((by_stain[stain] for stain in _CELL_BODY if stain in by_stain), None)
