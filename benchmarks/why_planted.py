"""Whether the map of places finds a change planted in simulated cells, and in which channel.

Run from the root of the repository: ``python -m benchmarks.why_planted [SEEDS]``.
In half of the cells of a field, one channel is changed in one disc: made brighter, made darker, or
its pixels shuffled, which leaves its brightness as it was. The cells are embedded, changed and
unchanged ones together, and some changed ones are asked. A map hits where its highest place holds
the middle of the disc. Beside it stand what a random place of the cell hits, and ways to
point at a place that cover nothing one at a time: the brightest place, that of most contrast, the
patch token most unlike the others, and random masks of half the places (RISE; Petsiuk et al. 2018)
with as many crops. The channel is right where its map reaches highest of all.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.embed.field import embed
from napari_c3r.core.encoder import Encoder, load_encoder
from napari_c3r.core.explain import ALL, Field, WhyHere, WhyJob, WhyOptions, WhyRun
from napari_c3r.core.explain.places import filling, grid
from napari_c3r.core.explain.reference import Reference, apart
from napari_c3r.core.images import Image
from napari_c3r.core.simulate import simulate_field
from napari_c3r.core.simulate.presets import ASSAYS

KINDS = ("brighter", "darker", "shuffled")
RADIUS_UM = 5.0
# A change that moves the vector less than this is no cause of where the cell is.
SEEN = 0.03

Tally = dict[str, list[float]]


@dataclass(frozen=True)
class Plant:
    """Where one cell was changed, in pixels of the image."""

    label: int
    y: int
    x: int


def planted(
    image: Image, cells: NDArray[np.int32], labels: list[int], channel: int, kind: str, seed: int
) -> tuple[Image, list[Plant]]:
    """Change one disc in one channel of some cells."""
    data = np.asarray(image.data).astype(np.float64)
    plane, rng = data[channel], np.random.default_rng(seed)
    radius = RADIUS_UM / (image.pixel_size_um or 1.0)
    reach = int(np.ceil(2 * radius))
    plants = []
    for label in labels:
        inside = cells == label
        deep = np.argwhere(ndi.distance_transform_edt(inside) > radius)
        if not len(deep):
            continue
        y, x = (int(at) for at in deep[rng.integers(len(deep))])
        part = slice(max(y - reach, 0), y + reach + 1), slice(max(x - reach, 0), x + reach + 1)
        rows, columns = np.ogrid[part]
        away = np.hypot(rows - y, columns - x)
        values, low = plane[inside], float(np.percentile(plane, 1))
        if kind == "brighter":
            plane[part] += 2 * (np.percentile(values, 99) - low) * np.exp(-((away / radius) ** 2))
        elif kind == "darker":
            plane[part] -= 0.9 * (plane[part] - low) * np.exp(-((away / radius) ** 4))
        else:
            disc = away <= radius
            plane[part][disc] = rng.permutation(plane[part][disc])
        plants.append(Plant(label, y, x))
    kept = np.clip(np.round(data), 0, 65535).astype(np.uint16)
    changed = Image.from_array(kept, image.channel_names, image.pixel_size_um, image.name)
    return changed, plants


def study(
    seed: int, kind: str, encoder: Encoder, options: WhyOptions, *, side: int = 600, asked: int = 4
) -> Tally:
    """Plant one kind of change in one field, and ask some of the changed cells."""
    made = simulate_field(
        replace(ASSAYS["cell-painting"], debris_per_mm2=0), shape=(side, side), seed=seed
    )
    roles = ChannelAssignment.preset("jump-cp", made.image.channel_names)
    channel = seed % len(roles.used)
    free = made.truth.loc[~made.truth["touches_border"], "label"].tolist()
    image, plants = planted(made.image, made.cells, free[::2], channel, kind, seed)
    table = embed(image, made.cells, roles, encoder=encoder)
    clean = embed(made.image, made.cells, roles, encoder=encoder)
    reference = Reference(np.asarray(table.X))
    found: Tally = defaultdict(list)
    rows = np.searchsorted(table.obs["label"].to_numpy(), [plant.label for plant in plants])
    before, after = (reference.directions(np.asarray(each.X)[rows]) for each in (clean, table))
    moved = apart(before, after)
    found["moved by the change"] = (moved >= SEEN).astype(float).tolist()
    for number in np.argsort(-moved)[:asked]:
        if moved[number] < SEEN:
            break
        plant, row = plants[number], int(rows[number])
        fields = {image.name: Field(image, made.cells, made.nuclei)}
        run = WhyRun(WhyJob(table, row, fields, encoder, options))
        for _ in run.steps():
            pass
        why = run.result()
        centre = (np.array([plant.y, plant.x]) - why.corner + 0.5) / why.scale
        for name, value in _scores(why, encoder, channel, centre, seed).items():
            found[name].append(value)
    return found


def _scores(
    why: WhyHere, encoder: Encoder, channel: int, centre: NDArray[np.float64], seed: int
) -> dict[str, float]:
    name = why.channel_names[channel]
    places = why.map_of(name)
    width = int(places.covers[0, 0, 2])

    def near(pixel: NDArray[np.float64]) -> float:
        return float(np.abs(pixel - centre).max() <= width / 2)

    def holds(covers: NDArray[np.intp]) -> NDArray[np.bool_]:
        start, side = covers[:, 0, :2], covers[:, 0, 2:]
        return np.asarray(((start <= centre) & (centre < start + side)).all(axis=1))

    assert why.cell is not None
    plane = np.where(why.cell, why.crop[channel], why.crop[channel].min())
    smooth = ndi.gaussian_filter(plane, width / 4)
    contrast = ndi.gaussian_filter((plane - smooth) ** 2, width / 4) * why.cell
    tokens = _token_map(why, encoder)
    highest = {each.channel: float(each.moved.max(initial=0)) for each in why.maps}
    surest = [int(np.argmax(each.moved)) for each in (places, why.map_of(ALL))]
    alone = {key: value for key, value in highest.items() if key != ALL}
    return {
        "place, in the channel": float(holds(places.covers)[surest[0]]),
        "place, over all channels": float(holds(why.map_of(ALL).covers)[surest[1]]),
        "place, outlined": float((holds(places.covers) & places.above).any()),
        "share outlined": float(places.above.mean()),
        "a random place of the cell": float(
            (np.abs(np.argwhere(why.cell) + 0.5 - centre).max(axis=1) <= width / 2).mean()
        ),
        "the brightest place": near(_highest(smooth)),
        "most contrast": near(_highest(contrast)),
        "most unlike token": near(_highest(tokens)),
        "random masks": near(_highest(_rise(why, encoder, channel, seed))),
        "channel": float(max(alone, key=alone.__getitem__) == name),
        "channel, by leaving it out": float(why.ranked[0].channel == name),
    }


def _highest(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array(np.unravel_index(int(np.nanargmax(picture)), picture.shape)) + 0.5


def _token_map(why: WhyHere, encoder: Encoder) -> NDArray[np.float64]:
    """How unlike the mean of all patches each is, in the crop's pixels."""
    roles = ChannelAssignment(why.settings["roles"])
    roles = roles.for_channels(why.channel_names)
    tokens = encoder.tokens(why.crop[None], roles, why.channel_names)[0, 1:]
    mean = tokens.mean(axis=0)
    unlike = 1 - tokens @ mean / np.linalg.norm(tokens, axis=1) / np.linalg.norm(mean)
    across = round(len(unlike) ** 0.5)
    at = (np.arange(why.side) * across) // why.side
    return np.asarray(unlike.reshape(across, across)[np.ix_(at, at)])


def _rise(why: WhyHere, encoder: Encoder, channel: int, seed: int) -> NDArray[np.float64]:
    """Random halves of the places covered, each credited with the mean movement, per channel."""
    options = why.settings
    covers = grid(why.side, options["places"], 1)[:, 0]
    width = int(covers[0, 2])
    fill = filling(why.crop, options["fill"], width)
    count = len(why.map_of(why.channel_names[channel]).covers) + options["draws"]
    rng = np.random.default_rng(seed)
    masks = rng.random((count, len(covers))) < 0.5
    crops = np.repeat(why.crop[None], count, axis=0)
    for crop, mask in zip(crops, masks, strict=True):
        for y, x, side in covers[mask].tolist():
            part = channel, slice(y, y + side), slice(x, x + side)
            crop[part] = fill[part]
    roles = ChannelAssignment(options["roles"]).for_channels(why.channel_names)
    vectors = encoder.embed(np.concatenate([why.crop[None], crops]), roles, why.channel_names)
    moved = np.linalg.norm(vectors[1:] - vectors[0], axis=1)
    hidden = (moved @ masks) / masks.sum(axis=0) - (moved @ ~masks) / (~masks).sum(axis=0)
    picture = np.full((why.side, why.side), -np.inf)
    for (y, x, side), value in zip(covers.tolist(), hidden.tolist(), strict=True):
        picture[y + side // 2, x + side // 2] = value
    return picture


def rates(seeds: int, encoder: Encoder, options: WhyOptions, **sizes: int) -> dict[str, Tally]:
    """Run every kind with every seed."""
    tally: dict[str, Tally] = {kind: defaultdict(list) for kind in KINDS}
    for seed in range(seeds):
        for kind in KINDS:
            for name, values in study(seed, kind, encoder, options, **sizes).items():
                tally[kind][name] += values
        print(f"seed {seed + 1} of {seeds}\n{as_table(tally)}", file=sys.stderr, flush=True)
    return tally


def as_table(tally: dict[str, Tally]) -> str:
    """Mean of every score by kind, in Markdown."""
    names = list(dict.fromkeys(name for each in tally.values() for name in each))
    lines = ["| | " + " | ".join(tally) + " |", "|---|" + "---|" * len(tally)]
    for name in names:
        values = [
            f"{np.mean(each[name]):.2f} of {len(each[name])}" if each.get(name) else "–"
            for each in tally.values()
        ]
        lines.append(f"| {name} | {' | '.join(values)} |")
    return "\n".join(lines)


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    encoder = load_encoder()
    print(f"{encoder.name}\n\n{as_table(rates(seeds, encoder, WhyOptions()))}")


if __name__ == "__main__":
    main()
