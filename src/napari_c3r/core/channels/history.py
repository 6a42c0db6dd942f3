"""What a user once chose for a set of channels, kept in a small file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_c3r.core.atomic import replacing
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError

MAX_KEPT = 200
_REASON = "as you chose before"


@dataclass(frozen=True)
class ChannelRecord:
    """What was chosen for one set of channels.

    Attributes
    ----------
    names
        New names by the names that the files give; channels not renamed are not in it.
    roles
        Role by new name.
    """

    names: Mapping[str, str]
    roles: Mapping[str, str]


class ChannelHistory:
    """Names and roles by set of channels, the latest choices first.

    A file that cannot be read is started afresh: it only holds conveniences.

    Parameters
    ----------
    path
        Where to keep them, as JSON; None keeps them for this session only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._kept: dict[str, ChannelRecord] = _read(path) if path is not None else {}

    def remember(self, names: Mapping[str, str], assignment: ChannelAssignment) -> None:
        """Keep a choice.

        Parameters
        ----------
        names
            New name of every channel by the name that its file gives.
        assignment
            Roles by new name.
        """
        key = _key(names)
        changed = {old: new for old, new in names.items() if old != new}
        chosen = ChannelRecord(changed, assignment.to_dict())
        if self._kept.get(key) == chosen:
            return
        self._kept.pop(key, None)
        kept = {key: chosen, **self._kept}
        self._kept = dict(list(kept.items())[:MAX_KEPT])
        self._write()

    def _write(self) -> None:
        if self._path is not None:
            _write(self._path, self._kept)

    def chosen(self, names: Iterable[str]) -> ChannelRecord | None:
        """What was chosen for channels that files call so, None where nothing was."""
        return self._kept.get(_key(names))

    def put_back(self, names: Iterable[str], before: ChannelRecord | None) -> None:
        """Undo a choice: take back what `chosen` gave before it.

        Parameters
        ----------
        names
            What files call the channels.
        before
            What had been chosen then; None forgets them.
        """
        key = _key(names)
        if self._kept.get(key) == before:
            return
        self._kept.pop(key, None)
        if before is not None:
            self._kept = {key: before, **self._kept}
        self._write()

    def names_for(self, names: Iterable[str]) -> dict[str, str]:
        """New names once given to channels that files call so; {} when there are none."""
        known = self._kept.get(_key(names))
        return dict(known.names) if known else {}

    def roles_for(self, names: Mapping[str, str]) -> ChannelAssignment | None:
        """Roles once chosen for these channels, None when there are none.

        Parameters
        ----------
        names
            New name of every channel by the name that its file gives.
        """
        known = self._kept.get(_key(names))
        now = list(names.values())
        if known is None or set(known.roles) != set(now):
            return None
        suggested = ChannelAssignment.suggest(now)
        why = {
            name: suggested.reasons.get(name, "")
            if suggested.roles[name] == known.roles[name]
            else _REASON
            for name in now
        }
        return ChannelAssignment({name: known.roles[name] for name in now}, why)


def _key(names: Iterable[str]) -> str:
    return json.dumps(sorted(names), ensure_ascii=False)


def _read(path: Path) -> dict[str, ChannelRecord]:
    try:
        stored: dict[str, Any] = json.loads(path.read_text("utf-8"))
        found = {}
        for key, value in stored.items():
            # Makes sure that what comes back later is usable.
            roles = ChannelAssignment(value["roles"]).to_dict()
            found[key] = ChannelRecord(dict(value["names"]), roles)
        return found
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _write(path: Path, kept: Mapping[str, ChannelRecord]) -> None:
    content = {
        key: {"names": dict(chosen.names), "roles": dict(chosen.roles)}
        for key, chosen in kept.items()
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            text = json.dumps(content, indent=1, ensure_ascii=False)
            temporary.write_text(text + "\n", "utf-8")
    except (OSError, InputError):
        # A folder that cannot be written to costs the memory, not the work.
        return
