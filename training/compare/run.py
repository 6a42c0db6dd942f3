"""Train and score every entry over some seeds, going on where an earlier call was stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final

import pandas as pd

from napari_c3r.core.atomic import replacing
from napari_c3r.core.encoder import Encoder, load_encoder
from napari_c3r.core.errors import InputError
from training.compare import held_out
from training.compare.entries import Entry
from training.config import RunConfig, load_config
from training.data.cropset import CropSet
from training.distributed import Processes
from training.evaluate.cells import Cells
from training.evaluate.metrics import Estimate
from training.evaluate.representations import EncoderReadings, untrained_like
from training.evaluate.tasks import Scores, Task
from training.objectives import OBJECTIVES
from training.pretrain import train

RESULTS: Final = "results.csv"
_KEY: Final = ["entry", "seed", "trained", "task"]
HELD_OUT: Final = "held-out ids"


@dataclass(frozen=True)
class Budget:
    """What every entry gets.

    Attributes
    ----------
    data
        Crop sets to train on.
    settings
        Of `training.pretrain`, the same for all: sizes and the number of cells shown.
    seeds
        Of the trainings.
    file
        Of settings too, in TOML; empty for none.
    """

    data: tuple[str, ...]
    settings: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2)
    file: str = ""


@dataclass(frozen=True)
class Comparison:
    """Entries, a budget, and cells to score them on.

    Attributes
    ----------
    entries
        By name.
    budget
        What each gets.
    out
        Folder of the runs and of the results.
    processes
        Among them this one, the only one.
    held_out
        Crop set of other ids.
    tasks
        Of `training.evaluate`, by name, beside that.
    data
        Folder of their images.
    most
        Cells of the held-out set at most.
    say
        Called with what is being done.
    """

    entries: Mapping[str, Entry]
    budget: Budget
    out: Path
    processes: Processes
    held_out: Path
    tasks: Mapping[str, Task] = field(default_factory=dict)
    data: Path = Path()
    most: int = 2000
    say: Callable[[str], None] = lambda line: None

    def config(self, name: str, seed: int) -> RunConfig:
        """The training of an entry.

        Raises
        ------
        InputError
            If a setting is wrong.
        """
        budget, out = self.budget, self.out / "runs" / f"{name}-{seed}"
        given = ("--data", ",".join(budget.data), "--out", str(out), "--seed", str(seed))
        mine = self.entries[name].settings
        objective = mine[mine.index("--objective") + 1]
        # What an entry is wins over what all have in common.
        file = [budget.file] if budget.file else []
        return load_config([*file, *given, *_settings_for(objective, budget.settings), *mine])

    def run(self, stop: Event) -> pd.DataFrame:
        """Train and score all that is not there yet.

        Returns
        -------
        DataFrame
            A row for each number: ``entry``, ``seed``, ``trained``, ``task``, ``metric``,
            ``value``, ``low``, ``high``; ``refused`` says why an entry has none of a task.

        Raises
        ------
        InputError
            If a setting is wrong, or data is missing or unfit.
        """
        cells = self._cells()
        for seed in self.budget.seeds:
            for name in self.entries:
                config = self.config(name, seed)
                model = Path(config.run.out) / "model"
                if not self._scored(name, seed, True, cells):
                    self.say(f"{name}, seed {seed}: training")
                    train(config, self.processes, stop)
                    if stop.is_set():
                        return self.results()
                encoder = load_encoder(model)
                self._score(name, seed, True, encoder, cells)
                self._score(name, seed, False, untrained_like(encoder.config, seed), cells)
        return self.results()

    def results(self) -> pd.DataFrame:
        """What is there so far."""
        file = self.out / RESULTS
        if not file.exists():
            return pd.DataFrame(columns=[*_KEY, "metric", "value", "low", "high", "refused"])
        return pd.read_csv(file, keep_default_na=False, na_values=[""]).fillna({"refused": ""})

    def _cells(self) -> dict[str, tuple[Cells, Callable[..., Scores]]]:
        seen = {each for path in self.budget.data for each in CropSet.open(path).table["id"]}
        config = self.config(next(iter(self.entries)), self.budget.seeds[0]).encoder()
        cells: dict[str, tuple[Cells, Callable[..., Scores]]] = {
            HELD_OUT: (held_out.load(self.held_out, seen, self.most), held_out.score)
        }
        for name, task in self.tasks.items():
            cells[name] = task.load(self.data, config), task.score
        return cells

    def _scored(self, name: str, seed: int, trained: bool, tasks: Iterable[str]) -> bool:
        found = self.results()
        mine = found[
            (found["entry"] == name) & (found["seed"] == seed) & (found["trained"] == trained)
        ]
        return set(tasks) <= set(mine["task"])

    def _score(
        self,
        name: str,
        seed: int,
        trained: bool,
        encoder: Encoder,
        cells: Mapping[str, tuple[Cells, Callable[..., Scores]]],
    ) -> None:
        """Add the numbers of an encoder that are not there yet."""
        for task, (seen, score) in cells.items():
            if self._scored(name, seed, trained, [task]):
                continue
            state = "trained" if trained else "untrained"
            self.say(f"{name}, seed {seed}, {state}: {task}, {len(seen)} cells")
            key = {"entry": name, "seed": seed, "trained": trained, "task": task}
            reading = EncoderReadings(name, encoder, device=str(self.processes.device))
            try:
                (vectors,) = reading(seen.crops, seen.assignment).values()
            except InputError as error:
                rows = [key | {"metric": "", "refused": str(error)}]
            else:
                scores = score(vectors.values, seen.table)
                rows = [key | {"metric": m, **_numbers(v)} for m, v in scores.items()]
            found = self.results()
            table = pd.DataFrame([*found.to_dict("records"), *rows], columns=found.columns)
            with replacing(self.out / RESULTS) as temporary:
                table.to_csv(temporary, index=False)


def _settings_for(objective: str, settings: Sequence[str]) -> list[str]:
    """Settings of the loop and of one objective, without those of the others."""
    pairs = zip(settings[::2], settings[1::2], strict=True)
    others = tuple(f"--{name}." for name in OBJECTIVES if name != objective)
    return [word for pair in pairs if not pair[0].startswith(others) for word in pair]


def _numbers(score: float | Estimate) -> dict[str, float]:
    if isinstance(score, Estimate):
        return {"value": score.value, "low": score.low, "high": score.high}
    return {"value": score}
