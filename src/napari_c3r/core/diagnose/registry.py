"""The diagnostics: what each is called, what it needs, how it is answered and how it is shown.

A diagnostic is one `Diagnostic`, added by one call of `register_diagnostic`. From then on the
shell asks it, the report has its section and the dock its box and its answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.diagnose.verdict import Grade
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.diagnose.flip_result import FlipReport
    from napari_c3r.core.diagnose.variants import Variant
    from napari_c3r.core.report.page import Section


@dataclass(frozen=True, eq=False)
class DiagnosticContext:
    """What every diagnostic may look at.

    Attributes
    ----------
    report
        The cells (`obs`), their vectors under every variant, those of the single channels where
        they were embedded, and what the comparison of all variants gave.
    clusters
        Name of each cell's cluster; None where there is no map.
    seed
        Of whatever is drawn at random.
    """

    report: FlipReport
    clusters: Sequence[str] | None = None
    seed: int = 0

    @property
    def obs(self) -> pd.DataFrame:
        """One row per cell."""
        return self.report.obs

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The vectors under the roles as assigned, (n, D)."""
        return self.report.vectors[self.report.assigned.variant.name]


def _no_figures() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame()


@dataclass(frozen=True, eq=False, kw_only=True)
class DiagnosticResult:
    """What a diagnostic found. One that has more to show is a subclass.

    Attributes
    ----------
    sentence
        To read first, without a full stop.
    table
        All figures behind it.
    grade
        How much there is to it, None where that is not graded.
    notes
        Further sentences.
    """

    sentence: str
    table: pd.DataFrame = field(default_factory=_no_figures)
    grade: Grade | None = None
    notes: tuple[str, ...] = ()


Run = Callable[[DiagnosticContext], DiagnosticResult | Generator[str, None, DiagnosticResult]]


@dataclass(frozen=True)
class ExtraVariants:
    """Other roles that a diagnostic wants the cells embedded with.

    Attributes
    ----------
    kind
        What these variants are called in the tables of a report.
    plan
        From the roles as assigned to variants, and to a sentence for each that they do not allow.
    """

    kind: str
    plan: Callable[[ChannelAssignment], tuple[list[Variant], list[str]]]


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """One question that can be asked of embedded cells.

    Attributes
    ----------
    name
        Short and unique, as it is typed in the shell: small letters, digits and hyphens.
    label
        A few words, sentence case: the name of its box, of its section and of its heading.
    help
        One sentence without a full stop.
    run
        Answers it. Where that takes long, a generator that yields what was just done and returns
        the result. It raises `InputError` where these cells cannot answer.
    default
        Whether it is asked unless the user says otherwise.
    variants
        Other roles to embed the cells with. What these change is compared together with all
        other variants, in the report's own section; None: it needs none.
    single_channels
        Whether it needs each channel embedded alone.
    second_encoder
        Whether it needs the cells embedded with a second encoder. It is asked when there is one.
    section
        The section of the report, without its figure. None: `help`, the sentence, the notes and
        the table. A function that returns None: it has no section of its own.
    figure
        A Matplotlib figure for section and dock, or None. Its label says what it shows to those
        who cannot see it.
    status
        One line for the header in the dock. None: the grade, or else the sentence.
    result
        What `run` gives. A subclass that is named here is kept in saved sessions; its attributes
        are arrays, tables, numbers, text, and dataclasses of `made_of`.
    made_of
        Further dataclasses and enumerations that such a result holds.
    """

    name: str
    label: str
    help: str
    run: Run
    default: bool = True
    variants: ExtraVariants | None = None
    single_channels: bool = False
    second_encoder: bool = False
    section: Callable[[Any], Section | None] | None = None
    figure: Callable[[Any], Figure | None] | None = None
    status: Callable[[Any], str] | None = None
    result: type[DiagnosticResult] = DiagnosticResult
    made_of: tuple[type, ...] = ()

    def status_of(self, result: DiagnosticResult) -> str:
        """One line on a result."""
        if self.status is not None:
            return self.status(result)
        return str(result.grade) if result.grade is not None else result.sentence

    def figure_of(self, result: DiagnosticResult) -> Figure | None:
        """The figure of a result, or None."""
        return None if self.figure is None else self.figure(result)


@dataclass(frozen=True, eq=False)
class DiagnosticAnswers:
    """What the diagnostics that were requested found.

    Attributes
    ----------
    results
        By name, in the order of the registry.
    reasons
        Why others could not be answered, by name.
    """

    results: dict[str, DiagnosticResult]
    reasons: dict[str, str]


_NAME = re.compile(r"[a-z][a-z0-9-]*")
_REPORT_PICTURES = frozenset({"flips", "maps", "movers"})
_diagnostics: dict[str, Diagnostic] = {}


def register_diagnostic(new: Diagnostic) -> None:
    """Add a diagnostic. From then on the shell, the report and a dock opened later have it.

    Parameters
    ----------
    new
        The diagnostic; its name, and the kind of its variants, must be free.

    Raises
    ------
    InputError
        Another diagnostic has the name or the kind, or the name cannot be typed or be that of a
        picture.
    """
    if not _NAME.fullmatch(new.name) or new.name in _REPORT_PICTURES:
        raise InputError(
            f"'{new.name}' cannot be the name of a diagnostic; give small letters, digits and "
            f"hyphens, and none of {', '.join(sorted(_REPORT_PICTURES))}"
        )
    if new.name in _diagnostics:
        raise InputError(
            f"'{new.name}' is the name of the diagnostic '{_diagnostics[new.name].label}'; "
            "choose another name"
        )
    if new.variants is not None and new.variants.kind in variant_sources():
        raise InputError(f"Another diagnostic has variants '{new.variants.kind}'; rename yours")
    _diagnostics[new.name] = new


def diagnostics(names: Iterable[str] | None = None) -> tuple[Diagnostic, ...]:
    """Some diagnostics, in the order in which they are shown.

    Parameters
    ----------
    names
        Which; None for all.

    Raises
    ------
    InputError
        There is no such diagnostic.
    """
    wanted = set(_diagnostics if names is None else names)
    unknown = sorted(wanted - set(_diagnostics))
    if unknown:
        raise InputError(
            f"No diagnostic '{unknown[0]}'; choose among {', '.join(sorted(_diagnostics))}"
        )
    return tuple(each for name, each in _diagnostics.items() if name in wanted)


def default_names() -> tuple[str, ...]:
    """Names of the diagnostics that are asked unless the user says otherwise."""
    return tuple(each.name for each in diagnostics() if each.default and not each.second_encoder)


def second_encoder_names() -> tuple[str, ...]:
    """Names of the diagnostics that are asked when there is a second encoder."""
    return tuple(each.name for each in diagnostics() if each.default and each.second_encoder)


def variant_sources(names: Iterable[str] | None = None) -> dict[str, ExtraVariants]:
    """Variants that some diagnostics need, or all of them, by kind."""
    found = [each.variants for each in diagnostics(names) if each.variants is not None]
    return {source.kind: source for source in found}


def needs_single_channels(names: Iterable[str]) -> bool:
    """Whether one of some diagnostics needs each channel embedded alone."""
    return any(each.single_channels for each in diagnostics(names))


def answer_steps(
    names: Iterable[str], context: DiagnosticContext
) -> Generator[str, None, DiagnosticAnswers]:
    """Answer some diagnostics, yielding what is being looked at.

    Yields
    ------
    str
        As text. The generator's value is a `DiagnosticAnswers`.
    """
    results: dict[str, DiagnosticResult] = {}
    reasons: dict[str, str] = {}
    for each in diagnostics(names):
        try:
            found = each.run(context)
            if isinstance(found, Generator):
                found = yield from _labelled(each, found)
            results[each.name] = found
        except InputError as error:
            reasons[each.name] = str(error)
    return DiagnosticAnswers(results, reasons)


def answer(names: Iterable[str], context: DiagnosticContext) -> DiagnosticAnswers:
    """Answer some diagnostics; see `answer_steps`."""
    steps = answer_steps(names, context)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: DiagnosticAnswers = end.value
            return found


def _labelled(
    diagnostic: Diagnostic, steps: Generator[str, None, DiagnosticResult]
) -> Generator[str, None, DiagnosticResult]:
    """Say of each step which diagnostic it belongs to."""
    label = diagnostic.label[0].lower() + diagnostic.label[1:]
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            result: DiagnosticResult = end.value
            return result
        yield f"{label}: looked at {step}"
