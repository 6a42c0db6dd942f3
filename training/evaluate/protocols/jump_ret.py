"""JUMP-Ret: do wells of a compound find each other on other plates? Nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.frame import require_package
from napari_c3r.core.profiles.normalisation import normalise
from training.data.jump import write_jump
from training.data.metadata import Metadata
from training.evaluate.metrics import Estimate, mean_over_groups, principal_components
from training.evaluate.protocols.embedding import (
    cells_of,
    digest,
    embed_set,
    one_concept_at_a_time,
)
from training.evaluate.protocols.features import Features, means_by, names_in
from training.evaluate.protocols.protocol import (
    Protocol,
    ProtocolOptions,
    Result,
    Say,
    Source,
    Value,
    numbers_of,
)
from training.evaluate.protocols.retrieval import Retrieval, matches, retrieve

FETCH: Final = (
    "fetch plates BR00117010 to 13 and BR00117024 to 26 of JUMP-CP's pilot (2020_11_04_CPJUMP1, "
    "source_4 of the Cell Painting Gallery, cpg0000), give the folder that holds their folders "
    "'Images', and a CSV of wells with --metadata"
)


@dataclass(frozen=True, kw_only=True)
class JumpData(ProtocolOptions):
    """Where the data of JUMP-CP say what; for both of its protocols.

    Parameters
    ----------
    compound, moa
        Columns of the treatment and of its mechanisms, ``a|b`` where there are several.
    control
        Value of `compound` in control wells.
    metadata
        CSV file with plate, well and what is in them, where images are read.
    load_data, centres
        As of `training.data.jump.write_jump`.
    """

    compound: str = "compound"
    moa: str = "moa"
    control: str = "DMSO"
    metadata: str = ""
    load_data: str = ""
    centres: str = ""

    of_features: ClassVar[tuple[str, ...]] = (
        *ProtocolOptions.of_features,
        *("compound", "metadata", "load_data", "centres"),
    )


@dataclass(frozen=True, kw_only=True)
class JumpRetOptions(JumpData):
    """Settings of JUMP-Ret.

    Parameters
    ----------
    normalise
        ``"zca+mad"``, as the code: controls of all plates made to vary alike (ZCA-cor), then
        median and median absolute deviation of each plate; or ``"mad"``, or ``"none"``.
    reduce
        Principal components of wells that are kept before that; 0 keeps all numbers.
    copairs
        Whether copairs' average precision of wells is computed too, which is another number.
    """

    normalise: Literal["zca+mad", "mad", "none"] = "zca+mad"
    reduce: int = 0
    copairs: bool = False

    paper: ClassVar[Mapping[str, Any]] = {"reduce": 256}
    chosen: ClassVar[str] = (
        "The paper reduces dimensions after joining, its code does not: --paper keeps 256 "
        "principal components of the wells, a number of ours. It gives crops of 112 × 122 "
        "pixels; here they have the encoder's own input size."
    )


def score(features: Features, options: JumpRetOptions) -> Result:
    """Score one representation; see `JumpRetOptions`.

    Returns
    -------
    Result
        ``compound mAP`` and ``compound kNN`` over means of compounds on plates, controls being one
        compound; ``MoA mAP`` and ``MoA kNN`` over means of compounds, where mechanisms are known.
        Intervals are over compounds. The precision of every query is in the details.
    """
    wells, notes = well_profiles(features)
    if options.reduce:
        components = principal_components(wells.vectors, options.reduce, whiten=False)
        wells = Features(components, wells.table)
    wells, more = normalised(wells, options)
    found, details = retrieval_scores(wells, options)
    values: dict[str, Value] = {**found}
    if options.copairs:
        values |= copairs_scores(wells, options)
    return Result(numbers_of(values), details, (*notes, *more))


def well_profiles(features: Features) -> tuple[Features, list[str]]:
    """Means of cells by field, and of fields by well; wells without a number are left out.

    Parameters
    ----------
    features
        Of cells, with ``plate``, ``well`` and ``site``; or of wells.
    """
    wells = features
    if "site" in features.table:
        wells = means_by(wells, ("plate", "well", "site"))
    wells = means_by(wells, ("plate", "well"))
    known = np.isfinite(wells.vectors).all(axis=1)
    notes = [] if known.all() else [f"{(~known).sum()} wells have NaN and are left out."]
    return wells.take(known), notes


def normalised(wells: Features, options: JumpRetOptions) -> tuple[Features, list[str]]:
    """Profiles of wells brought to the scale of the controls, and what was left out."""
    if options.normalise == "none":
        return wells, []
    profiles = AnnData(np.asarray(wells.vectors, np.float64), obs=_indexed(wells.table))
    profiles.obs[options.compound] = wells.text(options.compound)
    if options.normalise == "zca+mad":
        profiles = normalise(profiles, (options.compound, options.control), "spherize", per=None)
    profiles = normalise(profiles, None, "mad", per="plate")
    notes = []
    if dropped := wells.vectors.shape[1] - profiles.n_vars:
        notes.append(f"{dropped} numbers do not vary on a plate or among controls; left out.")
    return Features(np.asarray(profiles.X), wells.table), notes


def retrieval_scores(
    wells: Features, options: JumpData
) -> tuple[dict[str, Estimate], dict[str, pd.DataFrame]]:
    """Numbers of the retrieval of compounds and mechanisms, and tables of the queries."""
    replicates = means_by(wells, ("plate", options.compound))
    compounds, plates = replicates.text(options.compound), replicates.text("plate")
    found = retrieve(replicates.vectors, matches(compounds.tolist()), plates)
    if np.isnan(found.mean_average_precision):
        raise InputError(
            f"no value of {options.compound!r} is on three plates, so there is nothing to "
            "retrieve; give more plates"
        )
    values = _estimates("compound", found, compounds)
    about = pd.DataFrame({"plate": plates, options.compound: compounds})
    details = {"compounds": _queries(about, found)}
    if options.moa in wells.table:
        consensus, mechanisms = mechanisms_of(replicates, options)
        if len(consensus):
            known = retrieve(consensus.vectors, matches(mechanisms))
            values |= _estimates("MoA", known, consensus.text(options.compound))
            about = pd.DataFrame({options.compound: consensus.text(options.compound)})
            details["mechanisms"] = _queries(about, known)
    return values, details


def mechanisms_of(replicates: Features, options: JumpData) -> tuple[Features, list[list[str]]]:
    """Means of the compounds whose mechanism is known, and the mechanisms of each."""
    known = replicates.text(options.moa) != ""
    consensus = means_by(replicates.take(known), (options.compound, options.moa))
    return consensus, [names_in(text) for text in consensus.text(options.moa)]


def copairs_scores(wells: Features, options: JumpData) -> dict[str, float]:
    """Mean average precision of wells by copairs.

    Returns
    -------
    dict
        ``copairs replicate mAP``: wells of the compound on other plates against all wells of other
        compounds, controls being one compound; ``copairs activity mAP``: wells of the compound
        against the controls of the plate.
    """
    maps = require_package("copairs.map", "JUMP-Ret's option copairs")
    compound = wells.text(options.compound)
    meta = pd.DataFrame(
        {"plate": wells.text("plate"), "compound": compound, "control": compound == options.control}
    )
    same, vectors = ["compound"], np.asarray(wells.vectors, np.float64)
    kinds: dict[str, Sequence[list[str]]] = {
        "copairs replicate mAP": (same, ["plate"], [], same),
        "copairs activity mAP": (same, [], ["plate"], ["control"]),
    }
    values = {}
    for name, pairs in kinds.items():
        found = maps.average_precision(meta, vectors, *pairs, progress_bar=False)
        values[name] = float(found["average_precision"].mean())
    return values


def embed(
    source: Source, data: Path, options: JumpData, roles: str, out: Path, say: Say
) -> Features:
    """Embed a crop set, or plates as in the Cell Painting Gallery; a pass for each concept."""
    made_of = digest(options.compound, options.metadata, options.load_data, options.centres)

    def write(made: Path) -> Path:
        if not options.metadata:
            raise InputError(f"What is in the wells of '{data}' is not known; {FETCH}")
        return write_jump(
            data,
            made,
            load_data=Path(options.load_data) if options.load_data else None,
            centres=Path(options.centres) if options.centres else None,
            metadata=Metadata(Path(options.metadata), options.compound),
            say=say,
        )

    cells = cells_of(
        data,
        out,
        write,
        holds=lambda root: root.name == "Images" or any(root.rglob("Images")),
        fetch=FETCH,
        name=f"cells-{made_of}",
    )
    passes = one_concept_at_a_time(cells.assignment, roles)
    found = embed_set(source, cells, passes, options, say)
    if options.compound not in found.table:
        # Crop sets call what a cell was treated with its id.
        found = replace(found, table=found.table.assign(**{options.compound: found.text("id")}))
    return found


def _estimates(name: str, found: Retrieval, compounds: NDArray[np.str_]) -> dict[str, Estimate]:
    nothing = Estimate(*[float("nan")] * 3)
    some = not np.isnan(found.precision).all()
    precision = mean_over_groups(found.precision, compounds) if some else nothing
    nearest = mean_over_groups(found.nearest.astype(float), compounds)
    return {f"{name} mAP": precision, f"{name} kNN": nearest}


def _queries(about: pd.DataFrame, found: Retrieval) -> pd.DataFrame:
    return about.assign(precision=found.precision, nearest=found.nearest)


def _indexed(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_axis([str(row) for row in range(len(table))])


PROTOCOL: Final = Protocol(
    "jump-ret",
    "Retrieval of replicates on other plates, a pass of the encoder for each concept channel.",
    "plate, well, site (for cells), compound, and moa where known",
    JumpRetOptions,
    score,
    embed,
    FETCH,
)
