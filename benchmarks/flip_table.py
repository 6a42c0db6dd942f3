"""The flip diagnostics on real cells, with intervals, beside what the paper found.

Run from the root of the repository: ``python -m benchmarks.flip_table [CELLS [ENCODER]]``, with
CELLS of each set (300 by default) and a model folder instead of the bundled encoder.
"""

from __future__ import annotations

import sys

from benchmarks._real_sets import SETS, RealSet, load
from napari_c3r.core.diagnose.flip_crops import flip_report_of_crops
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.diagnose.variants import Kind
from napari_c3r.core.encoder import Encoder, load_encoder

# C3R, Fig. 4 gives no numbers in the text; Table 11 gives those of context left out.
PAPER = {
    Kind.SWAP: "falls (Fig. 4)",
    Kind.DROP: "mAP −0.005 on average at home, −0.016 elsewhere (Table 11)",
    Kind.FLIP: "not in the paper",
}
HEAD = (
    "| set (cells) | variant | neighbours kept | noise keeps | beyond noise | role matters | "
    "label | average precision | change | accuracy | label matters | paper |"
)


def lines(chosen: RealSet, report: FlipReport) -> list[str]:
    """One line of the table for each variant of a set."""
    found = []
    for result in report.results:
        label = ["–"] * 5
        if report.label_column:
            before, after = report.assigned.scores, result.scores
            label = [
                report.label_column,
                f"{before['map'].value:.3f} → {after['map'].value:.3f}",
                _signed(result.changes["map"]),
                f"{before['accuracy'].value:.2f} → {after['accuracy'].value:.2f}",
                _yes(result.score_matters),
            ]
        cells = [
            f"{chosen.name} ({len(report.obs)})",
            result.variant.name,
            str(result.neighbours_kept),
            f"{report.noise.neighbours_kept.value:.2f}",
            str(result.beyond),
            _yes(result.matters),
            *label,
            PAPER[result.variant.kind],
        ]
        found.append(f"| {' | '.join(cells)} |")
    return found


def _signed(estimate: object) -> str:
    low, value, high = (getattr(estimate, name) for name in ("low", "value", "high"))
    return f"{value:+.3f} ({low:+.3f} to {high:+.3f})"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


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
