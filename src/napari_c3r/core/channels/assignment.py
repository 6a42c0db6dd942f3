"""Channel roles: which channels are structural context and which are the readout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from napari_c3r.core.channels import stains
from napari_c3r.core.channels.stains import Stain
from napari_c3r.core.errors import InputError


class Role(StrEnum):
    """What a channel is to the encoder (C3R, section 3: the context–concept principle).

    ``BOTH`` puts a channel into both groups. It exists for images with a single usable
    channel, which could otherwise not be embedded at all.
    """

    CONTEXT = "context"
    CONCEPT = "concept"
    BOTH = "both"
    IGNORE = "ignore"


@dataclass(frozen=True)
class ChannelAssignment:
    """The role of every channel of an image.

    Any combination of roles may be held, since a user passes through incomplete ones while
    choosing; :meth:`require_usable` is what embedding asks.

    Parameters
    ----------
    roles
        Role by channel name, in image order.
    reasons
        Why each role was suggested, by channel name. It takes no part in comparison.

    Raises
    ------
    InputError
        No channel, an empty name, or a role that does not exist.

    Examples
    --------
    >>> roles = ChannelAssignment({"DNA": "context", "RNA": "concept"})
    >>> roles.context, roles.concept
    (('DNA',), ('RNA',))
    """

    roles: Mapping[str, Role]
    reasons: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __init__(
        self, roles: Mapping[str, Role | str], reasons: Mapping[str, str] | None = None
    ) -> None:
        if not roles:
            raise InputError("No channels given; name at least one context and one concept channel")
        check_channel_names(tuple(roles))
        checked = {name: _parse_role(name, role) for name, role in roles.items()}
        object.__setattr__(self, "roles", MappingProxyType(checked))
        object.__setattr__(self, "reasons", MappingProxyType(dict(reasons or {})))

    def __hash__(self) -> int:
        return hash(tuple(self.roles.items()))

    def __reduce__(self) -> tuple[type[ChannelAssignment], tuple[dict[str, str], dict[str, str]]]:
        # Mapping proxies cannot cross to another process by themselves.
        return ChannelAssignment, (self.to_dict(), dict(self.reasons))

    def _with_any(self, *wanted: Role) -> tuple[str, ...]:
        return tuple(name for name, role in self.roles.items() if role in wanted)

    @property
    def names(self) -> tuple[str, ...]:
        """All channel names, in image order."""
        return tuple(self.roles)

    @property
    def context(self) -> tuple[str, ...]:
        """Names of the context channels, in image order."""
        return self._with_any(Role.CONTEXT, Role.BOTH)

    @property
    def concept(self) -> tuple[str, ...]:
        """Names of the concept channels, in image order."""
        return self._with_any(Role.CONCEPT, Role.BOTH)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Names of the channels that take no part, in image order."""
        return self._with_any(Role.IGNORE)

    @property
    def used(self) -> tuple[str, ...]:
        """Names of the channels in at least one group, in image order."""
        return self._with_any(Role.CONTEXT, Role.CONCEPT, Role.BOTH)

    def flipped(self) -> ChannelAssignment:
        """The same channels with the two groups swapped (C3R, Table 11)."""
        swap = {Role.CONTEXT: Role.CONCEPT, Role.CONCEPT: Role.CONTEXT}
        return ChannelAssignment({name: swap.get(role, role) for name, role in self.roles.items()})

    def with_role(self, name: str, role: Role | str) -> ChannelAssignment:
        """A copy in which one channel has another role.

        Raises
        ------
        InputError
            The channel or the role does not exist.
        """
        if name not in self.roles:
            raise InputError(f"No channel '{name}'; the channels are {_listed(self.roles)}")
        return ChannelAssignment({**self.roles, name: role}, self.reasons)

    def to_dict(self) -> dict[str, str]:
        """Role by channel name, as plain strings in image order."""
        return {name: str(role) for name, role in self.roles.items()}

    def problem(self) -> str | None:
        """One sentence on what embedding lacks, or None when nothing is missing."""
        if not self.context:
            return (
                f"No context channel among {_listed(self.roles)}; "
                "tag at least one structural channel, such as the nucleus, as context"
            )
        if not self.concept:
            return (
                f"No concept channel among {_listed(self.roles)}; "
                "tag at least one readout, such as a protein, as concept"
            )
        return None

    def require_usable(self) -> ChannelAssignment:
        """Return itself when at least one context and one concept channel are tagged.

        Raises
        ------
        InputError
            With the sentence of :meth:`problem`.
        """
        problem = self.problem()
        if problem is not None:
            raise InputError(problem)
        return self

    def for_channels(self, names: Iterable[str]) -> ChannelAssignment:
        """The assignment in the channel order of an image; channels not named are ignored.

        Raises
        ------
        InputError
            A tagged channel is not in the image.
        """
        names = tuple(names)
        unknown = [name for name in self.used if name not in names]
        if unknown:
            raise InputError(
                f"The image has no channel {_listed(unknown)}; its channels are {_listed(names)}"
            )
        roles = {name: self.roles.get(name, Role.IGNORE) for name in names}
        return ChannelAssignment(roles, self.reasons)

    @classmethod
    def preset(cls, preset: str, names: Iterable[str]) -> ChannelAssignment:
        """Roles by a published convention, found by the stains in the channels' names.

        Parameters
        ----------
        preset
            ``"hpa"``: nucleus, ER, microtubules | protein. ``"jump-cp"``: DNA, ER | RNA, AGP,
            mitochondria. ``"wtc-11"``: nucleus | membrane, protein (C3R, Table 7).
        names
            The image's channel names.

        Raises
        ------
        InputError
            The preset does not exist, or leaves a group empty for these names.
        """
        if preset not in PRESETS:
            raise InputError(f"No preset '{preset}'; the presets are {_listed(PRESETS)}")
        names = tuple(names)
        check_channel_names(names)
        roles = {name: PRESETS[preset](name) for name in names}
        assignment = cls(roles, dict.fromkeys(roles, f"{preset} preset"))
        if assignment.problem():
            raise InputError(
                f"The preset '{preset}' does not fit the channels {_listed(roles)}; "
                "rename them by their stain, or choose the roles by hand"
            )
        return assignment

    @classmethod
    def suggest(cls, names: Iterable[str]) -> ChannelAssignment:
        """Suggest a role for every channel from its name, with the reason in ``.reasons``.

        A suggestion is a starting point for the user, never a decision. It is usable wherever
        one channel is not transmitted light: when the names give no context channel, the first
        usable one is taken; when they give no concept, the last one; and a single usable
        channel goes in both groups.

        Parameters
        ----------
        names
            The image's channel names.
        """
        names = tuple(names)
        check_channel_names(names)
        found = stains.identify_all(names)
        guesses = {name: _guess(name, stain) for name, stain in found.items()}
        _complete(guesses)
        roles = {name: role for name, (role, _) in guesses.items()}
        return cls(roles, {name: reason for name, (_, reason) in guesses.items()})


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


def _hpa_role(name: str) -> Role:
    stain = stains.identify_hpa_colour(name) or stains.identify(name)
    if stain in (Stain.DNA, Stain.ER, Stain.MICROTUBULES):
        return Role.CONTEXT
    return Role.IGNORE if stain is Stain.TRANSMITTED else Role.CONCEPT


def _jump_cp_role(name: str) -> Role:
    stain = stains.identify(name)
    if stain in (Stain.DNA, Stain.ER):
        return Role.CONTEXT
    readouts = (Stain.RNA, Stain.AGP, Stain.ACTIN, Stain.GOLGI, Stain.MITO)
    return Role.CONCEPT if stain in readouts else Role.IGNORE


def _wtc_11_role(name: str) -> Role:
    stain = stains.identify(name)
    if stain is Stain.DNA:
        return Role.CONTEXT
    return Role.IGNORE if stain is Stain.TRANSMITTED else Role.CONCEPT


PRESETS: dict[str, Callable[[str], Role]] = {
    "hpa": _hpa_role,
    "jump-cp": _jump_cp_role,
    "wtc-11": _wtc_11_role,
}


def check_channel_names(names: Sequence[str]) -> None:
    """Refuse names that are empty, not text, or given twice."""
    for position, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            raise InputError(
                f"Channel {position} has the name {name!r}: give each channel a non-empty name."
            )
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"The channel name {name!r} occurs {names.count(name)} times in {list(names)}: "
                "give each channel a name of its own."
            )


def _parse_role(name: str, role: Role | str) -> Role:
    try:
        return Role(role)
    except ValueError:
        raise InputError(
            f"Channel '{name}' has the role {role!r}; a role is one of {_listed(Role)}"
        ) from None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
