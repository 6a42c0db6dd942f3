"""Views change what they should and nothing else."""

from __future__ import annotations

import torch
from torch import Tensor

from training.views import ViewOptions, draw_views

STILL = ViewOptions(
    magnification=(1.0, 1.0), stretch=0.0, shift=0.0, gamma=1.0, blur_px=0.0, noise=0.0, shading=0.0
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def disc(side: int = 64, radius: float = 20.0) -> Tensor:
    """A soft round spot, the same however it is turned: uint8 ``(4, 1, side, side)``."""
    place = torch.arange(side) - (side - 1) / 2
    distance = (place[:, None] ** 2 + place[None] ** 2).sqrt()
    spot = torch.sigmoid((radius - distance) / 2) * 255
    return spot.round().to(torch.uint8).expand(4, 1, side, side)


def test_a_view_follows_from_the_generator() -> None:
    crops = torch.randint(0, 255, (3, 2, 64, 64), generator=generator(), dtype=torch.uint8)
    first, again, other = (draw_views(crops, 48, ViewOptions(), generator(s)) for s in (1, 1, 2))
    assert first.shape == (3, 2, 48, 48)
    assert first.isfinite().all()
    assert torch.equal(first, again)
    assert not torch.allclose(first, other, atol=0.05)


def test_turning_alone_leaves_a_round_cell_as_it_is() -> None:
    crops = disc()
    views = draw_views(crops, 64, STILL, generator())
    expected = (crops.float() - crops.min()) / (crops.max() - crops.min())
    inner = slice(10, 54)  # corners show what lies beyond the border, mirrored
    close = {"atol": 0.02, "rtol": 0}
    torch.testing.assert_close(views[..., inner, inner], expected[..., inner, inner], **close)


def test_magnification_changes_the_area_by_its_square() -> None:
    larger = ViewOptions(**{**vars(STILL), "magnification": (1.5, 1.5)})
    crops = disc(radius=12.0)
    ratio = (draw_views(crops, 64, larger, generator()) > 0.5).float().mean()
    ratio /= (draw_views(crops, 64, STILL, generator()) > 0.5).float().mean()
    assert abs(ratio - 1.5**2) < 0.1


def test_all_channels_of_a_cell_move_together_and_cells_do_not() -> None:
    one = torch.randint(0, 255, (1, 1, 64, 64), generator=generator(), dtype=torch.uint8)
    moving = ViewOptions(gamma=1.0, blur_px=0.0, noise=0.0, shading=0.0)
    views = draw_views(one.expand(2, 3, -1, -1), 64, moving, generator())
    assert torch.equal(views[:, 0], views[:, 1])
    assert not torch.allclose(views[0], views[1], atol=0.05)


def test_blur_noise_and_gamma_act_on_each_channel_by_itself() -> None:
    crops = disc().expand(4, 2, -1, -1)
    for change in ({"blur_px": 1.5}, {"noise": 0.1}, {"gamma": 2.0}, {"shading": 0.5}):
        views = draw_views(crops, 64, ViewOptions(**{**vars(STILL), **change}), generator())
        assert (views[:, 0] - views[:, 1]).abs().amax() > 0.02, change
