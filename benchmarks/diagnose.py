"""A flip report beside the embeddings it is made of."""

from __future__ import annotations

import time

from benchmarks._row import Row
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.diagnose import FlipJob, FlipRun
from napari_c3r.core.embed.field import FieldEmbedder
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.encoder import load_encoder
from napari_c3r.core.simulate import simulate_field

_MAX_RATIO = 1.1
_CELLS, _TOY_CELLS = 120, 8


def rows(*, toy: bool = False) -> list[Row]:
    """Time of a report of five channels, in embeddings for each variant and noise repeat."""
    n_cells = _TOY_CELLS if toy else _CELLS
    side = round((n_cells / 440) ** 0.5 * 1000 / 0.6)
    made = simulate_field("cell-painting", shape=(side, side), seed=0)
    roles = ChannelAssignment.suggest(made.image.channel_names)
    job = EmbedJob(made.image, made.cells, roles, load_encoder(), nuclei=made.nuclei)
    # Once to warm up, twice to be measured: before the report and after it.
    embedding = [_seconds(FieldEmbedder(job)) for _ in range(2)]
    flip = FlipRun(FlipJob((job,), max_cells=n_cells))
    report = _seconds(flip)
    embedding.append(_seconds(FieldEmbedder(job)))
    found = flip.result()
    n_variants = len(found.results) + 1 + int(found.settings["noise_repeats"])
    share = len(found.obs) / int(made.cells.max())
    ratio = report / (sum(embedding[1:]) / 2 * share) / n_variants
    return [
        Row(
            f"flip report of {len(found.obs)} cells, {n_variants} variants, 5 channels",
            f"{ratio:.2f} embeddings a variant",
            f"{_MAX_RATIO} at most",
            ratio <= _MAX_RATIO,
        )
    ]


def _seconds(run: FieldEmbedder | FlipRun) -> float:
    start = time.perf_counter()
    for _ in run.steps():
        pass
    run.result()
    return time.perf_counter() - start
