"""How often suggested roles agree with the known ones of real sets.

Run from the root of the repository: ``python -m benchmarks.role_table [CELLS [ENCODER]]``. Each
channel is embedded alone; parity and entropy are those of C3R, section 3.1.
"""

from __future__ import annotations

import sys

from benchmarks._real_sets import SETS, RealSet, load
from napari_c3r.core.channels import ChannelAssignment, Role
from napari_c3r.core.diagnose.flip_crops import embed_alone
from napari_c3r.core.diagnose.parity import parity_and_entropy
from napari_c3r.core.diagnose.suggest import suggest_roles
from napari_c3r.core.encoder import Encoder, load_encoder

HEAD = (
    "| set (cells) | channel | known role | parity | one to one | entropy | by data | by name | "
    "suggested | confidence |"
)


def run(encoder: Encoder, most_cells: int, sets: tuple[RealSet, ...] = SETS) -> None:
    """Print the table, set by set, as each is done."""
    print(f"Encoder: {encoder.name}; at most {most_cells} cells of each set\n")
    print(HEAD + "\n" + "|---" * (HEAD.count("|") - 1) + "|", flush=True)
    right = {"data": [0, 0], "name": [0, 0], "both": [0, 0]}
    for chosen in sets:
        crops = load(chosen, encoder.config, most_cells)
        names = crops.channel_names
        vectors = embed_alone(crops.pixels, names, encoder=encoder)
        parity = parity_and_entropy(vectors, names).table
        suggested = suggest_roles(vectors, names)
        by_name = ChannelAssignment.suggest(names).to_dict()
        for number, name in enumerate(names):
            known = Role(chosen.roles[name])
            says = {
                "data": suggested.data_role(name),
                "name": Role(by_name[name]),
                "both": suggested.assignment.roles[name],
            }
            for source, role in says.items():
                if role is not None:
                    right[source][0] += role is known
                    right[source][1] += 1
            row = parity.iloc[number]
            cells = [
                f"{chosen.name} ({len(vectors)})",
                name,
                str(known),
                f"{row['parity']:.2f}",
                f"{row['parity_one_to_one']:.2f}",
                f"{row['entropy']:.2f}",
                *(_marked(role, known) for role in says.values()),
                f"{suggested.confidence[name]:.0%}",
            ]
            print(f"| {' | '.join(cells)} |", flush=True)
    print()
    for source, (count, total) in right.items():
        print(f"Right by {source}: {count} of {total} channels ({count / max(total, 1):.0%})")


def main() -> None:
    most_cells = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    run(load_encoder(sys.argv[2] if len(sys.argv) > 2 else "bundled"), most_cells)


def _marked(role: Role | None, known: Role) -> str:
    if role is None:
        return "–"
    return str(role) if role is known else f"**{role}**"


if __name__ == "__main__":
    main()
