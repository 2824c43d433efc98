"""Check measurements by a model's tokenizer alone: the lengths of their texts, and their tokens. No torch."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from neuronclaims.foreign_files import check_file
from neuronclaims.measurements import Measurement
from neuronclaims.measurements.errors import MeasurementError, ModelError, shorten, told_as
from neuronclaims.models.chats.templates import ChatTemplate, Rendered, template_in, template_of
from neuronclaims.models.sources import Source
from neuronclaims.models.splitting import LibrarySplitter, Splitter, split_by
from neuronclaims.models.token_texts import TokenTexts, of_tokenizer
from neuronclaims.prompts import PromptInput
from neuronclaims.tokens.spans import ALL_TOKENS, ChangedTokens, Span, SpanError
from neuronclaims.tokens.split_text import SplitText


@dataclass(frozen=True, slots=True)
class TokenizationCheck:
    """The number of tokens of each different text, and why some measurements cannot be made.

    ``ends`` are texts that end in white space, each with its last token (special tokens aside). ``twice`` are texts
    that begin with the same special token twice, since they have it written out, with that token. ``chats`` are chats
    as the texts that the model's template makes of them; ``dated`` says that it writes the date, which is always the
    same here.
    """

    lengths: Mapping[str, int]
    refused: Mapping[Measurement, str]
    ends: Mapping[str, str] = field(default_factory=dict)
    twice: Mapping[str, str] = field(default_factory=dict)
    chats: Mapping[str, str] = field(default_factory=dict)
    dated: bool = False

    @property
    def tokens(self) -> int:
        """The number of tokens of all different texts."""
        return sum(self.lengths.values())


def check_tokenization(source: Source, measurements: Sequence[Measurement]) -> TokenizationCheck | None:
    """Return the check by the tokenizer; None if the model's folder has no tokenizer.json.

    Raises ModelError for a tokenizer that cannot be read.
    """
    if source.loaded is not None:
        return None
    found = splitter_of(source)
    if found is None:
        return None
    split, template, tokenizer = found
    texts = TokenTexts(tokenizer, source.name)
    return _TokenCounter(source, split, lambda: texts, template).check(measurements)


def splitter_of(source: Source) -> tuple[Splitter, ChatTemplate, Any] | None:
    """Return what splits the texts of a model, its chat template and its tokenizer; None where that takes Transformers.

    Raises ModelError for a tokenizer that cannot be read.
    """
    if source.loaded is not None:
        handed = source.loaded.tokenizer
        return _Handed(handed), template_of(handed, source.name), handed
    path = source.tokenizer_folder / "tokenizer.json" if source.tokenizer_folder is not None else None
    if path is None or not path.is_file():
        return None
    check_file(path)
    with told_as(ModelError, f"{path} cannot be read"):
        status = path.stat()
        tokenizer = _read(str(path), (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino))
        split = LibrarySplitter(tokenizer)
    return split, template_in(path.parent, source.name), tokenizer


@lru_cache(maxsize=2)
def _read(path: str, _state: tuple[int, ...]) -> Any:
    """Return the tokenizer in a file; a session asks for it several times, and a large one takes a second to read."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(path)
    # A file may ask for texts to be cut or filled up; a run does neither.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@dataclass(frozen=True, slots=True)
class _Handed:
    """Splits prompts by a tokenizer object of Transformers."""

    tokenizer: Any

    def __call__(self, item: str, given: Rendered, *, special: bool = True) -> SplitText:
        return split_by(self.tokenizer, [item], [given], special=special)[0]


def check_with(tokenizer: Any, source: Source, measurements: Sequence[Measurement]) -> TokenizationCheck:
    """Return what a tokenizer object of Transformers tells; raise ModelError where it cannot name tokens."""
    template = template_of(tokenizer, source.name)
    counter = _TokenCounter(
        source, _Handed(tokenizer), lambda: of_tokenizer(tokenizer, source.name), template
    )
    return counter.check(measurements)


def check_pair(model: str, clean: tuple[str, Sequence[str]], corrupted: tuple[str, Sequence[str]]) -> None:
    """Raise MeasurementError for two texts, each given with its tokens, that have not equally many."""
    if len(clean[1]) == len(corrupted[1]):
        return
    split = [" | ".join(tokens) for _, tokens in (clean, corrupted)]
    raise MeasurementError(
        "The texts of a pair must have equally many tokens where all are changed, but "
        f"{model} makes {len(clean[1])} of {shorten(clean[0])} "
        f"({split[0]}) and {len(corrupted[1])} of {shorten(corrupted[0])} ({split[1]}). "
        "Name the tokens to change, such as 'at: last'."
    )


def check_fits(model: str, text: str, length: int, new_tokens: int, most: int) -> None:
    """Raise MeasurementError for a text that has too many tokens for a model, with so many new ones."""
    over = length + new_tokens - most
    if over > 0:
        more = f" and {new_tokens:,} new ones" if new_tokens else ""
        raise MeasurementError(
            f"The prompt {shorten(text)} has {length:,} tokens{more}, but {model} takes {most:,} at most. "
            f"Shorten it by {over:,}{' or generate fewer' if new_tokens else ''}."
        )


_KEPT = 65_536
"""Split texts of so many tokens are kept at once: those of a large set would fill the memory."""


@dataclass(slots=True)
class _TokenCounter:
    """What splits texts into tokens, the lengths of the texts seen so far, and why tokens named are none."""

    source: Source
    split: Splitter
    texts: Callable[[], TokenTexts]
    template: ChatTemplate
    lengths: dict[str, int] = field(default_factory=dict)
    splits: dict[str, SplitText] = field(default_factory=dict)
    kept: int = 0
    missing: dict[Hashable, str | None] = field(default_factory=dict)
    named: dict[str, str | None] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)
    twice: dict[str, str] = field(default_factory=dict)
    chats: dict[str, str] = field(default_factory=dict)

    def check(self, measurements: Sequence[Measurement]) -> TokenizationCheck:
        """Return what was found about some measurements, each looked at once."""
        refused = {need: why for need in dict.fromkeys(measurements) for why in self._faults(need)}
        dated = bool(self.chats) and self.template.dated
        return TokenizationCheck(self.lengths, refused, self.ends, self.twice, self.chats, dated)

    def check_pair(self, clean: str, corrupted: str, at: ChangedTokens) -> None:
        """Raise MeasurementError for texts that do not fit, or whose changed tokens do not stand for one another."""
        if at == ALL_TOKENS:
            if self._length(clean) != self._length(corrupted):
                check_pair(
                    self.source.name, *((text, self._split(text).tokens) for text in (clean, corrupted))
                )
        else:
            self._once((clean, corrupted, at), lambda: self._split(corrupted).aligned(self._split(clean), at))
            self.check_length(corrupted)
        self.check_length(clean)

    def check_changed(self, text: str, at: ChangedTokens) -> None:
        """Raise MeasurementError for a text without the tokens at which values are changed."""
        if at.span is not None:
            self._once((text, at), lambda: self._split(text).changed(at))

    def count(self, text: str) -> None:
        """Count the tokens of a text of any length."""
        self._length(text)

    def check_length(self, text: str, new_tokens: int = 0) -> None:
        """Raise MeasurementError for a text that does not fit the model, with so many tokens more."""
        check_fits(self.source.name, text, self._length(text), new_tokens, self.source.context)

    def check_span(self, text: str, span: Span, number: int | None, rule: str) -> None:
        """Raise MeasurementError for a text without a span, or without its token ``number``, as ``rule`` wants."""

        def find() -> None:
            split = self._split(text)
            places = split.places(span)
            if number is not None:
                split.one(places, number, rule)

        self._once((text, span, number), find)

    def _once(self, what: Hashable, find: Callable[[], object]) -> None:
        """Look for a span once, and raise MeasurementError each time it is asked for where it is not there."""
        if what not in self.missing:
            try:
                find()
                self.missing[what] = None
            except SpanError as error:
                self.missing[what] = str(error)
        why = self.missing[what]
        if why is not None:
            raise MeasurementError(why)

    def _faults(self, measurement: Measurement) -> Iterator[str]:
        """Yield what is wrong with a measurement, at most one thing."""
        try:
            for token in measurement.tokens_named:
                self._check_token(token)
            measurement.check_lengths(self)
        except MeasurementError as error:
            yield str(error)

    def _check_token(self, token: str) -> None:
        if token not in self.named:
            try:
                self.texts().number(token)
                self.named[token] = None
            except MeasurementError as error:
                self.named[token] = str(error)
        why = self.named[token]
        if why is not None:
            raise MeasurementError(why)

    def _look_at(self, item: str, given: Rendered, tokens: tuple[str, ...]) -> None:
        """Remember the length of a text, and its first and last token where they are not what one expects."""
        self.lengths[item] = len(tokens)
        if given.whole:
            self.chats[item] = given.text
        own_end = not given.whole or PromptInput.of(item).prefill is not None
        doubled, spaced = tokens[:1] == tokens[1:2], own_end and given.text[-1:].isspace()
        if doubled or spaced:
            own = self.split(item, given, special=False).tokens
            if doubled and own[:1] == tokens[:1] and (len(own) < len(tokens) or given.whole):
                self.twice[item] = tokens[0]
            if spaced and own:
                self.ends[item] = own[-1]

    def _length(self, item: str) -> int:
        if item not in self.lengths:
            given = self.template.rendered(item)
            self._look_at(item, given, self._split(item).tokens)
        return self.lengths[item]

    def _split(self, item: str) -> SplitText:
        """Return a prompt as tokens, those that are added to a text among them."""
        if item not in self.splits:
            if self.kept >= _KEPT:
                self.splits.clear()
                self.kept = 0
            given = self.template.rendered(item)
            # A tokenizer that fails on one text is not tried on thousands of others: each may take a second.
            with told_as(ModelError, f"The tokenizer of {self.source.name} fails on {shorten(item)}"):
                self.splits[item] = self.split(item, given)
            self.kept += len(self.splits[item].ids)
        return self.splits[item]
