"""Random lines, treatments and assays: varied, repeatable, within bounds, and seen in the image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from napari_c3r.core.simulate import CellLine, Population, SimulatedField, simulate_field
from napari_c3r.core.simulate.nuclei import draw_lobes
from napari_c3r.core.simulate.parameters import Arrangement, Assay, Channel, Nucleus, Optics
from napari_c3r.core.simulate.structures import STRUCTURES
from training.simulate.assay import (
    ACTIN,
    DNA,
    PROTEIN,
    TUBULIN,
    draw_assay,
    draw_optics,
    draw_pixel_size,
)
from training.simulate.draw import (
    draw_antibody,
    draw_cell_line,
    draw_reporter,
    draw_treatment,
    perturb,
    seen_parts,
    untreated,
)
from training.simulate.phenotypes import HABITS
from training.simulate.ranges import RANGES, Range, move, positions
from training.simulate.states import STATES

CLEAN = Optics(psf_um=0.35, haze=0.1, photons=4000)
ASSAY = Assay(
    "plain",
    tuple(
        Channel(
            stain.name,
            replace(draw_antibody(np.random.default_rng(0)), mixture=stain.mixture),
            CLEAN,
        )
        for stain in (DNA, TUBULIN, ACTIN)
    ),
    (),
    pixel_size_um=0.6,
    cells_per_mm2=700,
    debris_per_mm2=0,
)


def seen(line: CellLine, seed: int = 0) -> SimulatedField:
    """Look at cells of one line, stained alike, in a clean microscope."""
    population = [Population("cells", line)]
    return simulate_field(ASSAY, shape=(260, 260), seed=seed, phenotypes=population)


def light(field: SimulatedField, channel: str) -> np.ndarray:
    plane = np.asarray(field.image.channel(channel)).astype(float)
    return plane - np.percentile(plane, 1)


@pytest.fixture(scope="module")
def plain() -> SimulatedField:
    return seen(CellLine())


@pytest.mark.parametrize("draw", [draw_cell_line, draw_antibody, draw_reporter])
def test_a_seed_gives_the_same_draw(draw) -> None:
    first, again, other = (draw(np.random.default_rng(seed)) for seed in (4, 4, 5))
    assert first == again
    assert first != other


@pytest.mark.parametrize("reach", [Range(2, 32), Range(-1, 3, "linear")])
def test_positions_lie_between_the_ends(reach: Range) -> None:
    assert reach.value(0) == pytest.approx(reach.low)
    assert reach.value(1) == pytest.approx(reach.high)
    assert reach.position(reach.value(0.3)) == pytest.approx(0.3)
    assert reach.value(1.2) == pytest.approx(reach.value(0.8))
    assert reach.value(-0.2) == pytest.approx(reach.value(0.2))
    assert reach.low <= reach.value(7.3) <= reach.high


def test_every_parameter_has_a_range_and_moves() -> None:
    for name, reach in RANGES.items():
        part, parameter = name.split(".")
        moved = getattr(getattr(move(CellLine(), {name: 0.4}), part), parameter)
        first = moved[0] if isinstance(moved, tuple) else moved
        assert reach.low - 0.5 <= first <= reach.high + 0.5
        assert moved != getattr(getattr(CellLine(), part), parameter), name


def test_lines_vary_widely() -> None:
    rng = np.random.default_rng(0)
    where = np.array([list(positions(draw_cell_line(rng)).values()) for _ in range(200)])
    assert (where.std(axis=0) > 0.08).all()
    assert (np.ptp(where, axis=0) > 0.4).all()


def test_a_treatment_changes_few_parameters_and_only_what_is_seen() -> None:
    rng = np.random.default_rng(1)
    parts = seen_parts(["chromatin"])
    for _ in range(50):
        line = draw_cell_line(rng)
        before, after = positions(line), positions(perturb(line, rng, parts=parts))
        changed = [name for name in before if abs(before[name] - after[name]) > 1e-9]
        assert 1 <= len(changed) < 25
        assert {name.partition(".")[0] for name in changed} <= parts
    assert "actin" not in parts
    assert "actin" in seen_parts(["actin"])


def test_treatments_have_shares_and_nuclei_that_fit() -> None:
    rng = np.random.default_rng(2)
    line = draw_cell_line(rng)
    for treatment in (untreated(line, rng), *(draw_treatment(line, rng) for _ in range(60))):
        for population in treatment.populations():
            assert population.name == treatment.name
            assert population.share > 0
            cell = population.cell_line
            assert cell.nucleus.radius_um <= 0.601 * cell.outline.radius_um


def test_antibodies_are_sparse_and_varied() -> None:
    rng = np.random.default_rng(3)
    mixtures = [draw_antibody(rng).mixture for _ in range(300)]
    assert all(set(mixture) <= set(STRUCTURES) for mixture in mixtures)
    assert all(min(mixture.values()) >= 0 for mixture in mixtures)
    assert np.mean([len(mixture) for mixture in mixtures]) < 4
    used = {pattern for mixture in mixtures for pattern in mixture}
    assert used == set(STRUCTURES) - {"chromatin"}


def test_optics_are_within_what_the_camera_model_allows() -> None:
    rng = np.random.default_rng(4)
    drawn = [draw_optics(rng, draw_pixel_size(rng)) for _ in range(300)]
    assert min(optics.background for optics in drawn) > 10
    assert {optics.bits for optics in drawn} == {8, 12, 16}
    full = [
        (2**o.bits - o.offset) / o.gain > o.background + 0.9 * o.photons for o in drawn
    ]  # a stain of typical brightness fits
    assert all(full)


def test_an_assay_shows_the_stains_asked_for() -> None:
    assay = draw_assay(np.random.default_rng(5), (DNA, PROTEIN))
    dna, protein = assay.channels
    assert (dna.name, protein.name) == ("DNA", "protein")
    assert protein.antibody is None
    assert dna.antibody is not None
    assert dna.antibody.mixture["chromatin"] > 0


@pytest.mark.parametrize("name", [*STATES, *HABITS])
def test_every_mode_can_be_drawn(name: str) -> None:
    rng = np.random.default_rng(6)
    line = {**STATES, **HABITS}[name](draw_cell_line(rng), rng)
    population = [Population(name, line)]
    field = simulate_field(ASSAY, shape=(128, 128), n_cells=4, seed=1, phenotypes=population)
    assert len(field.truth) >= 1
    assert (np.bincount(field.nuclei.ravel(), minlength=len(field.truth) + 1)[1:] > 0).all()


def test_mitotic_cells_are_round_and_their_dna_is_dense(plain: SimulatedField) -> None:
    field = seen(STATES["metaphase"](CellLine(), np.random.default_rng(7)))
    assert field.truth["radius_um"].median() < 0.85 * plain.truth["radius_um"].median()
    density = [np.percentile(light(f, "DNA")[f.nuclei > 0], 75) for f in (field, plain)]
    assert density[0] > 1.3 * density[1]
    inside = [light(f, "tubulin")[f.nuclei > 0].mean() for f in (field, plain)]
    assert inside[0] > 2 * inside[1]


@pytest.mark.parametrize("name", ["binucleate", "anaphase"])
def test_two_nuclei_lie_apart(name: str) -> None:
    field = seen({**STATES, **HABITS}[name](CellLine(), np.random.default_rng(8)))
    boxes = enumerate(ndimage.find_objects(field.nuclei), start=1)
    masks = [np.pad(field.nuclei[box] == label, 12) for label, box in boxes]
    filled = [ndimage.binary_closing(mask, iterations=10).sum() for mask in masks]
    assert np.median([mask.sum() for mask in masks] / np.array(filled)) < 0.97


@pytest.mark.parametrize("arrangement", ["ring", "heap", "row"])
def test_lobes_have_the_area_of_the_nucleus_and_keep_apart(arrangement: Arrangement) -> None:
    spec = Nucleus(elongation=1.0, lobes=(5, 5), arrangement=arrangement, lobe_cv=0.0)
    lobes = draw_lobes(spec, 9.0, 0.3, np.random.default_rng(3))
    places = np.array([lobe[:2] for lobe in lobes])
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)[np.triu_indices(5, 1)]
    radius = 9.0 / np.sqrt(5)
    assert apart.min() > 1.1 * radius
    area = sum(np.pi * np.mean(radii**2) for _, _, radii in lobes)
    assert area == pytest.approx(np.pi * 81, rel=0.35)


def _roughness(field: SimulatedField, channel: str) -> float:
    """Fine structure in the cytoplasm relative to its brightness."""
    plane = light(field, channel)
    zone = ndimage.binary_erosion((field.cells > 0) & (field.nuclei == 0), iterations=3)
    fine = plane - ndimage.gaussian_filter(plane, 2)
    return float(fine[zone].std() / plane[zone].mean())


def test_lost_microtubules_leave_an_even_haze(plain: SimulatedField) -> None:
    field = seen(HABITS["tubulin lost"](CellLine(), np.random.default_rng(9)))
    assert _roughness(field, "tubulin") < 0.8 * _roughness(plain, "tubulin")


def test_a_ring_of_actin_is_bright_at_the_edge(plain: SimulatedField) -> None:
    field = seen(HABITS["actin ring"](CellLine(), np.random.default_rng(9)))
    contrast = []
    for shown in (field, plain):
        inside = ndimage.minimum_filter(shown.cells, 3) == ndimage.maximum_filter(shown.cells, 3)
        inner = ndimage.binary_erosion(inside & (shown.cells > 0), iterations=4)
        edge = ~inside & (shown.cells > 0)
        actin = light(shown, "actin")
        contrast.append(actin[edge].mean() / actin[inner].mean())
    assert contrast[0] > 2 * contrast[1]


def test_bundles_are_coarser_than_single_filaments(plain: SimulatedField) -> None:
    field = seen(HABITS["tubulin bundled"](CellLine(), np.random.default_rng(10)))
    assert _roughness(field, "tubulin") > 1.3 * _roughness(plain, "tubulin")


def test_rounded_cells_rise_out_of_focus() -> None:
    sharp = CellLine()
    blurred = replace(sharp, body=replace(sharp.body, defocus_um=2.0))
    assert _roughness(seen(blurred), "tubulin") < 0.5 * _roughness(seen(sharp), "tubulin")
