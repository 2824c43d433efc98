"""The field for a change: "ablating neurons 1:2, 3:4", "adding 4 to neuron 3:17", "scaling neuron 3:17 by 2"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product
from types import MappingProxyType

from neuronclaims.sentences.changes.amounts import PATTERNS, read_amounts
from neuronclaims.sentences.changes.change import VERBS, ChangedPart, ModelChange, Verb
from neuronclaims.sentences.field_types import (
    FieldType,
    Label,
    MisreadError,
    Pattern,
    ValueT,
    Word,
    expect_words,
    literal,
)
from neuronclaims.sentences.numbers import number_text
from neuronclaims.sentences.subjects.layers import Layers, LayersField
from neuronclaims.sentences.subjects.neurons import Neuron, NeuronsField
from neuronclaims.sites import Site, site_names

_NEURONS: FieldType[tuple[Neuron, ...]] = NeuronsField()
_LAYERS: FieldType[Layers] = LayersField()
_NOUNS, _LAYER = ("neuron", "neurons"), ("layer", "layers")
_NOUN: Pattern = (Label(_NOUNS, _NOUNS.__contains__),)
_SITE: Pattern = (Label(site_names(), site_names().__contains__),)
_LAYER_ROWS = [row for row in _LAYERS.patterns if row[0].accepts("layer") or row[0].accepts("layers")]
_ROWS = [*((*_NOUN, *row) for row in _NEURONS.patterns), *_LAYER_ROWS]
_PARTS: list[Pattern] = [*_ROWS, *((*_SITE, *row) for row in _ROWS)]
_ONE_NEURON: Pattern = (*literal("neuron"), *_NEURONS.patterns[0])


MEANT: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("zeroing", "silencing", "removing", "deleting", "disabling", "lesioning"), "ablating"
        ),
        **dict.fromkeys(("steering", "increasing", "boosting"), "adding"),
        **dict.fromkeys(("multiplying", "amplifying", "rescaling"), "scaling"),
        **dict.fromkeys(("setting", "fixing", "pinning", "holding"), "clamping"),
        **dict.fromkeys(("patching", "denoising", "recovering"), "restoring"),
        **dict.fromkeys(("noising", "unpatching"), "corrupting"),
    }
)
"""Other words for what is done, and the verb that says it."""


@dataclass(frozen=True, slots=True)
class ChangeField:
    """The field for all changes of one verb, from the verb on.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> change, used = ChangeField("scaling").read(split_words("scaling mlp_post neuron 3:17 by 2 raises"))
    >>> str(change), used
    ('scaling mlp_post neuron 3:17 by 2', 6)
    """

    verb: str

    @property
    def said(self) -> Verb:
        """How the verb's changes are worded."""
        return VERBS[self.verb]

    @property
    def expected(self) -> tuple[str, ...]:
        """Return the verb, quoted."""
        return (f"'{self.verb}'",)

    @property
    def shape(self) -> str:
        """Return how a list of templates shows it: ``scaling [SITE] neuron|neurons LAYER:INDEX, ... by NUMBER``."""
        said, subject = self.said, f"[SITE] neuron|neurons {_NEURONS.shape}"
        if said.before_amount is None:
            return f"{self.verb} {subject}"
        if said.amount_first:
            return f"{self.verb} NUMBER {said.before_amount} {subject}"
        return f"{self.verb} {subject} {said.before_amount} NUMBER"

    @property
    def candidates(self) -> tuple[str, ...]:
        """Return the verb."""
        return (self.verb,)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the rows of words, among them those with one amount and two, one part and two."""
        said = self.said
        subjects = [*_PARTS, *((*first, *literal("and"), *_ONE_NEURON) for first in _PARTS)]
        if said.before_amount is None:
            rows: list[tuple[Pattern, ...]] = [(subject,) for subject in subjects]
        else:
            link = literal(said.before_amount)
            both = product(PATTERNS, subjects)
            rows = [
                (amount, link, subject) if said.amount_first else (subject, link, amount)
                for amount, subject in both
            ]
        return tuple((*literal(self.verb), *chain(*row)) for row in rows)

    def read(self, words: Sequence[Word]) -> tuple[ModelChange, int]:
        """Read the verb, the neurons and, where the verb takes one, the amount."""
        said = self.said
        if words[0].quoted or words[0].text != self.verb:
            raise MisreadError(suggestion=self._meant(words))
        amounts: tuple[float, ...] = ()
        at = 1
        if said.amount_first:
            amounts, at = self._amounts(words, at)
            expect_words(words[: at + 1], (str(said.before_amount),), at)
            at += 1
        parts, at = _parts(words, at)
        if said.before_amount is not None and not said.amount_first:
            expect_words(words[: at + 1], (said.before_amount,), at)
            amounts, at = self._amounts(words, at + 1)
        first, *also = parts
        return ModelChange(self.verb, first.neurons, amounts, first.site, first.layers, tuple(also)), at

    def _meant(self, words: Sequence[Word]) -> str | None:
        """Return what the words were to say if their first one is another word for this verb."""
        if words[0].quoted or MEANT.get(words[0].text) != self.verb:
            return None
        if not self.said.amount_first:
            return self.verb
        try:
            (first, *also), at = _parts(words, 1)
            expect_words(words[: at + 1], ("by",), at)
            amounts, _ = self._amounts(words, at + 1)
        except MisreadError:
            return self.verb
        return str(ModelChange(self.verb, first.neurons, amounts, first.site, first.layers, tuple(also)))

    def write(self, value: ModelChange) -> str:
        """Return the change in words."""
        return str(value)

    def _amounts(self, words: Sequence[Word], at: int) -> tuple[tuple[float, ...], int]:
        """Read amounts; raise MisreadError where the only one leaves everything as it is."""
        amounts, after = read_amounts(words, at)
        if amounts == (self.said.idle,):
            text = number_text(amounts[0])
            raise MisreadError(f"{text} leaves everything as it is", ahead=at)
        return amounts, after


def _parts(words: Sequence[Word], at: int) -> tuple[list[ChangedPart], int]:
    """Read all that is changed, with "and" between its parts; return it and the place after it."""
    found: list[ChangedPart] = []
    while True:
        part, after = _part(words, at)
        for neuron in part.neurons:
            if any(neuron in each.neurons and part.site in (None, each.site) for each in found):
                raise MisreadError(f"neuron {neuron} is named twice", ahead=after - 1)
        found.append(part)
        if after >= len(words) or words[after].quoted or words[after].text != "and":
            return found, after
        at = after + 1


def _part(words: Sequence[Word], at: int) -> tuple[ChangedPart, int]:
    """Read the site, if there is one, and the neurons or layers; return them and the place after them."""
    site: Site | None = None
    if at < len(words) and not words[at].quoted and words[at].text in site_names():
        site, at = words[at].text, at + 1
    noun = "" if at >= len(words) or words[at].quoted else words[at].text
    if noun in _LAYER:
        layers, used = _after(_LAYERS, words, at)
        return ChangedPart((), layers, site), at + used
    if noun not in _NOUNS:
        sites = () if site is not None else ("a site",)
        raise MisreadError(
            ahead=at,
            expected=(*sites, "'neuron'", "'neurons'", "'layer'"),
            candidates=(*(site_names() if sites else ()), *_NOUNS, *_LAYER),
        )
    neurons, used = _after(_NEURONS, words, at + 1)
    meant = "neuron" if len(neurons) == 1 else "neurons"
    if noun != meant:
        several = "here are several neurons, which are changed together"
        raise MisreadError("here one neuron is named" if len(neurons) == 1 else several, meant, at)
    return ChangedPart(neurons, None, site), at + 1 + used


def _after(field: FieldType[ValueT], words: Sequence[Word], at: int) -> tuple[ValueT, int]:
    """Read with another field from place ``at`` on; return its value, and how many words it took."""
    if at >= len(words):
        raise MisreadError(ahead=at, expected=field.expected)
    try:
        return field.read(words[at:])
    except MisreadError as misread:
        raise misread.shifted(at, field.expected) from None
