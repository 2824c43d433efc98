"""What a change is made to: neurons, whole layers, sets of neurons, latents and the like, with "and" between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from neuronclaims.sentences.binding import Bindable
from neuronclaims.sentences.changes.change import DIRECTION, ChangedPart
from neuronclaims.sentences.field_types import (
    FieldType,
    Label,
    MisreadError,
    Pattern,
    ValueT,
    Word,
    composed,
    literal,
)
from neuronclaims.sentences.names import is_name
from neuronclaims.sentences.subjects.known_forms import CHANGED_FORMS
from neuronclaims.sentences.subjects.layers import Layers, LayersField
from neuronclaims.sentences.subjects.neuron_sets import SetReference
from neuronclaims.sentences.subjects.neurons import Neuron, NeuronsField
from neuronclaims.sentences.subjects.picked import SomeReference
from neuronclaims.sites import Site, printed, site_names

NEURONS: FieldType[tuple[Neuron, ...]] = NeuronsField()
_LAYERS: FieldType[Layers] = LayersField()
_NOUNS, _LAYER = ("neuron", "neurons"), ("layer", "layers")
_AFTER = ("lowers", "raises", "recovers", "removes", "does", "by", "to", "and")
"""The words that may follow what is changed: a name that stands before anything else is no set but a misspelt noun."""


def _may_name(text: str) -> bool:
    return is_name(text) and text not in (*_NOUNS, *_LAYER, *_AFTER, *CHANGED_FORMS, *site_names())


def part_patterns() -> list[Pattern]:
    """Return the rows of words of each sort of part, of a part that names its site, and of two parts.

    Not all of their combinations: they are told apart by their first words, and the check of ambiguity, which is made
    whenever kinds are loaded, takes a time that grows with the square of the rows.
    """
    names = site_names()
    one, more = ((Label(_NOUNS, _NOUNS.__contains__), *row) for row in NEURONS.patterns)
    layers = [row for row in _LAYERS.patterns if any(map(row[0].accepts, _LAYER))]
    at_site = (Label(names, names.__contains__), *one)
    named = (Label(("german_neurons",), _may_name),)
    forms = (pattern for form in CHANGED_FORMS.values() for pattern in form.patterns)
    return [one, more, *layers, at_site, named, *forms, (*one, *literal("and"), *one)]


def direction_patterns() -> list[Pattern]:
    """Return the rows of words of a direction, without its first word: "honesty at layer 10"."""
    form = CHANGED_FORMS.get(DIRECTION)
    return [] if form is None else [pattern[1:] for pattern in form.patterns]


def read_parts(words: Sequence[Word], at: int) -> tuple[tuple[ChangedPart, ...], int]:
    """Read all that is changed from place ``at`` on; return it and the place after it. Raises MisreadError.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> parts, after = read_parts(split_words("ablating layer 3 and mlp_out neuron 1:2 lowers"), 1)
    >>> [str(part) for part in parts], after
    (['layer 3', 'mlp_out neuron 1:2'], 7)
    """
    found: list[ChangedPart] = []
    while True:
        part, after = _part(words, at)
        for neuron in part.neurons:
            if any(neuron in each.neurons and part.place in (None, each.place) for each in found):
                raise MisreadError(f"{part} is named twice", ahead=after - 1)
        found.append(part)
        if after >= len(words) or words[after].quoted or words[after].text != "and":
            _check_picked(found, at)
            try:
                check_sites(found)
            except ValueError as error:
                raise MisreadError(str(error), ahead=at) from None
            return tuple(found), after
        at = after + 1


def read_direction(words: Sequence[Word], at: int) -> tuple[ChangedPart, int] | None:
    """Read a direction that stands without its word, "honesty at layer 10"; None where there is none."""
    form = CHANGED_FORMS.get(DIRECTION)
    if form is None or not _names(words, at, "at"):
        return None
    part, after = _form(DIRECTION, [*words[:at], Word(DIRECTION, words[at].start), *words[at:]], at)
    return part, after - 1


def bind_part(part: ChangedPart, entries: Bindable) -> ChangedPart:
    """Return a part with what the entry it names stands for, if that is there.

    Raises ValueError where the two do not fit.
    """
    if part.said is None or part.said.name not in entries.get(part.said.section, {}):
        return part
    found = part.said.bound(entries[part.said.section][part.said.name])
    if found.site is not None and part.site is not None:
        raise ValueError(f"{part.said} lies at {printed(found.site)}: leave {part.site!r} out")
    return replace(part, neurons=found.neurons, at=found.site, among=found.layers)


def check_sites(parts: Sequence[ChangedPart]) -> None:
    """Raise ValueError where neurons stand behind what brings a site of its own, and do not say theirs."""
    if parts[0].at is None:
        return
    for part in parts[1:]:
        if part.place is None:
            raise ValueError(
                f"{parts[0]} lies at a site of its own: say that of {part}, such as 'mlp_post {part}'"
            )


def _check_picked(parts: Sequence[ChangedPart], at: int) -> None:
    """Raise MisreadError where something is changed beside what is picked by what it does."""
    some = next((part.said for part in parts if isinstance(part.said, SomeReference)), None)
    if some is not None and len(parts) > 1:
        rule = f"'some {some.noun}' is each {some.noun} changed by itself: nothing else is changed with it"
        raise MisreadError(rule, ahead=at)


def _part(words: Sequence[Word], at: int) -> tuple[ChangedPart, int]:
    """Read the site, if there is one, and the neurons or layers; return them and the place after them."""
    site: Site | None = None
    if at < len(words) and not words[at].quoted and words[at].text in site_names():
        site, at = words[at].text, at + 1
    noun = "" if at >= len(words) or words[at].quoted else words[at].text
    if noun in _LAYER:
        layers, used = _after(_LAYERS, words, at)
        return ChangedPart((), layers, site), at + used
    if noun in CHANGED_FORMS and site is None:
        return _form(noun, words, at)
    if noun not in _NOUNS:
        if _names(words, at):
            return ChangedPart((), None, site, SetReference(composed(noun))), at + 1
        raise _nothing_known(at, after_site=site is not None)
    neurons, used = _after(NEURONS, words, at + 1)
    meant = "neuron" if len(neurons) == 1 else "neurons"
    if noun != meant:
        several = "here are several neurons, which are changed together"
        raise MisreadError("here one neuron is named" if len(neurons) == 1 else several, meant, at)
    return ChangedPart(neurons, None, site), at + 1 + used


def _nothing_known(at: int, *, after_site: bool) -> MisreadError:
    forms = () if after_site else tuple(CHANGED_FORMS)
    expected = (
        *(() if after_site else ("a site",)),
        "'neuron'",
        "'neurons'",
        "'layer'",
        *(f"'{each}'" for each in forms),
    )
    sites = () if after_site else site_names()
    return MisreadError(
        ahead=at,
        expected=(*expected, "the name of a set of neurons"),
        candidates=(*sites, *_NOUNS, *_LAYER, *forms),
    )


def _names(words: Sequence[Word], at: int, *after: str) -> bool:
    """Say whether a name stands at a place, and behind it what may follow what is changed, or ``after``."""
    if at >= len(words) or words[at].quoted or not _may_name(words[at].text):
        return False
    return at + 1 == len(words) or (not words[at + 1].quoted and words[at + 1].text in (*_AFTER, *after))


def _form(opening: str, words: Sequence[Word], at: int) -> tuple[ChangedPart, int]:
    """Read a form that begins with a word of its own, and what it stands for where no entry is needed."""
    try:
        said, used = CHANGED_FORMS[opening].read(words[at:])
    except MisreadError as misread:
        raise misread.shifted(at, (f"'{opening}'",)) from None
    if said.section:
        return ChangedPart((), None, None, said), at + used
    found = said.bound(None)
    return ChangedPart(found.neurons, None, None, said, found.site, found.layers), at + used


def _after(field: FieldType[ValueT], words: Sequence[Word], at: int) -> tuple[ValueT, int]:
    """Read with another field from place ``at`` on; return its value, and how many words it took."""
    if at >= len(words):
        raise MisreadError(ahead=at, expected=field.expected)
    try:
        return field.read(words[at:])
    except MisreadError as misread:
        raise misread.shifted(at, field.expected) from None
