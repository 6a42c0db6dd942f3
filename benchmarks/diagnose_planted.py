"""Detection and false-alarm rates of the diagnostics on simulated cells with known truth.

Run from the root of the repository: ``python -m benchmarks.diagnose_planted [SEEDS]``.
What is planted, for every seed anew:

- *A role that matters* to an encoder made deaf to its context group, so that a channel counts
  as a concept alone: swapping the groups, or the role of a concept, must change neighbours;
  leaving out a context channel must not. Two phenotypes differ in their mitochondria alone:
  the role of that channel must matter for telling them apart, unless a twin shows the same.
- *Twins*: both groups hold a shot of the same two stains, each with its own camera noise;
  swapping them, or leaving out a context channel that has a twin beside it, must not matter.
- *Plate*: wells of a plate out of focus beside those of a plate in focus; and two alike.
- *Size*: cells of two sizes; and the same cells with all their columns dealt out at random.
"""

from __future__ import annotations

import copy
import sys
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.diagnose import FlipReport, Grade, Kind, flip_report
from napari_c3r.core.diagnose.confounds import confounds
from napari_c3r.core.diagnose.confounds_result import Confounds
from napari_c3r.core.diagnose.verdict import Verdict
from napari_c3r.core.embed.field import embed
from napari_c3r.core.encoder import Encoder, load_encoder
from napari_c3r.core.encoder.families.cce.network import CONTEXT
from napari_c3r.core.images import Image
from napari_c3r.core.simulate import (
    Assay,
    CellLine,
    Channel,
    Population,
    SimulatedField,
    simulate_field,
)
from napari_c3r.core.simulate.parameters import Mitochondria
from napari_c3r.core.simulate.presets import ASSAYS

_PAINTING = ASSAYS["cell-painting"]
_STAINS = {channel.name: channel for channel in _PAINTING.channels}
_OUT_OF_FOCUS = replace(_STAINS["DNA"].optics, psf_um=1.5, haze=0.6, photons=150)
Tally = dict[str, list[bool]]
# Times that the columns are dealt out at random for every seed.
_DEALS = 5


def assay(channels: list[Channel], populations: list[Population]) -> Assay:
    """A cell painting of other channels and cells, every stain alike in all cells."""
    return replace(
        _PAINTING,
        channels=tuple(channels),
        populations=tuple(populations),
        staining_cv=0.0,
        debris_per_mm2=0,
    )


def fragmented() -> list[Population]:
    """Two phenotypes that differ in their mitochondria alone."""
    broken = Mitochondria(number=230, length_um=0.7, reach_um=16.0, polarity=0.0, amount=2.0)
    return [
        Population("threads", CellLine()),
        Population("fragments", CellLine(mitochondria=broken)),
    ]


def deaf_to_context(encoder: Encoder) -> Encoder:
    """Make a copy whose context branch sees the same in every image.

    Its truth is known: a channel counts as a concept and in no other role.
    """
    deaf = copy.deepcopy(encoder)
    with torch.no_grad():
        deaf.network.patch_embed.proj[CONTEXT].weight.zero_()
    return deaf


def role_for_a_label(seed: int, encoder: Encoder, n_cells: int) -> Tally:
    """Whether the role of the channel that shows a phenotype matters for telling it."""
    channels = [_STAINS[name] for name in ("DNA", "RNA", "Mito")]
    channels.append(replace(_STAINS["Mito"], name="Mito twin"))
    made = simulate_field(assay(channels, fragmented()), shape=_shape(2 * n_cells), seed=seed)
    found = {}
    for label, other in (
        ("label: role of Mito, alone to show it [effect]", "RNA"),
        ("label: role of Mito, shown by a twin too [null]", "Mito twin"),
    ):
        report = flip_report(
            made.image,
            made.cells,
            ChannelAssignment({"DNA": "context", "Mito": "concept", other: "concept"}),
            encoder=deaf_to_context(encoder),
            kinds=(Kind.FLIP,),
            label_column="phenotype",
            label_table=made.truth,
            seed=seed,
        )
        found[label] = [_is_real(report.result("Mito as context").on_labels)]
    return found


def groups(seed: int, encoder: Encoder, n_cells: int) -> Tally:
    """Whether groups of different stains matter to an encoder that hears one of them."""
    made = simulate_field(
        assay([_STAINS[n] for n in ("DNA", "ER", "AGP", "Mito")], [Population("U2OS")]),
        shape=_shape(2 * n_cells),
        seed=seed,
    )
    roles = ChannelAssignment(
        {"DNA": "context", "ER": "context", "AGP": "concept", "Mito": "concept"}
    )
    kinds = (Kind.SWAP, Kind.FLIP, Kind.DROP)
    report = _asked(made, roles, deaf_to_context(encoder), kinds, seed)
    return {
        "groups swapped, different stains [effect]": [
            _is_real(report.result(str(Kind.SWAP)).verdict)
        ],
        "one role swapped: Mito [effect]": [_is_real(report.result("Mito as context").verdict)],
        "context left out, not heard [null]": [_is_real(report.result("without ER").verdict)],
    }


def twins(seed: int, encoder: Encoder, n_cells: int) -> Tally:
    """Whether groups of the same stains, each shot twice, matter."""
    names = ("DNA", "ER")
    channels = [replace(_STAINS[n], name=f"{n} {shot}") for shot in (1, 2) for n in names]
    made = simulate_field(assay(channels, [Population("U2OS")]), shape=_shape(n_cells), seed=seed)
    swap = ChannelAssignment(
        {"DNA 1": "context", "ER 1": "context", "DNA 2": "concept", "ER 2": "concept"}
    )
    drop = ChannelAssignment({"DNA 1": "context", "DNA 2": "context", "ER 1": "concept"})
    found: Tally = {}
    for label, roles, kind, name in (
        ("groups swapped, twins [null]", swap, Kind.SWAP, str(Kind.SWAP)),
        ("context left out, a twin stays [null]", drop, Kind.DROP, "without DNA 2"),
    ):
        found[label] = [_is_real(_asked(made, roles, encoder, (kind,), seed).result(name).verdict)]
    return found


def plates(seed: int, encoder: Encoder, n_cells: int, wells: int = 5) -> Tally:
    """Whether a plate out of focus stands out, and one that was treated alike."""
    roles = ChannelAssignment({"DNA": "context", "AGP": "concept"})
    parts: dict[str, list[tuple[np.ndarray, pd.DataFrame]]] = defaultdict(list)
    for number, plate in enumerate(("A", "B", "blurred")):
        for well in range(wells):
            channels = [_STAINS["DNA"], _STAINS["AGP"]]
            if plate == "blurred":
                channels = [replace(c, optics=_OUT_OF_FOCUS) for c in channels]
            made = simulate_field(
                assay(channels, [Population("U2OS")]),
                shape=_shape(n_cells // wells),
                seed=1000 * seed + 10 * number + well,
            )
            table = embed(_named(made.image, plate, well), made.cells, roles, encoder=encoder)
            parts[plate].append((np.asarray(table.X), table.obs))
    found = {}
    for label, other in (
        ("plate out of focus [effect]", "blurred"),
        ("plate treated alike [null]", "B"),
    ):
        both = parts["A"] + parts[other]
        vectors = np.concatenate([v for v, _ in both])
        obs = pd.concat([o for _, o in both], ignore_index=True)
        found[label] = [_stands_out(confounds(vectors, obs, seed=seed), "plate")]
    return found


def sizes(seed: int, encoder: Encoder, n_cells: int) -> Tally:
    """Whether cell size stands out where cells have two sizes, and when it is dealt out."""
    small = replace(CellLine(), outline=replace(CellLine().outline, radius_um=15.0))
    made = simulate_field(
        assay([_STAINS["DNA"], _STAINS["AGP"]], [Population("U2OS"), Population("small", small)]),
        shape=_shape(n_cells),
        seed=seed,
    )
    roles = ChannelAssignment({"DNA": "context", "AGP": "concept"})
    table = embed(made.image, made.cells, roles, encoder=encoder, nuclei=made.nuclei)
    vectors, obs = np.asarray(table.X), table.obs
    clusters = _two_means(vectors, seed)
    # Not the seed of the permutations, which would deal the columns out in the same order.
    rng = np.random.default_rng([seed, 1])
    dealt_out = [obs.iloc[rng.permutation(len(obs))].reset_index(drop=True) for _ in range(_DEALS)]
    found = confounds(vectors, obs, clusters=clusters, seed=seed)
    return {
        "cell size, two sizes [effect]": [_stands_out(found, "cell size")],
        "any factor dealt out at random, map and clusters [null]": [
            any(f.stands_out for f in confounds(vectors, o, clusters=clusters, seed=seed).results)
            for o in dealt_out
        ],
    }


STUDIES = (role_for_a_label, groups, twins, plates, sizes)


def _asked(
    made: SimulatedField,
    roles: ChannelAssignment,
    encoder: Encoder,
    kinds: tuple[Kind, ...],
    seed: int,
) -> FlipReport:
    return flip_report(made.image, made.cells, roles, encoder=encoder, kinds=kinds, seed=seed)


def _is_real(verdict: Verdict | None) -> bool:
    """Whether any effect is seen, larger than noise or smaller."""
    return verdict is not None and verdict.grade is not Grade.NONE


def _shape(n_cells: int) -> tuple[int, int]:
    """Side of a square field that holds about so many cells at the assay's density."""
    side = round((n_cells / _PAINTING.cells_per_mm2) ** 0.5 * 1000 / _PAINTING.pixel_size_um)
    return side, side


def _named(image: Image, plate: str, well: int) -> Image:
    return replace(image, name=f"{plate}{well}", plate=plate, well=f"{plate}{well}")


def _two_means(vectors: np.ndarray, seed: int) -> list[str]:
    from sklearn.cluster import KMeans

    return [str(number) for number in KMeans(2, random_state=seed, n_init=3).fit_predict(vectors)]


def _stands_out(found: Confounds, factor: str) -> bool:
    """Whether a factor stands out on the map, under whichever name its levels share."""
    return any(
        each.stands_out for each in found.results if each.scope == "map" and factor in each.factor
    )


def rates(seeds: int, encoder: Encoder, n_cells: int = 60, *, say: bool = False) -> Tally:
    """Run every study with every seed: what was called, one entry for each question asked."""
    tally: Tally = defaultdict(list)
    for seed in range(seeds):
        for study in STUDIES:
            for label, called in study(seed, encoder, n_cells).items():
                tally[label] += called
        if say:
            print(f"seed {seed + 1}/{seeds}\n{as_table(tally)}", file=sys.stderr, flush=True)
    return tally


def as_table(tally: Tally) -> str:
    """How often each question was answered yes, in Markdown."""
    lines = [f"| {label} | {sum(calls)} of {len(calls)} |" for label, calls in tally.items()]
    return "\n".join(["| planted | effect seen |", "|---|---|", *lines])


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    encoder = load_encoder()
    tally = rates(seeds, encoder, say=True)
    print(f"Encoder: {encoder.name}; 60 cells, or 120 where roles or labels matter\n")
    print(as_table(tally))


if __name__ == "__main__":
    main()
