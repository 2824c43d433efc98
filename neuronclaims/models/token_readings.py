"""Find by the tokenizer alone which tokens of prompts are read and changed: no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from neuronclaims.measurements.errors import MeasurementError, ModelError, shorten, told_as
from neuronclaims.models.sources import Source
from neuronclaims.models.tokenization_check import splitter_of
from neuronclaims.tokens.readings import TokensAsked, TokensReading, reading_of
from neuronclaims.tokens.spans import SpanError
from neuronclaims.tokens.split_text import SplitText


def token_readings(source: Source, asked: Iterable[TokensAsked]) -> dict[TokensAsked, TokensReading]:
    """Return the tokens of each rule and set.

    A tokenizer that cannot be read without loading more of the model, or that fails, is silent here: the run tells.
    """
    wanted = list(dict.fromkeys(asked))
    if not wanted:
        return {}
    try:
        split = split_by_tokenizer(source)
        return {} if split is None else {each: reading_of(each, split) for each in wanted}
    except ModelError:
        return {}


def split_by_tokenizer(source: Source) -> Callable[[str], SplitText] | None:
    """Return what splits the prompts of a model; None where that takes loading more of it.

    It raises SpanError for a chat that the template refuses, and ModelError for a tokenizer that fails. Raises
    ModelError for a tokenizer that cannot be read.
    """
    known = splitter_of(source)
    if known is None:
        return None
    splitter, template, _ = known

    def split(item: str) -> SplitText:
        with told_as(ModelError, f"The tokenizer of {source.name} fails on {shorten(item)}"):
            try:
                return splitter(item, template.rendered(item))
            except MeasurementError as error:
                raise SpanError(str(error)) from None

    return split
