"""Random crops and warps, against PyTorch's own resampling one image at a time."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from training.geometry import (
    draw_boxes,
    homography,
    random_flips,
    random_resized_crop,
    random_warp,
    resample_boxes,
    warp,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.rand(3, 2, 40, 52, generator=generator())


@pytest.mark.parametrize("kernel", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [9, 64])
def test_resampling_boxes_is_cutting_out_and_interpolating(
    images: Tensor, kernel: str, size: int
) -> None:
    boxes = torch.tensor([[0.0, 0, 40, 52], [3, 10, 21, 33], [30, 2, 10, 11]])
    found = resample_boxes(images, boxes, size, kernel)
    for image, box, result in zip(images, boxes.int().tolist(), found, strict=True):
        top, left, height, width = box
        cut = image[None, :, top : top + height, left : left + width]
        expected = F.interpolate(cut, (size, size), mode=kernel, antialias=True)[0]
        torch.testing.assert_close(result, expected, rtol=0, atol=2e-5)


def test_boxes_have_the_area_and_aspect_asked_for_and_lie_inside() -> None:
    top, left, height, width = draw_boxes(
        4000, torch.Size([60, 60]), (0.32, 1.0), generator()
    ).unbind(1)
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + height <= 60).all()
    assert (left + width <= 60).all()
    area, aspect = height * width / 3600, width / height
    assert 0.3 < area.min() < 0.35
    assert 0.95 < area.max() <= 1
    assert 0.7 < aspect.min() < 0.8
    assert 1.25 < aspect.max() < 1.4
    # Wherever there is room, every place is as likely.
    room = top[height < 60] / (60 - height[height < 60])
    assert float(room.mean()) == pytest.approx(0.5, abs=0.03)


def test_an_image_too_narrow_for_any_draw_gives_its_middle() -> None:
    boxes = draw_boxes(5, torch.Size([100, 10]), (1.0, 1.0), generator())
    assert boxes.tolist() == [[43, 0, 13, 10]] * 5


def test_every_image_has_numbers_of_its_own_and_a_generator_tells_them(images: Tensor) -> None:
    same = images[:1].expand(6, -1, -1, -1)
    for function in (
        lambda g: random_resized_crop(same, 16, (0.3, 1.0), "bilinear", g),
        lambda g: random_flips(same, g),
        lambda g: random_warp(same, g),
    ):
        first, again, other = function(generator()), function(generator()), function(generator(1))
        torch.testing.assert_close(first, again, rtol=0, atol=0)
        assert not torch.equal(first, other)
        assert not torch.equal(first, first[:1].expand_as(first))


def test_a_homography_takes_corners_to_corners() -> None:
    source = torch.tensor([[[-0.9, -1.0], [1, -0.8], [0.7, 1], [-1, 0.9]]])
    target = torch.tensor([[[-1.0, -1], [1, -1], [1, 1], [-1, 1]]])
    ones = torch.ones(1, 4, 1)
    mapped = torch.cat([source, ones], 2) @ homography(source, target).mT
    torch.testing.assert_close(mapped[..., :2] / mapped[..., 2:], target, rtol=0, atol=1e-5)


def test_the_identity_changes_nothing_and_a_quarter_turn_is_a_quarter_turn(images: Tensor) -> None:
    square = images[:, :, :, :40]
    torch.testing.assert_close(warp(square, torch.eye(3).expand(3, 3, 3)), square)
    turn = torch.tensor([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]).expand(3, 3, 3)
    expected = torch.rot90(square, -1, (2, 3))
    torch.testing.assert_close(warp(square, turn), expected, rtol=0, atol=1e-4)


def test_warps_keep_shapes_round_whatever_the_image_s_sides() -> None:
    y, x = torch.meshgrid(torch.arange(60.0) - 29.5, torch.arange(90.0) - 44.5, indexing="ij")
    disc = ((y**2 + x**2).sqrt() < 8).float().expand(200, 1, 60, 90)
    warped = random_warp(disc, generator())[:, 0]
    mass = warped.sum((1, 2))
    whole = mass > 0.5 * math.pi * 64
    assert whole.float().mean() > 0.8
    places = torch.stack([y.expand_as(warped), x.expand_as(warped)])[:, whole]
    weights = warped[whole] / mass[whole, None, None]
    centred = places - (places * weights).sum((2, 3), keepdim=True)
    deviation = (centred**2 * weights).sum((2, 3)).sqrt()
    assert float((deviation[0] / deviation[1]).median()) == pytest.approx(1, abs=0.02)
    scale = deviation.mean(0) / 4
    assert scale.min() > 0.7
    assert scale.max() < 1.4
