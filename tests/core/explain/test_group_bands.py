"""Which part of the cells sets a group apart, where one part of them was changed and is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import napari_c3r as c3r
from napari_c3r.core.explain.bands import WITH_NUCLEUS, WITHOUT_NUCLEUS
from napari_c3r.core.images import Image

from .spy import ROLES, SIDE, Spy, SpyRun

STEP, RADIUS, NUCLEUS, N = 34, 13, 5.0, 6
GROUP = np.arange(1, N * N + 1) % 3 == 0
_AWAY = np.hypot(*(np.indices((STEP, STEP)) - (STEP - 1) / 2))
_IN_CROP = np.hypot(*(np.indices((SIDE, SIDE)) - (SIDE - 1) / 2)) * STEP / SIDE
# Narrower than the parts of a cell, and none of them by itself.
RINGS = [(low <= _IN_CROP) & (high > _IN_CROP) for low, high in pairwise(np.linspace(0, 13, 11))]
# From the middle to the edge, as the words say.
EDGES = {
    True: (0, 2.5, NUCLEUS, *(NUCLEUS + (RADIUS - NUCLEUS) * np.array([1, 2, 3]) / 3)),
    False: tuple(RADIUS * np.arange(6) / 5),
}


class RingRun(SpyRun):
    """The mean of RNA in narrow rings round the middle, as angles: it sees every part alike."""

    def _columns(self, roles):
        return (("+".join(roles.concept), "cls"),) * (2 * len(RINGS))

    def _vectors(self, crops, roles):
        channel = "RNA" if "RNA" in roles.used else "AGP"
        plane = np.asarray(crops)[:, self._names.index(channel)]
        angles = np.stack([plane[:, ring].mean(axis=1) for ring in RINGS], axis=1) / 400
        return np.concatenate([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


class RingSpy(Spy):
    def n_dims(self, assignment, concept_mode=None, readout=None):
        return 2 * len(RINGS)

    def start(self, assignment, channel_names, options=None):
        return RingRun([assignment], channel_names, options)


def planted(edges, changed):
    """A field whose every third cell has more RNA between two distances from its middle."""
    rng = np.random.default_rng(changed + 1)
    data = rng.normal(100, 2, (len(ROLES.names), N * STEP, N * STEP))
    cells = np.zeros(data.shape[1:], np.int32)
    for label in range(1, N * N + 1):
        part = tuple(slice(STEP * n, STEP * (n + 1)) for n in divmod(label - 1, N))
        cells[part][_AWAY < RADIUS] = label
        for plane in data[:, *part]:
            plane += np.where(_AWAY < RADIUS, rng.normal(200, 25), 0)
        if changed >= 0 and GROUP[label - 1]:
            here = (edges[changed] <= _AWAY) & (edges[changed + 1] > _AWAY)
            data[ROLES.names.index("RNA"), *part][here] += 150
    nuclei = np.where(np.tile(_AWAY < NUCLEUS, (N, N)), cells, 0)
    image = Image.from_array(data.astype(np.float32), list(ROLES.names), name="field")
    return image, cells, nuclei


@pytest.mark.parametrize("with_nucleus", [True, False])
@pytest.mark.parametrize("changed", range(-1, 5))
def test_the_part_that_was_changed_is_named_and_no_other(changed, with_nucleus):
    image, cells, nuclei = planted(EDGES[with_nucleus], changed)
    crop = c3r.CropSpec(field_diameters=1.3)
    encoder = RingSpy()
    table = c3r.embed(image, cells, ROLES, encoder=encoder, crop=crop)
    found = c3r.why_group(
        table,
        GROUP[table.obs["label"] - 1],
        image,
        cells,
        encoder=encoder,
        nuclei=nuclei if with_nucleus else None,
    )
    sure = [each.band for each in found.bands if each.is_sure]
    if changed < 0:
        assert not found.named
        assert not sure
        return
    names = WITH_NUCLEUS if with_nucleus else WITHOUT_NUCLEUS
    assert [each.channel for each in found.named] == ["RNA"]
    assert [each.band for each in found.bands] == list(names)
    strongest = max(found.bands, key=lambda each: each.back - each.usual)
    assert strongest.band == names[changed]
    assert names[changed] in sure
    assert found.sentence.endswith(names[changed])
    # A part that is covered takes a little of those beside it along.
    assert all(abs(names.index(band) - changed) <= 1 for band in sure)
