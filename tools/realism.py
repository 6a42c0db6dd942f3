"""Simulated cells next to real ones: contact sheets, power spectra, histograms, and their gaps.

Usage: python -m tools.realism DATA OUT [NAME ...], with the folder of real images, one for the
figures, and which of `COMPARISONS` to make, else all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import tifffile
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import gaussian, threshold_otsu

from napari_c3r.core.simulate import Antibody, Assay, Population, simulate_field
from training.simulate.assay import ACTIN, DNA, REPORTER, TUBULIN, Stain, draw_assay
from training.simulate.draw import draw_cell_line, draw_treatment, seen_parts, untreated

Crops = NDArray[np.float32]
"""Cells (n, C, side, side), every channel stretched from its 1st to its 99.7th percentile."""

SHOWN = 12
FIELDS = 15
PERCENTILES = np.arange(1, 100)


@dataclass(frozen=True)
class Comparison:
    """Real and simulated crops of the same kind of assay."""

    name: str
    channels: tuple[str, ...]
    pixel_size_um: float
    real: Crops
    simulated: Crops


def stretched(crops: NDArray[np.generic]) -> Crops:
    """Stretch every channel of every crop, as a viewer would."""
    values = crops.astype(np.float32)
    low, high = np.percentile(values, (1, 99.7), axis=(2, 3), keepdims=True)
    return np.clip((values - low) / np.maximum(high - low, 1e-6), 0, 1).astype(np.float32)


def windows(image: NDArray[np.generic], places: NDArray[np.float64], side: int) -> Crops:
    """Windows round places (n, 2) that lie wholly in the image (C, Y, X)."""
    corners = np.round(places - side / 2).astype(int)
    inside = (corners >= 0).all(1) & (corners + side <= image.shape[1:]).all(1)
    found = [image[:, y : y + side, x : x + side] for y, x in corners[inside]]
    return np.array(found, np.float32).reshape(-1, image.shape[0], side, side)


def spectrum(crops: Crops) -> NDArray[np.float64]:
    """Mean log10 power of each channel in rings of equal width (C, rings)."""
    side = crops.shape[-1]
    window = np.outer(np.hanning(side), np.hanning(side))
    centred = (crops - crops.mean(axis=(2, 3), keepdims=True)) * window
    power = np.abs(np.fft.fft2(centred)) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side), indexing="ij"))
    ring = np.minimum((frequency * side).astype(int), side // 2)
    count = np.bincount(ring.ravel())[1 : side // 2]
    rows = []
    for channel in range(crops.shape[1]):
        total = power[:, channel] / power[:, channel].sum(axis=(1, 2), keepdims=True)
        mean = np.bincount(ring.ravel(), total.mean(axis=0).ravel())[1 : side // 2]
        rows.append(np.log10(mean / count + 1e-12))
    return np.array(rows)


def histogram(crops: Crops) -> NDArray[np.float64]:
    """Mean percentiles of each channel (C, 99)."""
    return np.percentile(crops, PERCENTILES, axis=(2, 3)).mean(axis=1).T


def gaps(pair: Comparison) -> list[tuple[str, float, float]]:
    """For each channel: mean distance of the spectra (log10) and of the percentiles (0 to 1)."""
    power = np.abs(spectrum(pair.real) - spectrum(pair.simulated)).mean(axis=1)
    light = np.abs(histogram(pair.real) - histogram(pair.simulated)).mean(axis=1)
    return list(zip(pair.channels, power, light, strict=True))


def _sheet(crops: Crops) -> NDArray[np.float32]:
    rows = [np.concatenate(list(crops[:SHOWN, channel]), 1) for channel in range(crops.shape[1])]
    return np.concatenate(rows)


def draw(pair: Comparison) -> Figure:
    """Draw both contact sheets, the spectra and the percentiles."""
    count = len(pair.channels)
    figure, axes = plt.subplots(
        4,
        1,
        figsize=(14, 2.4 * count + 7),
        height_ratios=[count, count, 2, 2],
        layout="constrained",
    )
    sheets = {"real": pair.real, "simulated": pair.simulated}
    for axis, (title, crops) in zip(axes[:2], sheets.items(), strict=True):
        axis.imshow(_sheet(crops), cmap="gray", vmin=0, vmax=1)
        axis.set_title(f"{pair.name}, {title}: {', '.join(pair.channels)}")
        axis.axis("off")
    side = pair.real.shape[-1]
    frequency = np.arange(1, side // 2) / side / pair.pixel_size_um
    for crops, style in ((pair.real, "-"), (pair.simulated, "--")):
        for channel, (power, light) in enumerate(
            zip(spectrum(crops), histogram(crops), strict=True)
        ):
            axes[2].plot(frequency, power, style, color=f"C{channel}")
            axes[3].plot(PERCENTILES, light, style, color=f"C{channel}")
    axes[2].set(xlabel="cycles per µm", ylabel="log10 power, relative")
    axes[3].set(xlabel="percentile", ylabel="brightness")
    names = [f"{name}, power {power:.2f}, light {light:.2f}" for name, power, light in gaps(pair)]
    axes[3].legend(names, title="simulated: dashed")
    return figure


def _simulated(
    assay: Assay | str, populations: list[Population], pixel_size_um: float, side: int, count: int
) -> Crops:
    """Cut windows round simulated cells of as many fields as it takes."""
    found: list[Crops] = []
    for seed in range(100):
        field = simulate_field(
            assay,
            shape=(420, 420),
            pixel_size_um=pixel_size_um,
            seed=seed,
            phenotypes=populations,
        )
        places = field.truth[["y_px", "x_px"]].to_numpy()
        found.append(windows(np.asarray(field.image.data), places, side))
        if sum(map(len, found)) >= count:
            break
    crops = np.concatenate(found)
    return stretched(np.random.default_rng(0).permutation(crops)[:count])


def _nuclei(dna: NDArray[np.generic]) -> NDArray[np.float64]:
    """Middles of bright nuclei (n, 2)."""
    smooth = gaussian(dna.astype(np.float32), 2)
    labels, _ = ndimage.label(smooth > threshold_otsu(smooth))
    sizes = np.bincount(labels.ravel())[1:]
    wanted = 1 + np.flatnonzero(sizes > 80)
    return np.array(ndimage.center_of_mass(smooth, labels, wanted)).reshape(-1, 2)


def _random_fields(
    stains: tuple[Stain, ...],
    kinds: Callable[[np.random.Generator], list[Population]],
    pixel_size_um: float,
    cells_per_mm2: float,
    side: int,
) -> Crops:
    """Cut windows from fields of random assays, each with the populations that `kinds` draws."""
    crops = []
    for seed in range(FIELDS):
        rng = np.random.default_rng(seed)
        assay = draw_assay(rng, stains, pixel_size_um=pixel_size_um)
        assay = replace(assay, cells_per_mm2=cells_per_mm2)
        crops.append(_simulated(assay, kinds(rng), pixel_size_um, side, 300 // FIELDS))
    return np.random.default_rng(0).permutation(np.concatenate(crops))


def _treated(rng: np.random.Generator, patterns: tuple[str, ...]) -> list[Population]:
    """Untreated cells of a random line, and three random treatments of it."""
    line = draw_cell_line(rng)
    parts = seen_parts(patterns)
    treatments = [draw_treatment(line, rng, f"{i}", parts=parts) for i in range(3)]
    kinds = (untreated(line, rng), *treatments)
    return [population for kind in kinds for population in kind.populations()]


def bbbc021(data: Path) -> Comparison:
    """MCF-7 under drugs next to random lines under random treatments."""
    cells = tifffile.imread(data / "crops" / "bbbc021" / "moa.tif")[:, [0, 2, 1]]
    real = stretched(np.random.default_rng(1).permutation(cells)[:300])
    patterns = ("chromatin", "microtubules", "actin")
    simulated = _random_fields(
        (DNA, TUBULIN, ACTIN), lambda rng: _treated(rng, patterns), 0.65, 1100, 68
    )
    return Comparison("BBBC021", ("DNA", "tubulin", "actin"), 0.65, real, simulated)


def mitocheck(data: Path) -> Comparison:
    """HeLa H2B of 16 phenotypes next to random nuclei under random treatments."""
    cells = tifffile.imread(data / "crops" / "mitocheck" / "cells.tif")
    real = stretched(np.random.default_rng(1).permutation(cells)[:300])
    simulated = _random_fields((DNA,), lambda rng: _treated(rng, ("chromatin",)), 0.65, 900, 64)
    return Comparison("Mitocheck", ("H2B",), 0.65, real, simulated)


def translocation(data: Path) -> Comparison:
    """BBBC013 next to a reporter that moves between cytosol and nucleus."""
    found = []
    for gfp in sorted((data / "fields" / "bbbc013").glob("Channel1-*-[AB]-*.tif")):
        dna = gfp.with_name(gfp.name.replace("Channel1", "Channel2"))
        image = np.stack([tifffile.imread(file).squeeze() for file in (dna, gfp)])
        found.append(windows(image, _nuclei(image[0]), 64)[:15])
    real = np.random.default_rng(2).permutation(stretched(np.concatenate(found)))

    def kinds(rng: np.random.Generator) -> list[Population]:
        line = draw_cell_line(rng)
        shares = [(n, {"nucleoplasm": n, "cytosol": 1.1 - n}) for n in (0.1, 0.5, 1.0)]
        return [Population(f"{n}", line, Antibody("FKHR", mixture)) for n, mixture in shares]

    simulated = _random_fields((DNA, REPORTER), kinds, 1.0, 400, 64)
    return Comparison("BBBC013", ("DNA", "GFP"), 1.0, real, simulated)


def bbbc022(data: Path) -> Comparison:
    """U2OS of BBBC022 next to the Cell Painting preset."""
    files = sorted((data / "fields" / "bbbc022_20585").glob("*.tiff"))
    return _painted("BBBC022", [tifffile.imread(file) for file in files], 0.656)


def br00143976(data: Path) -> Comparison:
    """A cancer line on another microscope next to the Cell Painting preset."""
    folder = data / "fields" / "cellpainting_BR00143976"
    files = [next(folder.glob(f"*-ch{number}*.tif*")) for number in (5, 2, 6, 3, 4)]
    return _painted("BR00143976", [np.stack([tifffile.imread(file) for file in files])], 0.598)


def _painted(name: str, images: list[NDArray[np.uint16]], pixel_size_um: float) -> Comparison:
    """Compare with the Cell Painting preset, windows of 64 µm."""
    side = round(64 / pixel_size_um)
    real = stretched(np.concatenate([windows(i, _nuclei(i[0]), side) for i in images]))
    cells = [Population("U2OS")]
    simulated = _simulated("cell-painting", cells, pixel_size_um, side, max(len(real), 60))
    return Comparison(name, ("DNA", "ER", "RNA", "AGP", "Mito"), pixel_size_um, real, simulated)


COMPARISONS = {
    "bbbc021": bbbc021,
    "bbbc022": bbbc022,
    "br00143976": br00143976,
    "mitocheck": mitocheck,
    "bbbc013": translocation,
}


def main() -> None:
    data, out = map(Path, sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[3:] or COMPARISONS:
        pair = COMPARISONS[name](data)
        figure = draw(pair)
        figure.savefig(out / f"{name}.png", dpi=80)
        plt.close(figure)
        for channel, power, light in gaps(pair):
            print(f"{pair.name:<12}{channel:<9}spectrum {power:.2f}  percentiles {light:.3f}")


if __name__ == "__main__":
    main()
