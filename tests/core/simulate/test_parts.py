"""The parts of the simulator keep what they promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from napari_c3r.core.simulate.cells import Cells
from napari_c3r.core.simulate.filaments import Threads, draw, grow, scatter
from napari_c3r.core.simulate.optics import detect, illumination, through_lens
from napari_c3r.core.simulate.parameters import Nucleus, Optics, Outline, Population
from napari_c3r.core.simulate.placing import plan_cells
from napari_c3r.core.simulate.rasterise import rasterise
from napari_c3r.core.simulate.scene import Scene
from napari_c3r.core.simulate.shapes import cell_outline, nucleus_outline
from napari_c3r.core.simulate.structures import STRUCTURES
from napari_c3r.core.simulate.texture import blur, enlarge, network, noise


@pytest.fixture(scope="module")
def cells() -> Cells:
    rng = np.random.default_rng(0)
    populations = (Population("plain"),)
    plans = plan_cells(populations, (150.0, 150.0), 10, rng)
    return rasterise(plans, populations, (300, 300), 0.5, rng)


@pytest.mark.parametrize("grain", [0.5, 3.0, 20.0])
def test_noise_is_standard(grain: float) -> None:
    values = noise((300, 400), grain, np.random.default_rng(1))
    assert values.shape == (300, 400)
    assert values.dtype == np.float32
    assert abs(values.mean()) < 0.2
    assert values.std() == pytest.approx(1, abs=0.25)


def test_wide_blur_is_close_to_the_exact_one() -> None:
    image = noise((200, 230), 6, np.random.default_rng(2))
    exact = ndimage.gaussian_filter(image, 14, mode="nearest")
    assert np.abs(blur(image, 14) - exact).max() < 0.08 * np.ptp(exact)


def test_enlarging_keeps_a_slope() -> None:
    slope = np.add.outer(np.arange(6), 2 * np.arange(5)).astype(np.float32)
    large = enlarge(slope, 4)
    assert large.shape == (24, 20)
    assert np.diff(large[8:16], axis=0) == pytest.approx(0.25, abs=1e-5)


def test_network_is_threads_around_holes() -> None:
    net = network((256, 256), 12, np.random.default_rng(3))
    assert net.min() >= 0
    assert net.max() <= 1
    assert 0.1 < (net > 0.5).mean() < 0.5
    holes, count = ndimage.label(net < 0.5)
    assert 0.4 < count / (256 / 12) ** 2 < 1.6
    assert np.bincount(holes.ravel())[1:].max() < 2500


def test_outlines_have_the_area_asked_for() -> None:
    rng = np.random.default_rng(4)
    for _ in range(200):
        cell = cell_outline(Outline(), 20.0, rng.uniform(0, np.pi), rng)
        nucleus = nucleus_outline(Nucleus(), 8.0, rng.uniform(0, np.pi), rng)
        for radii, radius in ((cell, 20.0), (nucleus, 8.0)):
            assert (radii > 0).all()
            assert np.sqrt(np.mean(radii**2)) == pytest.approx(radius)


def test_nuclei_keep_apart() -> None:
    rng = np.random.default_rng(5)
    plans = plan_cells((Population("plain"),), (200.0, 200.0), 40, rng)
    assert 10 < len(plans) <= 40
    for index, one in enumerate(plans):
        for other in plans[:index]:
            away = np.hypot(one.y - other.y, one.x - other.x)
            assert away > one.nucleus_radius + other.nucleus_radius


def test_distances_agree_with_the_labels(cells: Cells) -> None:
    nuclei = cells.nuclei > 0
    assert (cells.from_nucleus_um[nuclei] <= 0).all()
    assert (cells.from_nucleus_um[(cells.labels > 0) & ~nuclei] >= 0).all()
    assert (cells.edge_um[cells.labels == 0] == 0).all()
    assert cells.height.max() <= 1
    assert (cells.height[cells.labels == 0] == 0).all()


def test_scatter_follows_density_and_number(cells: Cells) -> None:
    rng = np.random.default_rng(6)
    number = np.where(np.arange(cells.count + 1) % 2, 100, 0).astype(np.float32)
    y, x, label = scatter(cells, (cells.nuclei > 0).astype(np.float32), number, rng)
    counts = np.bincount(label, minlength=cells.count + 1)
    assert (counts[2::2] == 0).all()
    assert counts[1::2].mean() == pytest.approx(100, rel=0.15)
    assert (cells.nuclei[cells.pixel(y, x)] == label).mean() > 0.99


def test_threads_stay_in_their_cells(cells: Cells) -> None:
    rng = np.random.default_rng(7)
    everywhere = np.ones(cells.shape, np.float32)
    number = np.array([0, 50] + [0] * (cells.count - 1), np.float32)
    start = scatter(cells, everywhere, number, rng)
    size = start[0].size
    threads = grow(cells, start, rng.uniform(-3, 3, size), np.full(size, 30.0), 0.2, rng)
    assert threads.y.size > 10 * size
    assert (cells.labels[cells.pixel(threads.y, threads.x)] == 1).all()


def test_drawing_keeps_the_length() -> None:
    rng = np.random.default_rng(8)
    y, x = rng.uniform(2, 60, (2, 500)).astype(np.float32)
    weight = rng.random(500, dtype=np.float32)
    image = draw(Threads(y, x, weight), (64, 64), 0.5)
    assert image.sum() * 0.5**2 == pytest.approx(weight.sum(), rel=1e-5)


def test_structures_are_finite_and_only_in_cells(cells: Cells) -> None:
    scene = Scene(cells, STRUCTURES, seed=0)
    outside = ndimage.binary_erosion(cells.labels == 0, iterations=4)
    for name in STRUCTURES:
        image = scene.draw(name)
        assert image.shape == cells.shape
        assert np.isfinite(image).all(), name
        assert image.min() >= 0, name
        assert 0.2 < np.percentile(image[cells.labels > 0], 99.9) < 12, name
        assert image[outside].max() < 0.02, name


def test_a_structure_does_not_depend_on_what_was_drawn_before(cells: Cells) -> None:
    alone = Scene(cells, STRUCTURES, seed=0).draw("actin")
    later = Scene(cells, STRUCTURES, seed=0)
    later.draw("Golgi")
    assert np.array_equal(alone, later.draw("actin"))


def test_lens_keeps_the_light() -> None:
    light = np.zeros((200, 200), np.float32)
    light[100, 100] = 1000
    seen = through_lens(light, Optics(psf_um=0.4, haze=0.3, haze_um=5), 0.5)
    assert seen.sum() == pytest.approx(1000, rel=0.02)
    assert seen.max() < 400


def test_illumination_falls_to_the_corners() -> None:
    light = illumination((100, 120), 0.3, np.random.default_rng(0))
    assert light.max() == pytest.approx(1, abs=0.01)
    assert 0.4 < light.min() < 0.9


def test_camera_noise_has_the_stated_mean_and_variance() -> None:
    optics = Optics(photons=500, background=20, read_noise=4, gain=2, offset=100)
    counts = detect(np.ones((400, 400), np.float32), optics, np.random.default_rng(1))
    assert counts.mean() == pytest.approx(520 * 2 + 100, rel=2e-3)
    assert counts.var() == pytest.approx((520 + 16) * 4, rel=0.03)


def test_camera_saturates() -> None:
    bright = np.full((8, 8), 100, np.float32)
    counts = detect(bright, replace(Optics(), bits=12), np.random.default_rng(2))
    assert (counts == 4095).all()
