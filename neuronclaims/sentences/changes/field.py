"""The field for a change: "ablating neurons 1:2, 3:4", "adding 4 to neuron 3:17", "scaling neuron 3:17 by 2"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, product

from neuronclaims.sentences.changes.amounts import PATTERNS, read_amounts
from neuronclaims.sentences.changes.change import VERBS, ModelChange, Verb
from neuronclaims.sentences.field_types import (
    FieldType,
    Label,
    MisreadError,
    Pattern,
    Word,
    expect_words,
    literal,
)
from neuronclaims.sentences.numbers import number_text
from neuronclaims.sentences.subjects.neurons import Neuron, NeuronsField
from neuronclaims.sites import Site, site_names

_NEURONS: FieldType[tuple[Neuron, ...]] = NeuronsField()
_NOUNS = ("neuron", "neurons")
_NOUN: Pattern = (Label(_NOUNS, _NOUNS.__contains__),)


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
        """Return the rows of words: with and without a site, with one neuron and two, with one amount and two."""
        said = self.said
        names = site_names()
        sites: tuple[Pattern, ...] = ((), (Label(names, names.__contains__),))
        subjects = [(*site, *_NOUN, *neurons) for site, neurons in product(sites, _NEURONS.patterns)]
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
            raise MisreadError
        amounts: tuple[float, ...] = ()
        at = 1
        if said.amount_first:
            amounts, at = self._amounts(words, at)
            expect_words(words[: at + 1], (str(said.before_amount),), at)
            at += 1
        site, neurons, at = _subject(words, at)
        if said.before_amount is not None and not said.amount_first:
            expect_words(words[: at + 1], (said.before_amount,), at)
            amounts, at = self._amounts(words, at + 1)
        return ModelChange(self.verb, neurons, amounts, site), at

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


def _subject(words: Sequence[Word], at: int) -> tuple[Site | None, tuple[Neuron, ...], int]:
    """Read the site, if there is one, and the neurons; return them and the place after them."""
    site: Site | None = None
    if at < len(words) and not words[at].quoted and words[at].text in site_names():
        site, at = words[at].text, at + 1
    if at >= len(words) or words[at].quoted or words[at].text not in _NOUNS:
        sites = () if site is not None else ("a site",)
        raise MisreadError(
            ahead=at,
            expected=(*sites, "'neuron'", "'neurons'"),
            candidates=(*(site_names() if sites else ()), *_NOUNS),
        )
    noun = words[at].text
    if at + 1 >= len(words):
        raise MisreadError(ahead=at + 1, expected=_NEURONS.expected)
    try:
        neurons, used = _NEURONS.read(words[at + 1 :])
    except MisreadError as misread:
        raise misread.shifted(at + 1, _NEURONS.expected) from None
    meant = "neuron" if len(neurons) == 1 else "neurons"
    if noun != meant:
        reason = (
            "here one neuron is named"
            if len(neurons) == 1
            else "here are several neurons, which are changed together"
        )
        raise MisreadError(reason, meant, at)
    return site, neurons, at + 1 + used
