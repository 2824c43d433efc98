"""Claims by models: the result of each claim of a file on each of its models, as plain data for every writer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from neuronclaims.reports.entry import Entry, families
from neuronclaims.reports.trend import UNTESTED, each_alone, story_with_onset
from neuronclaims.reports.wording import effect_name, effect_numbers, effect_value, headline, own_id
from neuronclaims.results import Effect, Onset

MARKS = {"supported": "✓", "refuted": "✗", "inconclusive": "?", "broken": "!"}
"""A mark for each verdict, which nothing but a word explains: both stand wherever there is room."""

NO_RESULT = "–"
"""Stands where a claim has no result on a model: it was not chosen, was skipped, or the run ended before it."""

FEWEST = 3
"""Models from which on they are a series, whose course is told."""


@dataclass(frozen=True, slots=True)
class ModelCell:
    """A claim on one model: its verdict as a word, a remark on it, and the effect behind it.

    ``value`` is the effect's number alone, ``numbers`` has its interval too; both are empty where there is none.
    """

    entry: Entry
    verdict: str
    remark: str
    value: str
    numbers: str

    @property
    def mark(self) -> str:
        """Return the verdict as one character."""
        return MARKS[self.verdict]


@dataclass(frozen=True, slots=True)
class Line:
    """One claim on all models, in their order; None for a model without a result."""

    id: str
    sentence: str
    cells: tuple[ModelCell | None, ...]

    @property
    def known(self) -> list[Entry]:
        """Return the results of the claim that exist, by model."""
        return [cell.entry for cell in self.cells if cell is not None]

    @property
    def name(self) -> str:
        """Return the id if the file gives one, otherwise the sentence."""
        return own_id(self.known[0].result) or self.sentence

    @property
    def story(self) -> str:
        """Return in a sentence where the finding appears and where it is lost, in the order of the models.

        Only of a series that is judged as one test; otherwise on how many models the claim is supported.
        """
        results = [entry.result for entry in self.known]
        seen = [(result.model, result.verdict or UNTESTED) for result in results]
        if self.onset is None:
            return each_alone(seen)
        names = {result.look.place: result.model for result in results if result.look is not None}
        return story_with_onset(seen, self.onset, names)

    @property
    def onset(self) -> Onset | None:
        """Return where the claim may first hold; None where the models are not judged as one series."""
        looks = [entry.result.look for entry in self.known]
        found = [look.onset for look in looks if look is not None]
        return found[0] if found else None

    @property
    def effect(self) -> str:
        """Return the name of the effect, which is the same on all models."""
        return " or ".join(dict.fromkeys(effect.name for effect in self._effects))

    @property
    def short_effect(self) -> str:
        """Return a short name of the effect, for columns."""
        return " or ".join(dict.fromkeys(map(effect_name, self._effects)))

    @property
    def _effects(self) -> list[Effect]:
        found = (entry.result.evidence for entry in self.known)
        return [each.effect for each in found if each is not None]


@dataclass(frozen=True, slots=True)
class ClaimsByModels:
    """The claims of one file by the models it was put to: models in the file's order, claims by their place."""

    file: str
    models: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def series(self) -> bool:
        """Whether there are enough models for a series."""
        return len(self.models) >= FEWEST


def matrices(entries: Sequence[Entry]) -> list[ClaimsByModels]:
    """Return a matrix for each file with results on two or more models, for entries in the order of reports."""
    files: dict[str, dict[str, list[Entry]]] = {}
    for file, model, members in families(entries):
        files.setdefault(file, {})[model] = members
    return [_matrix(file, models) for file, models in files.items() if len(models) > 1]


def _matrix(file: str, models: dict[str, list[Entry]]) -> ClaimsByModels:
    found: dict[str, dict[str, Entry]] = {}
    everything = (entry for members in models.values() for entry in members)
    for entry in sorted(everything, key=_place):
        found.setdefault(entry.result.id, {})[entry.result.model] = entry
    lines = (_line(by_model, models) for by_model in found.values())
    return ClaimsByModels(file, tuple(models), tuple(lines))


def _place(entry: Entry) -> tuple[int, int, str]:
    return entry.result.line, entry.result.column, entry.nodeid.rpartition("::")[2]


def _line(found: dict[str, Entry], models: Iterable[str]) -> Line:
    result = next(iter(found.values())).result
    cells = (_cell(found[model]) if model in found else None for model in models)
    return Line(result.id, result.sentence, tuple(cells))


def _cell(entry: Entry) -> ModelCell:
    verdict, remark = headline(entry)
    evidence = entry.result.evidence
    if evidence is None:
        return ModelCell(entry, verdict, remark, "", "")
    effect = evidence.effect
    return ModelCell(
        entry, verdict, remark, effect_value(effect), effect_numbers(effect, evidence.test is None)
    )
