"""Crop sets to features: under the right roles, flipped ones, or with a context channel less."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment, Role
from napari_c3r.core.encoder import Encoder
from napari_c3r.core.errors import InputError
from training.data.cropset import CropSet
from training.data.cropset_files import ABOUT
from training.evaluate.protocols.features import Features
from training.evaluate.protocols.protocol import ProtocolOptions, Say, Source
from training.evaluate.representations import Fixed, resampled

RIGHT: Final = "right"
FLIPPED: Final = "flipped"
WITHOUT: Final = "without "
CELLS: Final = "cells"
_PIECE: Final = 512

Passes = Sequence[ChannelAssignment]
Pieces = Callable[[], Iterator[NDArray[np.generic]]]


def under(assignment: ChannelAssignment, roles: str) -> ChannelAssignment:
    """The roles under which crops are shown.

    Parameters
    ----------
    assignment
        The right ones.
    roles
        ``"right"``; ``"flipped"``, context and concept exchanged (Fig. 4 of C3R); or ``"without
        NAME"``, a context channel left out (Table 11).

    Raises
    ------
    InputError
        Something else, or a channel that is no context or the only one.
    """
    if roles == RIGHT:
        return assignment
    if roles == FLIPPED:
        return assignment.flipped()
    name = roles.removeprefix(WITHOUT)
    known = {each.lower(): each for each in assignment.context}
    if not roles.startswith(WITHOUT) or name.lower() not in known or len(known) < 2:
        wanted = [RIGHT, FLIPPED]
        wanted += [f"{WITHOUT}{each}" for each in (assignment.context if len(known) > 1 else ())]
        raise InputError(f"no roles {roles!r}; choose from {', '.join(wanted)}")
    return assignment.with_role(known[name.lower()], Role.IGNORE)


def one_concept_at_a_time(assignment: ChannelAssignment, roles: str) -> list[ChannelAssignment]:
    """A pass for each concept channel, the other concept channels left out of it.

    Flipped, each pass has the one concept as its context and all the context as concepts.
    """
    passes = []
    for concept in assignment.concept:
        others = [name for name in assignment.concept if name != concept]
        alone = assignment
        for name in others:
            alone = alone.with_role(name, Role.IGNORE)
        passes.append(under(alone, roles))
    return passes


def embed_set(
    source: Source, cells: CropSet, passes: Passes, options: ProtocolOptions, say: Say
) -> Features:
    """Embed all cells of a crop set.

    Parameters
    ----------
    source
        An encoder, or hand-made features.
    cells
        The set.
    passes
        Roles, each with all channels of the set. Their vectors are joined.
    options
        How.
    say
        Told how far it is.

    Returns
    -------
    Features
        With the rows of the set.
    """

    def pieces() -> Iterator[NDArray[np.generic]]:
        for start in range(0, len(cells), _PIECE):
            yield cells.read(slice(start, start + _PIECE))

    parts = []
    for number, assignment in enumerate(passes, 1):
        say(f"pass {number} of {len(passes)}: {_words(assignment)}, {len(cells)} cells")
        parts.append(embed(source, pieces, assignment, options))
    vectors = np.mean(parts, axis=0) if options.join == "mean" else np.concatenate(parts, axis=1)
    return Features(vectors.astype(np.float32), cells.table.reset_index(drop=True))


def embed(
    source: Source, pieces: Pieces, assignment: ChannelAssignment, options: ProtocolOptions
) -> NDArray[np.float32]:
    """Vectors ``(n, d)`` of crops ``(k, C, H, W)`` that come piece by piece."""
    if isinstance(source, Fixed):
        found = [next(iter(source(crops, assignment).values())).values for crops in pieces()]
        return np.concatenate(found)
    return _of_encoder(source, pieces, assignment, options)


def _of_encoder(
    encoder: Encoder, pieces: Pieces, assignment: ChannelAssignment, options: ProtocolOptions
) -> NDArray[np.float32]:
    running = replace(options.run, concept_mode=options.run.concept_mode or "joint")
    size = options.size_px or encoder.config.input_size
    with encoder.start(assignment, assignment.names, running) as run:
        vectors = np.concatenate([run.run(resampled(crops, size)) for crops in pieces()])
        columns = run.columns
    if options.join == "concatenate":
        return vectors
    labels = list(dict.fromkeys(label for label, _ in columns))
    return vectors.reshape(len(vectors), len(labels), -1).mean(axis=1)


def cells_of(
    data: Path,
    out: Path,
    write: Callable[[Path], Path],
    *,
    holds: Callable[[Path], bool],
    fetch: str,
    name: str = CELLS,
) -> CropSet:
    """The crop set that data is, or that is made of it once.

    Parameters
    ----------
    data
        A crop set, or a folder in the public layout.
    out
        Where a crop set is made, in a folder of its own, and found again.
    write
        Makes the crop set in a folder.
    holds
        Whether a folder has the public layout.
    fetch
        What to say where `data` is neither.
    name
        Of the folder.

    Raises
    ------
    InputError
        It is neither, or its files are not what they should be.
    """
    if (data / ABOUT).is_file():
        return CropSet.open(data)
    if not data.is_dir() or not holds(data):
        raise InputError(f"'{data}' is neither a crop set nor data in the public layout; {fetch}")
    made = out / f"{name}-{digest(str(data.resolve()))}"
    return CropSet.open(made if made.exists() else write(made))


def digest(*told: object) -> str:
    """Eight characters that are others where what is told is another."""
    return blake2b(json.dumps([str(each) for each in told]).encode(), digest_size=4).hexdigest()


def _words(assignment: ChannelAssignment) -> str:
    context, concept = ("+".join(names) for names in (assignment.context, assignment.concept))
    return f"context {context or 'none'}, concept {concept or 'none'}"
