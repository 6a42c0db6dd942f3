"""Batches brought together in ``profile``: by a method, or by a fit that was kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_c3r.cli.speaking import say
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.metadata import Design
    from napari_c3r.core.profiles.cellpaintr import CellPainTR

_NONE, _LEARNED = "none", "cellpaintr"
BATCH_HELP: Final = "none, harmony, combat, cellpaintr, or the folder of a kept fit."


@dataclass(frozen=True)
class Correction:
    """What was typed of the correction of batches.

    Attributes
    ----------
    method
        ``"none"``, a name of `corrections`, or a folder.
    source
        Column of the batches; empty to guess it.
    keep
        Folder for a fit of CellPainTR.
    unseen
        As for `CellPainTR.encode`.
    seed
        Of what is drawn at random.
    """

    method: str
    source: str
    keep: Path | None
    unseen: str
    seed: int

    def require_possible(self, *, judged: bool) -> None:
        """Refuse what could not be done, before any work.

        Parameters
        ----------
        judged
            Whether treatments are judged afterwards.

        Raises
        ------
        InputError
            An unknown method, or options that do not go together.
        """
        from napari_c3r.core.profiles.batch import corrections

        known = (_NONE, *corrections())
        if self.method not in known and not Path(self.method).is_dir():
            raise InputError(
                f"--batch is '{self.method}'; give {', '.join(known)}, or the folder of a kept fit"
            )
        if self.keep is not None:
            if self.method != _LEARNED:
                raise InputError(
                    f"--keep-fit is for --batch {_LEARNED}: leave it out, or give that"
                )
            from napari_c3r.core.profiles.cellpaintr.folder import require_replaceable

            require_replaceable(self.keep)
        if judged and self.method == _LEARNED:
            raise InputError(
                f"--activity cannot judge profiles of --batch {_LEARNED}, which is told the "
                "treatments and makes their replicates alike: leave one out"
            )

    def apply(self, made: AnnData, design: Design, plate: str | None) -> AnnData:
        """A table with its batches brought together, as was typed.

        Parameters
        ----------
        made
            Profiles.
        design
            What its columns mean.
        plate
            Column of what was normalised by itself, or None.
        """
        if self.method == _NONE:
            return made
        source = self.source or design.batch or plate or "plate"
        if self.method == _LEARNED:
            done = self._encoded(
                made, design, source, plate, self._fitted(made, design, source, plate)
            )
        elif Path(self.method).is_dir():
            from napari_c3r.core.profiles.cellpaintr import read_cellpaintr

            done = self._encoded(made, design, source, plate, read_cellpaintr(self.method))
        else:
            from napari_c3r.core.profiles import correct_batches

            done = correct_batches(made, source, self.method, seed=self.seed)
        say(f"Batches of {source} brought together by {self.method}")
        return done

    def _fitted(self, made: AnnData, design: Design, source: str, plate: str | None) -> CellPainTR:
        from napari_c3r.core.profiles.cellpaintr import FitOptions, fit_steps, write_cellpaintr

        if design.treatment is None:
            raise InputError(f"--batch {_LEARNED} learns from replicates: give --treatment")
        steps = fit_steps(
            made,
            source,
            design.treatment,
            design.negative,
            plate=plate,
            options=FitOptions(seed=self.seed),
        )
        stage = ""
        while True:
            try:
                progress = next(steps)
            except StopIteration as end:
                fitted: CellPainTR = end.value
                break
            if progress.stage != stage:
                stage = progress.stage
                say(f"Learning from {stage}")
        if self.keep is not None:
            say(f"Kept the fit in {write_cellpaintr(fitted, self.keep)}")
        return fitted

    def _encoded(
        self,
        made: AnnData,
        design: Design,
        source: str,
        plate: str | None,
        fitted: CellPainTR,
    ) -> AnnData:
        from napari_c3r.core.profiles.frame import STEPS
        from napari_c3r.core.table.result import KEY

        done = fitted.encode(
            made,
            source if source in made.obs else None,
            plate=plate,
            controls=design.negative,
            unseen=self.unseen,
            treatment=design.treatment,
        )
        for note in done.uns[KEY][STEPS][-1]["notes"]:
            say(f"  Note: {note}")
        return done
