"""Explain one result in plain words: what was asked, what was measured, what came out, what that does not say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import fill

from neuronclaims.foreign_text import visible
from neuronclaims.reports.readings import told
from neuronclaims.reports.wording import effect_name, number, p_value
from neuronclaims.results import Effect, Evidence, Result, Test

WIDTH = 80
"""Columns of the text."""

MOST_READINGS = 3
"""How many prompts of a set are shown with the tokens that were read."""


@dataclass(frozen=True, slots=True)
class KindWords:
    """What the page of a kind says of all its claims: the null hypothesis, and what such a claim does not say."""

    null_hypothesis: str = ""
    does_not_say: str = ""


UNTOLD = KindWords()
"""The words of a kind that says nothing of itself."""


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """An explanation in parts, each with a heading and its lines. It prints as text and shows as Markdown."""

    title: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]

    def __str__(self) -> str:
        shown = [
            "\n".join(
                [
                    heading,
                    *(fill(line, WIDTH, initial_indent="  ", subsequent_indent="    ") for line in lines),
                ]
            )
            for heading, lines in self.parts
        ]
        return visible("\n\n".join([self.title, *shown]))

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        shown = [
            f"**{heading}**\n\n" + "\n".join(f"- {_literal(line)}" for line in lines)
            for heading, lines in self.parts
        ]
        return "\n\n".join([f"#### {_literal(self.title)}", *shown])


def explain(result: Result, words: KindWords = UNTOLD) -> Explanation:
    """Return the explanation of a result; ``words`` is what the kind of claim says of itself."""
    parts = {
        "What was asked": tuple(_asked(result, words)),
        "What was measured": tuple(_measured(result)),
        "What came out": tuple(_found(result)),
        "What it does not say": tuple(_limits(result, words)),
        "What to do next": tuple(_next(result)),
    }
    return Explanation(
        f"{(result.verdict or 'broken').upper()}: {result.sentence}",
        tuple((heading, lines) for heading, lines in parts.items() if lines),
    )


def _asked(result: Result, words: KindWords) -> Iterator[str]:
    yield result.sentence
    evidence = result.evidence
    if words.null_hypothesis and evidence is not None and evidence.test is not None:
        yield f"The test asks whether chance alone could do this. Chance alone means here: {words.null_hypothesis}."
    if evidence is not None and evidence.boundary is not None and evidence.boundary != evidence.null:
        at = f"{effect_name(evidence.effect)} {number(evidence.boundary)}"
        yield f"The sentence names a number: what parts true from false is {at}."
    if result.expect != "supported":
        yield f"The file expects it to be {result.expect}."
    if result.because:
        yield f"Its author says why: {result.because}"
    if result.source:
        yield f"It comes from {result.source.in_short}{f', {result.source.url}' if result.source.url else ''}."


def _measured(result: Result) -> Iterator[str]:
    where = (
        f"read at {result.site}, {result.tokens}"
        if result.tokens
        else f"read off the weights of {result.site}"
    )
    yield f"Model {result.model}, {where}."
    evidence = result.evidence
    if evidence is not None and evidence.counts:
        paired = ", in pairs" if evidence.paired else ""
        sets = " and ".join(f"{count} of {name}" for name, count in evidence.counts)
        yield f"What counts as one observation is a {evidence.unit}: {sets}{paired}."
    for reading in result.readings:
        yield f"In {reading.set} the model {'is changed' if reading.changed else 'is read'} at {reading.rule}:"
        yield from (f"  {told(shown)}" for shown in reading.shown[:MOST_READINGS])


def _found(result: Result) -> Iterator[str]:
    if result.error is not None:
        yield f"Nothing: {result.error}"
        return
    yield result.reason
    evidence = result.evidence
    if evidence is None:
        return
    yield _effect(evidence.effect, "The verdict rests on the effect")
    if result.reported is not None:
        yield (
            f"Reported where the claim comes from: {result.reported.in_words}. It had no part in the verdict, and may "
            "be of other prompts, and of another measure."
        )
    if evidence.test is None:
        yield "This is a fact, not an estimate: chance has no part in it."
    else:
        yield from _test(evidence.test)
    if evidence.robustness is not None:
        yield from evidence.robustness.sentences
    yield from (_effect(other, "Beside it") for other in evidence.other_effects)
    if evidence.rank is not None:
        rank = evidence.rank
        yield f"It is number {rank.place:,} of the {rank.among:,} of its {rank.scope}; number 1 is strongest."


def _effect(effect: Effect, opening: str) -> str:
    if effect.low is None or effect.high is None:
        return f"{opening}: {effect.name} {number(effect.value)}."
    level = f"{100 * effect.level:g} %"
    return (
        f"{opening}: {effect.name} {number(effect.value)}, with a {level} interval from {number(effect.low)} to "
        f"{number(effect.high)}, the values that these prompts leave open."
    )


def _test(test: Test) -> Iterator[str]:
    yield (
        f"p = {p_value(test.p_value)}: if the truth lay at that boundary, chance alone would give a result at least "
        f"this far from it {_often(test.p_value)}."
    )
    if test.correction != "none" and test.family > 1:
        yield (
            f"The file tests {test.family} claims together; the more there are, the likelier one of them looks good by "
            f"chance. Corrected for that ({test.correction}), p is {p_value(test.p_adjusted)}. It counts up to "
            f"{test.alpha:g}."
        )
    else:
        yield f"It counts up to {test.alpha:g}."
    if test.arrangements:
        how = "all there are" if test.exact else "drawn at random"
        yield f"It comes from exchanging the labels of the observations in {test.arrangements:,} ways, {how}."


def _often(p: float) -> str:
    if p >= 0.095:
        return f"{100 * p:.0f} times in 100"
    return f"about once in {1 / p:,.0f} times" if p > 1e-9 else "less than once in a billion times"


def _limits(result: Result, words: KindWords) -> Iterator[str]:
    evidence = result.evidence
    if evidence is None:
        return
    if words.does_not_say:
        yield f"It does not say {words.does_not_say}."
    yield "It is about this model, and about prompts like these: others may come out otherwise."
    selection = evidence.selection
    if selection.what and selection.how == "beforehand":
        yield (
            f"The file does not say how the {selection.noun} was found. Was it picked because it looked good on these "
            "very prompts? Then p is too small: say `discovered_on:` or `searched:`."
        )
    if selection.how == "searched":
        yield "It was picked on these prompts. p allows for the search, but the effect looks larger than it is."
    if result.verdict == "inconclusive":
        yield "Inconclusive does not mean that there is no effect."
    yield from result.data.warnings
    yield from (note for note in evidence.notes if note != selection.assumed)


def _next(result: Result) -> Iterator[str]:
    evidence = result.evidence
    if result.error is not None:
        yield "Mend what the message names, and run it again."
        return
    if not result.as_expected and result.expect != "supported":
        yield f"The file expects `{result.expect}`, and it came out {result.verdict}: look why, or change `expect`."
        return
    if result.verdict == "supported":
        yield (
            "Keep it: `pytest --claims-save` writes a baseline, and `--claims-compare` says later whether another "
            "model still has it."
        )
        if evidence is not None and evidence.selection.how == "searched":
            yield "Write prompts that were not searched, and test this neuron on them with `discovered_on:`."
    elif result.expect == result.verdict:
        yield f"It came out as the file expects (`expect: {result.expect}`): nothing is to be done."
    elif result.verdict == "refuted":
        yield "Weaken the sentence or drop it; or keep it as known not to hold, with `expect: refuted`."
    else:
        yield from _plan(evidence)
        yield "Or keep it as known to be open, with `expect: inconclusive`."


def _plan(evidence: Evidence | None) -> Iterator[str]:
    if evidence is None or evidence.plan is None or not evidence.plan.effects:
        yield "More prompts narrow the interval and lower p."
        return
    of = f" {evidence.plan.of}" if evidence.plan.of else ""
    for each in evidence.plan.effects:
        enough = _enough(each.enough, evidence.counts)
        yield (
            f"If the true effect is {each.effect}{of}, prompts like these show it {100 * each.shown:.0f} times in 100; "
            f"80 times in 100 takes {enough}."
        )


def _enough(enough: tuple[int, ...] | None, counts: Sequence[tuple[str, int]]) -> str:
    if enough is None:
        return "more than 100,000"
    if len(enough) == len(counts):
        return " and ".join(f"{count:,} of {name}" for count, (name, _) in zip(enough, counts, strict=True))
    return " + ".join(f"{count:,}" for count in enough)


def _literal(text: str) -> str:
    """Return text that Markdown shows as it is."""
    shown = visible(text).replace("&", "&amp;").replace("<", "&lt;")
    for sign in "\\`*_[]#|$":
        shown = shown.replace(sign, f"\\{sign}")
    return shown
