"""Channel roles: which channels are structural context and which are the readout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from napari_c3r.core.channels.presets import PRESETS
from napari_c3r.core.channels.roles import Role, check_channel_names
from napari_c3r.core.channels.suggestions import doubt_about, suggest_roles
from napari_c3r.core.errors import InputError


@dataclass(frozen=True)
class ChannelAssignment:
    """The role of every channel of an image.

    Any combination of roles may be held, since a user passes through incomplete ones while
    choosing; :meth:`require_usable` is what embedding requires.

    Parameters
    ----------
    roles
        Role by channel name, in image order.
    reasons
        Why each role was suggested, by channel name. It takes no part in comparison.
    guessed
        Channels whose role was guessed, as no name tells it: see :attr:`doubt`. It takes no part
        in comparison either.

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
    guessed: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    def __init__(
        self,
        roles: Mapping[str, Role | str],
        reasons: Mapping[str, str] | None = None,
        guessed: Iterable[str] = (),
    ) -> None:
        if not roles:
            raise InputError("No channels given; name at least one context and one concept channel")
        check_channel_names(tuple(roles))
        checked = {name: _parse_role(name, role) for name, role in roles.items()}
        object.__setattr__(self, "roles", MappingProxyType(checked))
        object.__setattr__(self, "reasons", MappingProxyType(dict(reasons or {})))
        object.__setattr__(self, "guessed", frozenset(guessed) & frozenset(checked))

    def __hash__(self) -> int:
        return hash(tuple(self.roles.items()))

    def __reduce__(
        self,
    ) -> tuple[type[ChannelAssignment], tuple[dict[str, str], dict[str, str], frozenset[str]]]:
        # Mapping proxies cannot cross to another process by themselves.
        return ChannelAssignment, (self.to_dict(), dict(self.reasons), self.guessed)

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

    @property
    def doubt(self) -> str:
        """One sentence on roles that were guessed, to be asked of the user; "" without a guess."""
        return doubt_about(dict(self.roles), self.guessed)

    def confirmed(self) -> ChannelAssignment:
        """The same roles, none of them a guess any longer: somebody has looked at them."""
        return ChannelAssignment(self.roles, self.reasons)

    def flipped(self, concept: str | None = None) -> ChannelAssignment:
        """Swap context and concept, of all channels or of the pass of one concept.

        The paper flips passes (C3R, section 4.3 and Fig. 4): each concept channel ``X`` is embedded
        alone with all the context, and ``[ER, DNA | X]`` becomes ``[X | ER, DNA]``, in one pass for
        each ``X``, whose vectors are joined. Those passes are ``roles.flipped(x) for x in
        roles.concept``, each read out with ``concept_mode="joint"``. Without a channel both groups
        are swapped as a whole, which is the same where there is a single concept.

        Parameters
        ----------
        concept
            The concept channel whose pass is flipped: it becomes the context, every context channel
            a concept, and other concepts are ignored. None swaps the groups.

        Raises
        ------
        InputError
            The channel is not a concept.
        """
        if concept is None:
            swap = {Role.CONTEXT: Role.CONCEPT, Role.CONCEPT: Role.CONTEXT}
            return ChannelAssignment({n: swap.get(role, role) for n, role in self.roles.items()})
        if concept not in self.concept:
            raise InputError(
                f"'{concept}' is no concept channel; the concepts are {_listed(self.concept)}"
            )
        context = dict.fromkeys(self.context, Role.CONCEPT)
        own = Role.BOTH if concept in context else Role.CONTEXT
        return ChannelAssignment(
            {
                name: own if name == concept else context.get(name, Role.IGNORE)
                for name in self.roles
            }
        )

    def with_role(self, name: str, role: Role | str) -> ChannelAssignment:
        """A copy in which one channel has another role, which is then no guess.

        Raises
        ------
        InputError
            The channel or the role does not exist.
        """
        if name not in self.roles:
            raise InputError(f"No channel '{name}'; the channels are {_listed(self.roles)}")
        return ChannelAssignment({**self.roles, name: role}, self.reasons, self.guessed - {name})

    def renamed(self, old: str, new: str) -> ChannelAssignment:
        """A copy in which one channel has another name; its role stays.

        A guess is none any longer where the new name tells the same role.
        """
        roles = {new if name == old else name: role for name, role in self.roles.items()}
        told = ChannelAssignment.suggest(roles)
        reasons = {name: why for name, why in self.reasons.items() if name != old}
        guessed = {new if name == old else name for name in self.guessed}
        if told.roles[new] == roles[new]:
            reasons[new] = told.reasons[new]
            guessed -= {new} - told.guessed
        return ChannelAssignment(roles, reasons, guessed)

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
        return ChannelAssignment(roles, self.reasons, self.guessed)

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
    def suggest(cls, names: Iterable[str], nucleus: str | None = None) -> ChannelAssignment:
        """Suggest a role for every channel from its name, with the reason in ``.reasons``.

        A suggestion is a starting point for the user, never a decision: what the names do not tell
        is in ``.guessed``, and ``.doubt`` asks about it. It is usable wherever one channel is not
        transmitted light: when the names give no context channel, the one whose pixels look like
        nuclei is taken, else the first usable one; when they give no concept, the last one; and a
        single usable channel goes in both groups.

        Parameters
        ----------
        names
            The image's channel names.
        nucleus
            The channel whose pixels look most like nuclei, where that is known; see
            :func:`napari_c3r.core.segment.suggest_for_image`.
        """
        names = tuple(names)
        check_channel_names(names)
        found = suggest_roles(names, nucleus)
        return cls(
            {name: each.role for name, each in found.items()},
            {name: each.reason for name, each in found.items()},
            [name for name, each in found.items() if not each.certain],
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
