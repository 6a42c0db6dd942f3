"""What the user chooses, and the frozen job that comes of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_c3r.core.diagnose import FlipJob
from napari_c3r.core.diagnose.analyse import MIN_CELLS
from napari_c3r.core.diagnose.embed_variants import single_channel_assignment
from napari_c3r.core.diagnose.of_table import FieldCells, embed_job, inputs_of, label_table_of
from napari_c3r.core.diagnose.planning import plan_variants
from napari_c3r.core.diagnose.registry import (
    default_names,
    needs_single_channels,
    second_encoder_names,
    variant_sources,
)
from napari_c3r.core.diagnose.variants import VariantPlan
from napari_c3r.core.embed.provenance import crop_of, options_of
from napari_c3r.core.encoder.options import RunOptions, watchable
from napari_c3r.core.errors import InputError
from napari_c3r.core.explain.crops import Field
from napari_c3r.core.table import KEY
from napari_c3r.session import EmbeddingResult, Outdated, OutdatedReason, Session

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.crops import CropSpec
    from napari_c3r.core.embed.job import EmbedJob
    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.encoder.config import ConceptMode

DEFAULT_CELLS = 500
"""A sample is of so many unless the user says otherwise."""

MAX_CELLS = 5000
"""All pairs of cells are compared, which takes memory by the square of their number."""

NOISE_REPEATS = 3

# Columns that are measured, name the cell, or were made from the vectors that are judged.
_NO_LABELS = frozenset(
    {"label", "index", "cluster", "touches_border", "crop_padded", "area_px", "nucleus_area_px"}
)


@dataclass(frozen=True)
class DiagnosticsOptions:
    """What to ask of a result.

    Attributes
    ----------
    diagnostics
        Names of those to run, as in the registry.
    most_cells
        Cells to compare at most.
    label_column
        Column of the result to judge by, None for none.
    seed
        Of sample, noise, clusters and maps.
    second_encoder
        Embeds the same cells as well: ``"bundled"`` or a model folder, None for none.
    """

    diagnostics: tuple[str, ...] = field(default_factory=default_names)
    most_cells: int = DEFAULT_CELLS
    label_column: str | None = None
    seed: int = 0
    second_encoder: str | None = None

    @property
    def asked(self) -> tuple[str, ...]:
        """Names of all diagnostics to run, those of a second encoder among them."""
        return self.diagnostics + (second_encoder_names() if self.second_encoder else ())

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of the variants that the diagnostics need."""
        return tuple(variant_sources(self.diagnostics))

    @property
    def single_channels(self) -> bool:
        """Whether the diagnostics need each channel embedded alone."""
        return needs_single_channels(self.diagnostics)

    def plan(self, roles: ChannelAssignment, concept_mode: ConceptMode) -> VariantPlan:
        """The roles to try; InputError where nothing can be asked."""
        kinds = self.kinds
        if not (kinds or self.second_encoder):
            raise InputError(
                "Choose at least one of the questions about roles, or a second encoder"
            )
        may_be_none = self.second_encoder is not None
        return plan_variants(roles, kinds, concept_mode, may_be_none=may_be_none)

    def embeddings(self, roles: ChannelAssignment, concept_mode: ConceptMode) -> int:
        """How often a cell is embedded: for roles, noise and single channels."""
        variants = self.plan(roles, concept_mode).variants
        return len(variants) + NOISE_REPEATS + len(self._alone(roles))

    def cost(self, roles: ChannelAssignment, concept_mode: ConceptMode) -> float:
        """How many embeddings as assigned it costs; what variants share is computed once."""
        shared = {pair for alone in self._alone(roles) for pair in _pairs(alone, concept_mode)}
        for variant in self.plan(roles, concept_mode).variants:
            if variant.passes:
                shared |= {pair for each in variant.passes for pair in _pairs(each, "joint")}
            else:
                shared |= _pairs(variant.assignment, concept_mode)
        return len(shared) / len(_pairs(roles, concept_mode)) + NOISE_REPEATS

    def _alone(self, roles: ChannelAssignment) -> list[ChannelAssignment]:
        used = roles.used if self.single_channels and len(roles.used) > 1 else ()
        return [single_channel_assignment(name, roles.used) for name in used]


def _pairs(roles: ChannelAssignment, concept_mode: ConceptMode) -> set[tuple[tuple[str, ...], ...]]:
    """Context and concepts of every run of the joint encoder, which is most of the work."""
    if concept_mode == "joint":
        return {(roles.context, roles.concept)}
    return {(roles.context, (name,)) for name in roles.concept}


def options_again(kept: Mapping[str, Any]) -> DiagnosticsOptions:
    """What was chosen, from plain values as a session keeps them.

    Raises
    ------
    InputError
        They are no such choice.
    """
    try:
        return DiagnosticsOptions(**{**kept, "diagnostics": tuple(kept["diagnostics"])})
    except (KeyError, TypeError) as error:
        raise InputError("What was asked cannot be read; run the diagnostics again") from error


@dataclass(frozen=True, eq=False)
class DiagnosticsJob:
    """What was chosen and all that it takes to run it; nothing in it can change.

    Attributes
    ----------
    result_id
        Of the result, by which it is recognised: maps and filters leave it as it is.
    clusters
        Name of each cell's cluster by the name of its row; None where there is no map.
    encoder_source, weights
        Where the encoder is, and the hash of its weights.
    run_options, crop
        How the encoder ran, and how cells were cut out, when the result was made.
    """

    options: DiagnosticsOptions
    result_id: int
    fields: tuple[FieldCells, ...]
    roles: ChannelAssignment
    encoder_source: str
    weights: str
    run_options: RunOptions
    crop: CropSpec
    label_table: pd.DataFrame | None
    clusters: pd.Series | None

    def field_job(self, encoder: Encoder, number: int = 0) -> EmbedJob:
        """What embedding the cells of one image would be.

        Raises
        ------
        InputError
            The encoder is not the one that made the result.
        """
        return embed_job(
            self.fields[number],
            self.roles,
            encoder,
            self.crop,
            watchable(self.run_options, encoder.devices),
            weights=self.weights,
        )

    def job(self, encoder: Encoder, second: Encoder | None = None) -> FlipJob:
        """The flip job, with a second encoder where one was chosen; raises as `field_job`."""
        return FlipJob(
            tuple(self.field_job(encoder, number) for number in range(len(self.fields))),
            self.options.kinds,
            self.options.label_column,
            self.label_table,
            self.options.most_cells,
            NOISE_REPEATS,
            self.options.single_channels,
            seed=self.options.seed,
            second=second,
        )


def disabled_reason(session: Session) -> str:
    """Why nothing can be asked of the session's result, or an empty string."""
    result = session.result.current
    if result is None:
        return "Embed the cells first"
    if len(result.table) < MIN_CELLS:
        return f"The result has {len(result.table)} cells; give at least {MIN_CELLS}"
    missing = [n for n in image_names(result) if not (n in result.images and n in result.cells_ids)]
    if missing:
        return f"The pixels of '{missing[0]}' are not at hand; open it and embed its cells again"
    outdated = outdated_reason(session, result.id)
    return f"The result is {outdated}; embed again first" if outdated else ""


def image_names(result: EmbeddingResult) -> list[str]:
    """Images that have cells in the result."""
    return [str(name) for name in result.table.obs["image"].unique()]


def outdated_reason(session: Session, result_id: int) -> OutdatedReason | None:
    """Why what was asked of a result no longer fits what was done since; None if it does."""
    result = session.result.current
    if result is None or result.id != result_id:
        return OutdatedReason(Outdated.RESULT, "out of date: other cells were embedded since")
    reason = session.result_outdated()
    # Turning to a field that was not embedded takes nothing from those that were.
    return None if reason is None or reason.kind is Outdated.FIELD_MISSING else reason


# Boxes, and flags for the quality of a picture, are no classes of cells.
_MEASURED = ("bbox_", "qc_")


def label_columns(obs: pd.DataFrame, plate_map: Collection[str] = ()) -> list[str]:
    """Columns that divide the cells into two classes or more, other than measurements.

    Clusters are left out: made from the vectors as assigned, they would favour these.

    Parameters
    ----------
    obs
        One row per cell.
    plate_map
        The columns that say what was done, which come first; a dose is no measurement.
    """
    import pandas as pd

    found = [name for name in plate_map if 2 <= obs[name].nunique() <= len(obs) // 2]
    for name, column in obs.items():
        if str(name) in plate_map:
            continue
        measured = pd.api.types.is_float_dtype(column.dtype) or str(name).startswith(_MEASURED)
        if str(name) in _NO_LABELS or measured:
            continue
        # As many classes as cells tell nothing of who belongs together.
        if 2 <= column.nunique() <= len(obs) // 2:
            found.append(str(name))
    return found


def make_job(session: Session, options: DiagnosticsOptions) -> DiagnosticsJob:
    """Take from the session what running needs.

    Raises
    ------
    InputError
        Nothing can be asked.
    """
    why = disabled_reason(session)
    if why:
        raise InputError(why)
    result = session.result.current
    assert result is not None
    facts = result.table.uns[KEY]
    options.plan(result.assignment, facts["concept_mode"])
    return DiagnosticsJob(
        options,
        result.id,
        _fields(session, result),
        result.assignment,
        result.encoder_source,
        str(facts["encoder"]["weights_sha256"]),
        options_of(facts),
        crop_of(facts),
        label_table_of(result.table.obs, options.label_column),
        result.table.obs["cluster"].astype(str) if "cluster" in result.table.obs else None,
    )


def _fields(session: Session, result: EmbeddingResult) -> tuple[FieldCells, ...]:
    fields = {}
    for name in image_names(result):
        cells = session.labels.embedded(result.cells_ids[name])
        fields[name] = Field(result.images[name], cells.labels, cells.nuclei)
    return inputs_of(result.table, fields)
