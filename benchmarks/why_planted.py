"""Whether asking names the channel and the place of a change planted in simulated cells.

Run from the root of the repository: ``python -m benchmarks.why_planted FIRST_SEED SEEDS``.
In eight cells of a field one channel is changed: made brighter or darker in a disc, blurred, given
spots, or drawn towards the nucleus. Half of the other cells are the reference cells. Two changed
cells, of those that the change moves, are asked what sets them apart from these, and so are the
eight as a group. Beside what is named stand ways that look at no vector: the channel whose mean
intensity differs most from the reference cells', the one that is brightest against them, and
chance. A map of places hits where its highest place holds the middle of the disc; beside it stand a
random place of the cell, and the brightest.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.embed.field import embed
from napari_c3r.core.encoder import Encoder, load_encoder
from napari_c3r.core.explain import (
    CellSet,
    Field,
    GroupJob,
    GroupRun,
    WhyHere,
    WhyJob,
    WhyOptions,
    WhyRun,
)
from napari_c3r.core.explain.crops import CellCrops
from napari_c3r.core.explain.exchanger import UsualWays
from napari_c3r.core.explain.reference import Reference, apart
from napari_c3r.core.images import Image
from napari_c3r.core.simulate import SimulatedField, simulate_field
from napari_c3r.core.simulate.presets import ASSAYS

KINDS = ("brighter", "darker", "blurred", "spots", "drawn in")
PLACED = ("brighter", "darker")
RADIUS_UM = 5.0
CHANGED, ASKED = 8, 2
# A change that moves the vector less than this is no cause of where the cell is.
SEEN = 0.03

Tally = dict[str, list[float]]


@dataclass(frozen=True, eq=False)
class World:
    """A field, its table, and who is who in it."""

    made: SimulatedField
    table: AnnData
    roles: ChannelAssignment
    reference: CellSet
    pool: NDArray[np.intp]

    @classmethod
    def of(cls, seed: int, encoder: Encoder, side: int) -> World:
        """Simulate and embed a field, half of whose cells are reference cells."""
        assay = replace(ASSAYS["cell-painting"], debris_per_mm2=0)
        made = simulate_field(assay, shape=(side, side), seed=seed)
        roles = ChannelAssignment.preset("jump-cp", made.image.channel_names)
        table = embed(made.image, made.cells, roles, encoder=encoder)
        free = np.flatnonzero(~table.obs["touches_border"].to_numpy(bool))
        free = np.random.default_rng(seed).permutation(free)
        rows = np.zeros(len(table), bool)
        rows[free[len(free) // 2 :]] = True
        return cls(made, table, roles, CellSet("reference cells", rows), free[: len(free) // 2])


def changed(
    world: World, labels: list[int], channel: int, kind: str, seed: int
) -> tuple[Image, dict[int, tuple[int, int]]]:
    """Change one channel of some cells; where the middle of a disc is, by label."""
    image, rng = world.made.image, np.random.default_rng([seed, channel, KINDS.index(kind)])
    data = np.asarray(image.data).astype(np.float64)
    plane, scale = data[channel], image.pixel_size_um or 1.0
    low, middles = float(np.percentile(plane, 1)), {}
    for label in labels:
        (box,) = ndi.find_objects((world.made.cells == label).astype(np.int8))
        part = tuple(slice(max(each.start - 20, 0), each.stop + 20) for each in box)
        inside, nucleus = (each[part] == label for each in (world.made.cells, world.made.nuclei))
        at = _change(plane[part], inside, nucleus, low, scale, kind, rng)
        if at is not None:
            middles[label] = at[0] + part[0].start, at[1] + part[1].start
    kept = np.clip(np.round(data), 0, 65535).astype(np.uint16)
    return Image.from_array(kept, image.channel_names, scale, image.name), middles


def _change(
    plane: NDArray[np.float64],
    inside: NDArray[np.bool_],
    nucleus: NDArray[np.bool_],
    low: float,
    scale: float,
    kind: str,
    rng: np.random.Generator,
) -> tuple[int, int] | None:
    """Change one cell in place; the middle of the disc, where the change is one."""
    top = float(np.percentile(plane[inside], 99)) - low
    if kind == "blurred":
        plane[inside] = ndi.gaussian_filter(plane, 1.5 / scale)[inside]
    elif kind == "spots":
        spots = np.zeros(plane.shape)
        spots[tuple(rng.permutation(np.argwhere(inside))[:25].T)] = 1
        spots = ndi.gaussian_filter(spots, 0.8 / scale)
        plane += np.where(inside, 1.2 * top * spots / spots.max(), 0)
    elif kind == "drawn in":
        away = ndi.distance_transform_edt(~nucleus) * scale
        plane[inside] = (low + (plane - low) * (0.25 + 1.5 * np.exp(-away / 4)))[inside]
    else:
        deep = np.argwhere(ndi.distance_transform_edt(inside) > RADIUS_UM / scale)
        if not len(deep):
            return None
        y, x = map(int, deep[rng.integers(len(deep))])
        rows, columns = np.ogrid[: plane.shape[0], : plane.shape[1]]
        away = np.hypot(rows - y, columns - x) * scale / RADIUS_UM
        if kind == "brighter":
            plane += 2 * top * np.exp(-(away**2))
        else:
            plane -= 0.9 * (plane - low) * np.exp(-(away**4))
        return y, x
    return None


def study(
    seed: int,
    kinds: tuple[str, ...],
    encoder: Encoder,
    options: WhyOptions,
    *,
    side: int = 500,
    channels: int = 5,
) -> dict[str, Tally]:
    """Plant each kind of change in each channel of one field, and ask."""
    world = World.of(seed, encoder, side)
    found: dict[str, Tally] = {kind: defaultdict(list) for kind in kinds}
    usual: UsualWays | None = None
    for channel in range(min(channels, len(world.roles.used))):
        for kind in kinds:
            usual = _trial(world, channel, kind, seed, encoder, options, usual, found[kind])
    return found


def _trial(
    world: World,
    channel: int,
    kind: str,
    seed: int,
    encoder: Encoder,
    options: WhyOptions,
    usual: UsualWays | None,
    tally: Tally,
) -> UsualWays | None:
    """One kind of change in one channel, counted; what is known of the reference cells then."""
    rng = np.random.default_rng([seed, channel, KINDS.index(kind), 1])
    rows = rng.permutation(world.pool)[:CHANGED]
    labels = world.table.obs["label"].to_numpy()
    image, middles = changed(world, labels[rows].tolist(), channel, kind, seed)
    fields = {image.name: Field(image, world.made.cells, world.made.nuclei)}
    used, clean = world.roles.used, Reference(np.asarray(world.table.X))
    crops = CellCrops(world.table, fields, used, encoder).of(rows.tolist())
    vectors = encoder.embed(crops, world.roles.for_channels(used), used)
    moved = apart(clean.directions(vectors), clean.directions(np.asarray(world.table.X)[rows]))
    tally["moved by the change"] += (moved >= SEEN).astype(float).tolist()
    table = world.table.copy()
    table.X[rows] = vectors
    intensity = _intensity(world, image, rows)
    for place in np.flatnonzero(moved >= SEEN)[:ASKED]:
        row = int(rows[place])
        job = WhyJob(table, row, fields, encoder, options, compared=world.reference, usual=usual)
        run, with_places = WhyRun(job), kind in PLACED and int(labels[row]) in middles
        for step in run.steps():
            if step.stage.startswith("covering") and not with_places:
                break
        why, usual = run.result(), run.usual
        tally["channel, one cell"].append(float(why.ranked[0].channel == used[channel]))
        tally["named, one cell"].append(float(bool(why.named)))
        if why.named:
            right = float(why.named[0].channel == used[channel])
            said = "right where said without a doubt" if why.is_clear else "right where perhaps"
            tally[said].append(right)
        differs = intensity[place]
        tally["intensity that differs most"].append(float(np.argmax(np.abs(differs)) == channel))
        tally["brightest against the others"].append(float(np.argmax(differs) == channel))
        if with_places:
            centre = (np.array(middles[int(labels[row])]) - why.corner + 0.5) / why.scale
            for name, value in _place_scores(why, used[channel], centre).items():
                tally[name].append(value)
    if (moved >= SEEN).sum() < CHANGED // 2:
        return usual
    group = CellSet("the changed cells", np.isin(np.arange(len(table)), rows))
    asked = GroupRun(
        GroupJob(
            table,
            group,
            world.reference,
            fields,
            encoder,
            replace(options, cells=6),
            usual=usual,
        )
    )
    for step in asked.steps():
        if step.stage.startswith("covering"):
            break
    of_group = asked.result()
    right = float(of_group.ranked[0].channel == used[channel])
    tally["channel, group"].append(right)
    if of_group.named:
        said = "without a doubt" if of_group.is_clear else "perhaps"
        tally[f"right where {said}, group"].append(right)
    differs = intensity.mean(axis=0)
    tally["intensity that differs most, group"].append(float(np.argmax(np.abs(differs)) == channel))
    return asked.usual


def _intensity(world: World, image: Image, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """How the mean intensity of changed cells differs from the reference cells', (rows, C)."""
    labels = world.table.obs["label"].to_numpy()
    planes = [np.asarray(image.data)[image.channel_names.index(n)] for n in world.roles.used]
    means = np.stack(
        [np.log(ndi.mean(plane.astype(np.float64), world.made.cells, labels)) for plane in planes],
        axis=1,
    )
    there = means[world.reference.rows]
    return np.asarray((means[rows] - there.mean(axis=0)) / there.std(axis=0))


def _place_scores(why: WhyHere, channel: str, centre: NDArray[np.float64]) -> dict[str, float]:
    """What points at the middle of the disc, where the right channel was mapped."""
    if channel not in [each.channel for each in why.maps]:
        return {}
    assert why.cell is not None
    places = why.map_of(channel)
    width = int(places.covers[0, 0, 2])
    start, side = places.covers[:, 0, :2], places.covers[:, 0, 2:]
    holds = ((start <= centre) & (centre < start + side)).all(axis=1)
    plane = why.crop[why.channel_names.index(channel)]
    smooth = ndi.gaussian_filter(np.where(why.cell, plane, plane.min()), width / 4)
    brightest = np.array(np.unravel_index(int(smooth.argmax()), smooth.shape)) + 0.5
    return {
        "place, in the channel": float(holds[np.argmax(places.moved)]),
        "an outlined place": float((holds & places.above).any()),
        "share outlined": float(places.above.mean()),
        "a random place of the cell": float(
            (np.abs(np.argwhere(why.cell) + 0.5 - centre).max(axis=1) <= width / 2).mean()
        ),
        "the brightest place": float(np.abs(brightest - centre).max() <= width / 2),
    }


def together(tally: dict[str, Tally]) -> dict[str, Tally]:
    """All kinds as one more."""
    total: Tally = defaultdict(list)
    for each in tally.values():
        for name, values in each.items():
            total[name] += values
    return {**tally, "all": total}


def as_table(tally: dict[str, Tally]) -> str:
    """Every score by kind with its 95 % interval (Wilson 1927), in Markdown."""
    names = list(dict.fromkeys(name for each in tally.values() for name in each))
    lines = ["| | " + " | ".join(tally) + " |", "|---|" + "---|" * len(tally)]
    for name in names:
        values = [_share(each.get(name, [])) for each in tally.values()]
        lines.append(f"| {name} | {' | '.join(values)} |")
    return "\n".join(lines)


def _share(values: list[float]) -> str:
    if not values:
        return "–"
    n, share, z = len(values), float(np.mean(values)), 1.96
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return f"{share:.2f} ({max(middle - half, 0):.2f}–{min(middle + half, 1):.2f}) of {n}"


def main() -> None:
    first, count = (int(sys.argv[n]) if len(sys.argv) > n else n for n in (1, 2))
    encoder = load_encoder()
    tally: dict[str, Tally] = {kind: defaultdict(list) for kind in KINDS}
    for seed in range(first, first + count):
        for kind, found in study(seed, KINDS, encoder, WhyOptions()).items():
            for name, values in found.items():
                tally[kind][name] += values
        print(f"seed {seed}\n{as_table(together(tally))}", file=sys.stderr, flush=True)
    print(f"{encoder.name}, chance {0.2:.2f}\n\n{as_table(together(tally))}")


if __name__ == "__main__":
    main()
