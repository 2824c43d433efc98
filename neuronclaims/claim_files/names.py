"""Check the names that claims use and the prompts behind them: nothing is missing, and no prompt is in two places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations

from neuronclaims.claim_files.claims import Prompt, PromptSet
from neuronclaims.claim_files.drafts import Draft, in_sentence
from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.prompts.columns import PLACES, SIDES, span_at
from neuronclaims.claim_files.prompts.sameness import but_for, content, likeness
from neuronclaims.claim_files.sections import Sections
from neuronclaims.claim_files.yaml.positions import Entries
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.prompts import brief, is_plain
from neuronclaims.sentences.messages import closest, quoted
from neuronclaims.sentences.templates import LISTS, NAMING, TEXTS
from neuronclaims.tokens.spans import WORDS, Span, SpanError, quoted_text
from neuronclaims.tokens.split_text import SplitText

MOST_NAMED = 3
"""How many shared prompts an error names."""

_SINGULAR = {
    "sets": "no prompt set",
    "pairs": "no pairs",
    "directions": "no direction",
    TEXTS: "no prompt set or pairs",
    LISTS: "no prompt set",
    "neurons": "no set of neurons",
    "probes": "no probe",
    "dictionaries": "no dictionary",
}
_SECTION = {TEXTS: "'sets' and no 'pairs'", LISTS: "'sets'"}
_IS = {
    "sets": "a prompt set",
    "pairs": "a name of pairs",
    "directions": "a direction",
    "neurons": "a set of neurons",
    "probes": "a probe",
    "dictionaries": "a dictionary",
}


def wrong_names(drafts: Sequence[Draft], sections: Sections, source: SourceText) -> Iterator[Problem]:
    """Refuse names of sets, pairs and directions that are not there."""
    for draft in drafts:
        for section in (*NAMING, "neurons", "probes", "dictionaries"):
            for field, name in draft.named(section):
                if name not in sections.names[section]:
                    yield _unknown(draft, field, name, section, sections, source)


def _unknown(
    draft: Draft, field: str, name: str, section: str, sections: Sections, source: SourceText
) -> Problem:
    assert draft.parsed is not None
    assert draft.sentence is not None
    start, end = _span(draft, field)
    known = sections.names[section]
    verb = "are" if section == "pairs" else "is"
    message = f"there {verb} {_SINGULAR[section]} {quoted(name)}"
    other = next((each for each in _IS if name in sections.names[each]), None)
    if field not in draft.parsed.spans:
        message += ", which is meant where the sentence names none: say over which set neurons are ranked"
    elif other:
        message += f": that is {_IS[other]}"
    elif not known:
        message += f": the file has no {_SECTION.get(section, quoted(section))}"
    return in_sentence(
        source, draft.sentence, start, end - start, message, closest(name, known), tuple(known)
    )


def _span(draft: Draft, field: str) -> tuple[int, int]:
    """Return where the words of a field stand; the whole sentence if no word fills it."""
    assert draft.parsed is not None
    assert draft.sentence is not None
    return draft.parsed.spans.get(field, (0, len(draft.sentence.text)))


def shared_prompts(
    drafts: Sequence[Draft], sets: Mapping[str, PromptSet], source: SourceText
) -> Iterator[Problem]:
    """Refuse prompts that two sets of one claim share (said once for two sets)."""
    compared: set[frozenset[str]] = set()
    for draft in drafts:
        if draft.parsed is None or draft.sentence is None:
            continue
        for (_, one), (field, other) in combinations(draft.named("sets"), 2):
            if one not in sets or other not in sets or frozenset((one, other)) in compared:
                continue
            compared.add(frozenset((one, other)))
            if shared := _shared(sets[one], sets[other]):
                start, end = _span(draft, field)
                message = (
                    f"{quoted(one)} and {quoted(other)} share the prompt {shared}: "
                    "a prompt in both sets cannot be exchanged between them"
                )
                yield in_sentence(source, draft.sentence, start, end - start, message)


def _shared(one: PromptSet, other: PromptSet) -> str | None:
    """Name the first prompt that stands in both sets, and where; count the others."""
    known = {content(prompt.text): prompt for prompt in other.prompts}
    common = [(prompt, known[text]) for prompt in one.prompts if (text := content(prompt.text)) in known]
    if not common:
        return None
    first, second = common[0]
    more = f", and {len(common) - 1} more" if len(common) > 1 else ""
    places = f"{first.source} and {second.source}"
    return f"{quoted(brief(first.text, 60))} ({places}{but_for(first.text, second.text)}){more}"


def wrong_spans(
    drafts: Sequence[Draft], root: Entries, sections: Sections, source: SourceText
) -> Iterator[Problem]:
    """Refuse columns that prompts do not have, and texts that a prompt does not hold once; each is said once.

    Chats are looked at when a model's template has made them one text.
    """
    said: set[tuple[int, str]] = set()
    for draft in drafts:
        for key, named in _read_by(draft, sections):
            found = span_at(draft.node if draft.gives(key) else root, key)
            for name in named if found is not None else ():
                assert found is not None
                span, at = found
                if (at.start, name) not in said:
                    said.add((at.start, name))
                    place = partial(source.problem, at.start, width=at.end - at.start)
                    yield from _missing_span(name, span, sections, place)
        yield from _wrong_in_sentence(draft, sections, source)


def _wrong_in_sentence(draft: Draft, sections: Sections, source: SourceText) -> Iterator[Problem]:
    """Yield what is wrong with the spans that a sentence itself names, at their words."""
    if draft.parsed is None or draft.sentence is None:
        return
    for field, span in draft.parsed.template.spans(draft.parsed.value):
        start, end = _span(draft, field)

        def place(
            message: str,
            suggestion: str | None = None,
            allowed: tuple[str, ...] = (),
            at: tuple[int, int] = (start, end - start),
        ) -> Problem:
            assert draft.sentence is not None
            return in_sentence(source, draft.sentence, *at, message, suggestion, allowed)

        for _, name in draft.named("sets"):
            yield from _missing_span(name, span, sections, place)


def _read_by(draft: Draft, sections: Sections) -> Iterator[tuple[str, list[str]]]:
    """Yield ``tokens``, ``at`` and ``loss_at`` where a claim has them, each with the sets whose tokens they choose."""
    if draft.parsed is None:
        return
    named = [name for section in ("sets", "pairs", TEXTS) for _, name in draft.named(section)]
    for key in PLACES:
        if key in draft.parsed.template.options.model_fields:
            yield key, named
    if draft.parsed.template.texts and draft.parsed.template.pooled:
        yield "tokens", [name for name in named if name in sections.sets]


def _missing_span(
    name: str, span: Span, sections: Sections, place: Callable[..., Problem]
) -> Iterator[Problem]:
    """Yield what is wrong with the span of a set's prompts, at most one thing; ``place`` makes the problem."""
    columns = sections.columns(name)
    if span.part == "column" and not ({span.text, *(f"{side}_{span.text}" for side in SIDES)} & {*columns}):
        hint = "" if columns else ", nor any other"
        text = f"; a text is written 'of {quoted_text(span.text)}', and in YAML with '...' around it"
        message = (
            f"the prompts of {quoted(name)} have no column {quoted(span.text)}{hint}{'' if columns else text}"
        )
        near = closest(span.text, (*columns, *WORDS))
        yield place(message, suggestion=near, allowed=columns)
        return
    wrong = list(_without(sections.prompts(name), span))
    if wrong:
        more = f" So it is with {len(wrong) - 1} more of {quoted(name)}." if len(wrong) > 1 else ""
        yield place(f"{wrong[0]}{more}")


def _without(prompts: Iterable[Prompt], span: Span) -> Iterator[str]:
    """Yield what is wrong with a span of prompts, and where each stands."""
    if span.part not in ("quoted", "every", "column"):
        return
    for prompt in prompts:
        if is_plain(prompt.text):
            try:
                SplitText(prompt.text, (), (), columns=dict(prompt.columns)).stretches(span)
            except SpanError as error:
                yield f"{error} It stands in {prompt.source}."


def fitted_here(drafts: Sequence[Draft], sections: Sections, source: SourceText) -> Iterator[Problem]:
    """Refuse prompts that a direction is both fitted on and tested on; report the same prompts once."""
    compared: set[tuple[str, frozenset[str]]] = set()
    for draft in drafts:
        for field, name in draft.named("directions"):
            made, against = sections.directions.get(name), (name, frozenset(draft.tested))
            if made is None or against in compared:
                continue
            compared.add(against)
            tested = [prompt for each in draft.tested for prompt in sections.prompts(each)]
            neutral = made.neutral.prompts if made.neutral else ()
            for earlier, why in (
                ((*made.first, *made.second), "that a direction was fitted on cannot test it"),
                (neutral, "that gives a direction its scale cannot test it"),
            ):
                if shared := in_both(tested, earlier):
                    where = both_places(shared, f"the direction {quoted(name)}")
                    yield _at_field(draft, field, f"{where}; a prompt {why}", source)


def _at_field(draft: Draft, field: str, message: str, source: SourceText) -> Problem:
    assert draft.parsed is not None
    assert draft.sentence is not None
    start, end = draft.parsed.spans[field]
    return in_sentence(source, draft.sentence, start, end - start, message)


def in_both(tested: Iterable[Prompt], earlier: Iterable[Prompt]) -> list[tuple[Prompt, Prompt]]:
    """Return the prompts of the first that the second has too, in capitals or not, each with its double."""
    known = {likeness(prompt.text): prompt for prompt in earlier}
    different = {likeness(prompt.text): prompt for prompt in tested}
    return [(prompt, known[text]) for text, prompt in different.items() if text in known]


def both_places(shared: Sequence[tuple[Prompt, Prompt]], where: str) -> str:
    """Say how many prompts stand in two places, and name the first ones."""
    count = "1 prompt stands" if len(shared) == 1 else f"{len(shared)} prompts stand"
    named = [
        f"{quoted(brief(tested.text, 60))} ({tested.source} and {earlier.source})"
        for tested, earlier in shared[:MOST_NAMED]
    ]
    more = [f"and {len(shared) - MOST_NAMED} more"] if len(shared) > MOST_NAMED else []
    return f"{count} both in {where} and in what is tested: {', '.join([*named, *more])}"
