"""Print every promised speed as one table: ``python -m benchmarks``."""

from __future__ import annotations

from benchmarks import (
    clusters_plotter,
    diagnose,
    encoder_channels,
    encoder_forward,
    estimate,
    linking,
    memory,
    pipeline,
    scatter,
    segment_speed,
    simulate,
    start,
    training_speed,
)


def main() -> None:
    """Run all, printing each row as it is measured."""
    parts = (
        start,
        encoder_forward,
        encoder_channels,
        pipeline,
        estimate,
        segment_speed,
        simulate,
        training_speed,
        scatter,
        linking,
        clusters_plotter,
        memory,
        diagnose,
    )
    for part in parts:
        for row in part.rows():
            print(row, flush=True)


if __name__ == "__main__":
    main()
