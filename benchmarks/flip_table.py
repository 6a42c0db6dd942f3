"""The flip diagnostics on real cells, with intervals, beside what the paper found.

Run from the root of the repository: ``python -m benchmarks.flip_table [CELLS [ENCODER]]``, with
CELLS of each set (300 by default) and a model folder instead of the bundled encoder.
"""

from __future__ import annotations

import sys

from benchmarks._real_sets import SETS, RealSet, load
from napari_c3r.core.diagnose.compare import Estimate
from napari_c3r.core.diagnose.flip_crops import flip_report_of_crops
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.diagnose.scores import ALIKE
from napari_c3r.core.diagnose.variants import Kind
from napari_c3r.core.encoder import Encoder, load_encoder

# C3R, Fig. 4 gives no numbers in the text; Table 11 gives those of context left out.
PAPER = {
    Kind.SWAP: "not in the paper",
    Kind.PASSES: "falls (Fig. 4)",
    Kind.DROP: "mAP −0.005 on average at home, −0.016 elsewhere (Table 11)",
    Kind.FLIP: "not in the paper",
}
HEAD = (
    "| set (cells) | variant | neighbours changed, of 10 | effect | of noise | grade | "
    "label | share the label, of 10 | change | grade | average precision | paper |"
)


def lines(chosen: RealSet, report: FlipReport) -> list[str]:
    """One line of the table for each variant of a set."""
    found = []
    for result in report.results:
        label = ["–"] * 5
        if report.label_column:
            before, after = report.assigned.scores, result.scores
            assert result.on_labels is not None
            label = [
                report.label_column,
                f"{before[ALIKE].value:.2f} → {after[ALIKE].value:.2f}",
                _signed(result.on_labels.effect),
                str(result.on_labels.grade),
                f"{before['map'].value:.3f} → {after['map'].value:.3f}",
            ]
        cells = [
            f"{chosen.name} ({len(report.obs)})",
            result.variant.name,
            str(result.changed),
            str(result.verdict.effect),
            f"{result.verdict.noise:.2f}",
            str(result.verdict.grade),
            *label,
            PAPER[result.variant.kind],
        ]
        found.append(f"| {' | '.join(cells)} |")
    return found


def _signed(estimate: Estimate) -> str:
    return f"{estimate.value:+.2f} ({estimate.low:+.2f} to {estimate.high:+.2f})"


def run(encoder: Encoder, most_cells: int, sets: tuple[RealSet, ...] = SETS) -> None:
    """Print the table, set by set, as each is done."""
    print(f"Encoder: {encoder.name}; at most {most_cells} cells of each set\n")
    print(HEAD + "\n" + "|---" * (HEAD.count("|") - 1) + "|", flush=True)
    for chosen in sets:
        crops = load(chosen, encoder.config, most_cells)
        if len(crops.pixels) < 20:
            print(f"{chosen.name}: only {len(crops.pixels)} cells, left out", file=sys.stderr)
            continue
        report = flip_report_of_crops(
            crops.pixels,
            crops.channel_names,
            chosen.assignment,
            encoder=encoder,
            obs=crops.obs,
            label_column=chosen.label_column or None,
        )
        print("\n".join(lines(chosen, report)), flush=True)


def main() -> None:
    most_cells = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    run(load_encoder(sys.argv[2] if len(sys.argv) > 2 else "bundled"), most_cells)


if __name__ == "__main__":
    main()
