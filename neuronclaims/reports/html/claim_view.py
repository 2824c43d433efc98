"""One claim as the page shows it: everything that a template needs, in words."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from functools import cached_property

from neuronclaims.figures import Null
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.html.anchors import anchor_of
from neuronclaims.reports.html.figures import Drawing, draw
from neuronclaims.reports.html.shared import PlotData
from neuronclaims.reports.html.tested import Pairs, place_lines, test_lines
from neuronclaims.reports.readings import rest_of, told
from neuronclaims.reports.wording import (
    counts_text,
    headline,
    interval_words,
    number,
    own_id,
    rank_text,
    selection_lines,
    why,
)
from neuronclaims.results import Evidence, Result

ORDER = {"supported": 0, "inconclusive": 1, "refuted": 2, "broken": 3}
"""Verdicts from best to worst, as the overview sorts them."""


@dataclass(frozen=True)
class ClaimView:
    """A claim for the templates; ``commit`` is where its file stands in git, empty where that is not known.

    ``data_of_plots`` is where the page keeps what it draws.
    """

    entry: Entry
    commit: str = ""
    data_of_plots: PlotData = field(default_factory=PlotData)

    @property
    def result(self) -> Result:
        """Return what came of the claim."""
        return self.entry.result

    @property
    def evidence(self) -> Evidence | None:
        """Return the numbers, if there are any."""
        return self.entry.result.evidence

    @cached_property
    def anchor(self) -> str:
        """Return the claim's place in the page."""
        return anchor_of(self.entry)

    @property
    def verdict(self) -> str:
        """Return the verdict in one word."""
        return headline(self.entry)[0]

    @property
    def remark(self) -> str:
        """Return the remark beside the verdict: whether it was expected."""
        return headline(self.entry)[1] or ("not as expected" if self.entry.failed else "")

    @property
    def good(self) -> bool:
        """Whether this claim lets the session pass."""
        return not self.entry.failed

    @property
    def reason(self) -> str:
        """Return in a sentence why the verdict is what it is; what its prompts can show is in a table."""
        plan = self.evidence.plan if self.evidence else None
        return self.result.reason.removesuffix(plan.said).rstrip() if plan else self.result.reason

    @property
    def why(self) -> str:
        """Return why the claim passes or fails: its reason, its error, or what became of it since the baseline."""
        said = why(self.entry)
        return self.reason if said == self.result.reason else said

    @property
    def rank(self) -> int:
        """Return the verdict's place in the overview's order."""
        return ORDER[self.verdict]

    @property
    def place(self) -> str:
        """Return the neuron's place among others; empty without one."""
        return rank_text(self.result)

    @property
    def given_id(self) -> str:
        """Return the id, if the file gives one."""
        return own_id(self.result)

    @property
    def searchable(self) -> str:
        """Return what a search of the overview looks through."""
        parts = (self.result.id, self.result.sentence, self.result.because or "", self.result.where)
        return " ".join(parts).lower()

    @property
    def command(self) -> str:
        """Return the line that tests this claim again."""
        return f"pytest {shlex.quote(self.entry.nodeid)}"

    @property
    def counts(self) -> str:
        """Return how many units took part."""
        return counts_text(self.evidence) if self.evidence else ""

    @property
    def effect(self) -> tuple[str, str]:
        """Return the effect and its interval with its level, in short."""
        if self.evidence is None:
            return "", ""
        effect = self.evidence.effect
        return f"{effect.name} {number(effect.value)}", interval_words(effect)

    @property
    def effects(self) -> list[tuple[str, str, str, str]]:
        """Return all effects: name, value, interval with its level, and how it was found."""
        evidence = self.evidence
        found = [evidence.effect, *evidence.other_effects] if evidence else []
        return [(e.name, number(e.value), interval_words(e), e.method) for e in found]

    @property
    def reported(self) -> list[tuple[str, str, str, str]]:
        """Return the source's number and ours, each with its interval and what it is a number of."""
        said, evidence = self.result.reported, self.evidence
        if said is None:
            return []
        rows = [("the source", f"{said.value:.6g}", "", f"{said.unit} ({said.place})")]
        if evidence is not None:
            effect = evidence.effect
            rows.append(("here", number(effect.value), interval_words(effect), effect.name))
        return rows

    @property
    def test(self) -> Pairs:
        """Return the lines about the test; none for a fact."""
        return test_lines(self.evidence.test) if self.evidence and self.evidence.test else []

    @property
    def plan(self) -> list[tuple[str, str, str]]:
        """Return what the prompts can show: each stated effect, how often they show it, and how many would do."""
        plan = self.evidence.plan if self.evidence else None
        if plan is None:
            return []
        of = f" {plan.of}" if plan.of else ""
        return [
            (f"{each.effect}{of}", f"{100 * each.shown:.0f} %", _enough(each.enough)) for each in plan.effects
        ]

    @property
    def form(self) -> Pairs:
        """Return the claim piece by piece."""
        result, evidence = self.result, self.evidence
        pairs = [("kind", result.kind), ("site", result.where)]
        pairs.append(("tokens", result.tokens or "none: read off the weights"))
        if evidence is not None and evidence.counts:
            pairs.append(("sets", ", ".join(f"{name} ({count:,})" for name, count in evidence.counts)))
            pairs.append(("unit", f"{evidence.unit}{', paired' if evidence.paired else ''}"))
        return [*pairs, ("expected", result.expect)]

    @property
    def controls(self) -> Pairs:
        """Return the controls of the claim: its place among others, and how it was chosen."""
        evidence = self.evidence
        if evidence is None:
            return []
        chosen = [evidence.selection.assumed] if _unsaid(evidence) else selection_lines([self.entry])
        said = [("chosen", " ".join(chosen))] if chosen and evidence.selection.what else []
        return [*place_lines(self.result, evidence), *said]

    @property
    def data(self) -> Pairs:
        """Return the account of each prompt set."""
        return [(account.name, account.summary) for account in self.result.data.sets]

    @property
    def readings(self) -> list[tuple[str, list[str], str]]:
        """Return the tokens that are read or changed in each set: what is done, the prompts shown, and what is not."""
        return [
            (f"{each.set}: {each.does} {each.rule!r}", [told(shown) for shown in each.shown], rest_of(each))
            for each in self.result.readings
        ]

    @property
    def misleading(self) -> tuple[str, ...]:
        """Return what may mislead in the prompts."""
        return self.result.data.warnings

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a reader of the numbers should know."""
        if self.evidence is None:
            return ()
        told = self.evidence.selection.assumed if _unsaid(self.evidence) else ""
        stands = self.evidence.robustness
        notes = (note for note in self.evidence.notes if note != told)
        return (*(stands.sentences if stands else ()), *notes)

    @property
    def origin(self) -> Pairs:
        """Return where claim and model come from."""
        result = self.result
        pairs = [("claim", f"{result.file}:{result.line}:{result.column}")]
        pairs += [("git commit of the file", self.commit)] if self.commit else []
        pairs.append(("model", result.model))
        pairs += [("weights, SHA-256", result.fingerprint)] if result.fingerprint else []
        pairs += [("run cache", _cached(*self.entry.from_cache))] if self.entry.from_cache else []
        random = bool(self.evidence and self.evidence.test and self.evidence.test.arrangements)
        return pairs + ([("seed", f"{result.seed}, with the prompts themselves")] if random else [])

    @cached_property
    def drawings(self) -> list[Drawing]:
        """Return the figures of what was measured."""
        found = self.evidence.figures if self.evidence else ()
        return [draw(figure) for figure in found if not isinstance(figure, Null)]

    @cached_property
    def nulls(self) -> list[Drawing]:
        """Return the figures of null distributions; they are beside the test."""
        found = self.evidence.figures if self.evidence else ()
        return [draw(figure) for figure in found if isinstance(figure, Null)]

    @cached_property
    def plots(self) -> int:
        """Return the place of the claim's plots in the page's data; they stand there in the order of the page."""
        return self.data_of_plots.add([*self.drawings, *self.nulls])


def _enough(counts: tuple[int, ...] | None) -> str:
    return "more than 100,000" if counts is None else " + ".join(f"{count:,}" for count in counts)


def _cached(read: int, texts: int) -> str:
    """Say how many prompts were read from the cache, and how many this run measured."""
    if read == texts:
        return f"all {texts:,} prompts read from it" if texts > 1 else "its one prompt read from it"
    if not read:
        return f"none of {texts:,} prompts read from it: measured in this run"
    return f"{read:,} of {texts:,} prompts read from it, {texts - read:,} measured in this run"


def _unsaid(evidence: Evidence) -> bool:
    """Say whether the claim file says nothing of how the neuron was chosen."""
    return bool(evidence.selection.what) and evidence.selection.how == "beforehand"
