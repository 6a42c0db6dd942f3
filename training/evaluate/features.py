"""Hand-made features of crops, against which an encoder has to prove itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

FREQUENCY_BINS: Final = 24
PERCENTILES: Final = (1, 5, 10, 25, 50, 75, 90, 95, 99)

# Pictures are worked on in pieces, so that their spectra do not fill the memory.
_PIECE: Final = 256
# Far below the power of camera noise on the scale of [0, 1], so that a flat channel has a log.
_MIN_POWER: Final = 1e-8


def texture_features(crops: NDArray[np.generic]) -> NDArray[np.float32]:
    """How crops are patterned, without how bright they are.

    Every channel of every crop is rescaled to [0, 1] by its own minimum and maximum. Then, per
    channel, the log of the power spectrum in rings (see `radial_power`) and the 1st, 5th, 10th,
    25th, 50th, 75th, 90th, 95th and 99th percentile; and, for every pair of channels, Pearson's
    correlation over the pixels (0 where a channel is flat).

    Parameters
    ----------
    crops
        ``(n, C, H, W)``, any real dtype.

    Returns
    -------
    ndarray
        float32 ``(n, C (24 + 9) + C (C - 1) / 2)``.
    """
    return _in_pieces(crops, _texture)


def intensity_features(crops: NDArray[np.generic]) -> NDArray[np.float32]:
    """How bright crops are, without how the brightness is arranged.

    Per channel, on the raw intensities, ``log(1 + x)`` of the mean, the standard deviation and the
    percentiles of `texture_features`.

    Parameters
    ----------
    crops
        ``(n, C, H, W)``, any real dtype; below 0 counts as 0.

    Returns
    -------
    ndarray
        float32 ``(n, C (2 + 9))``.
    """
    return _in_pieces(crops, _intensity)


def radial_power(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log of the power spectrum, averaged over rings of equal spatial frequency.

    The mean is subtracted and a Hann window laid over the image, so that neither its brightness nor
    its border shows.

    Parameters
    ----------
    images
        ``(..., H, W)``.

    Returns
    -------
    ndarray
        ``(..., 24)`` natural logarithms, for 24 rings of equal width from 0 to 0.5 cycles per
        pixel. The corners of the spectrum beyond 0.5 are left out. A ring that holds no frequency,
        as in very small images, has the log of the least power.
    """
    height, width = images.shape[-2:]
    window = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
    centred = images - images.mean(axis=(-2, -1), keepdims=True)
    power = np.abs(np.fft.rfft2(centred * window)) ** 2
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    rings = (radius / 0.5 * FREQUENCY_BINS).astype(int).ravel()
    # (frequencies, rings): one product averages every ring.
    member = (rings[:, None] == np.arange(FREQUENCY_BINS)).astype(np.float32)
    member /= np.maximum(member.sum(axis=0), 1)
    mean = power.reshape(*images.shape[:-2], -1) @ member
    return np.log(mean + _MIN_POWER).astype(np.float32)


def _texture(crops: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    low, high = crops.min(axis=(2, 3), keepdims=True), crops.max(axis=(2, 3), keepdims=True)
    unit = (crops - low) / np.where(high > low, high - low, 1)
    pixels = unit.reshape(*unit.shape[:2], -1)
    return [radial_power(unit), _percentiles(pixels), _correlations(pixels)]


def _intensity(crops: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    pixels = crops.clip(min=0).reshape(*crops.shape[:2], -1)
    summary = [pixels.mean(axis=2)[..., None], pixels.std(axis=2)[..., None], _percentiles(pixels)]
    return [np.log1p(part) for part in summary]


def _percentiles(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(n, C, pixels)`` to ``(n, C, 9)``."""
    return np.moveaxis(np.percentile(pixels, PERCENTILES, axis=2), 0, -1).astype(np.float32)


def _correlations(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(n, C, pixels)`` to ``(n, C (C - 1) / 2)``."""
    centred = pixels - pixels.mean(axis=2, keepdims=True)
    norm = np.linalg.norm(centred, axis=2, keepdims=True)
    scaled = centred / np.where(norm > 0, norm, 1)
    first, second = np.triu_indices(pixels.shape[1], 1)
    return np.einsum("ncp,ndp->ncd", scaled, scaled)[:, first, second]


def _in_pieces(
    crops: NDArray[np.generic],
    function: Callable[[NDArray[np.float32]], list[NDArray[np.float32]]],
) -> NDArray[np.float32]:
    """Features of all crops, each part flattened to ``(n, features)`` and the parts joined."""
    pieces = []
    for start in range(0, len(crops), _PIECE):
        piece = crops[start : start + _PIECE].astype(np.float32)
        parts = [part.reshape(len(piece), -1) for part in function(piece)]
        pieces.append(np.concatenate(parts, axis=1).astype(np.float32))
    return np.concatenate(pieces)
