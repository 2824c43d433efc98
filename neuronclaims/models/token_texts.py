"""Translate the text of a token to its number and back, by the tokenizer alone: no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neuronclaims.foreign_files import check_file, check_folder
from neuronclaims.measurements.errors import MeasurementError, ModelError, shorten, told_as
from neuronclaims.models.sources import Source

_SPACES = ("Ġ", "▁")
"""How byte-level and SentencePiece vocabularies write a leading space."""


class TokenTexts:
    """The tokens of one tokenizer as text, leading spaces included."""

    def __init__(self, tokenizer: Any, model: str) -> None:
        self._tokenizer, self._model = tokenizer, model
        self._anchor = self._find_anchor()

    @property
    def model(self) -> str:
        """The name of the model, for errors."""
        return self._model

    def text(self, token: int) -> str:
        """Return the text that a token adds after other text."""
        return self.texts([token])[0]

    def texts(self, tokens: list[int]) -> list[str]:
        """Return the text that each of some tokens adds after other text."""
        # After another token, as SentencePiece drops the space of what comes first.
        return self._following([[token] for token in tokens], skip_special_tokens=False)

    def continuations(self, rows: Sequence[list[int]]) -> list[str]:
        """Return the text that each row of tokens adds after other text, without special tokens."""
        return self._following(rows, skip_special_tokens=True)

    def everything(self) -> list[str]:
        """Return the text of every token, by its number."""
        return self.texts(list(range(self._tokenizer.get_vocab_size(with_added_tokens=True))))

    def number(self, text: str) -> int:
        """Return the token that adds exactly ``text``; raise MeasurementError if no single one does."""
        spellings = [text, *(text.replace(" ", mark) for mark in _SPACES)]
        candidates = [self._tokenizer.token_to_id(spelling) for spelling in spellings]
        encoded = self._encode(text)
        candidates += encoded if len(encoded) == 1 else []
        for token in candidates:
            if token is not None and self.text(token) == text:
                return int(token)
        if (other := self._spaced(text)) is not None:
            raise MeasurementError(
                f"{self._model} has no token {text!r}, but one with{'out' if text.startswith(' ') else ''} a leading "
                f"space: write {json.dumps(other, ensure_ascii=False)}."
            )
        pieces = ", ".join(repr(piece) for piece in self.texts(encoded))
        made = "another" if len(encoded) == 1 else len(encoded)
        raise MeasurementError(
            f"{text!r} is no single token of {self._model}; its tokenizer makes {made} of it: "
            f"{pieces or 'none'}. "
            "Name a single token, its leading space included (most words begin with one)."
        )

    def _spaced(self, text: str) -> str | None:
        """Return the text with a space before it, or without the one it has, where that is a single token."""
        other = text[1:] if text.startswith(" ") else f" {text}"
        encoded = self._encode(other)
        spellings = [other, *(other.replace(" ", mark) for mark in _SPACES)]
        found = [self._tokenizer.token_to_id(each) for each in spellings]
        found += encoded if len(encoded) == 1 else []
        return other if any(token is not None and self.text(token) == other for token in found) else None

    def _find_anchor(self) -> int:
        for text in ("a", "e", "the", "x"):
            ids = self._encode(text)
            if ids:
                return int(ids[-1])
        return 0

    def _encode(self, text: str) -> list[int]:
        with told_as(ModelError, f"The tokenizer of {self._model} fails on {shorten(text)}"):
            return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _following(self, rows: Sequence[list[int]], skip_special_tokens: bool) -> list[str]:
        with told_as(ModelError, f"The tokenizer of {self._model} fails to decode"):
            lead = len(self._tokenizer.decode([self._anchor], skip_special_tokens=skip_special_tokens))
            following = [[self._anchor, *tokens] for tokens in rows]
            decoded = self._tokenizer.decode_batch(following, skip_special_tokens=skip_special_tokens)
        return [text[lead:] for text in decoded]


def token_texts(source: Source) -> TokenTexts:
    """Return the token texts of a model; raise ModelError if its tokenizer is not one of the tokenizers library."""
    if source.loaded is not None:
        return of_tokenizer(source.loaded.tokenizer, source.name)
    assert source.tokenizer_folder is not None
    path = Path(source.tokenizer_folder) / "tokenizer.json"
    if path.is_file():
        from tokenizers import Tokenizer

        check_file(path)
        with told_as(ModelError, f"{path} cannot be read"):
            return TokenTexts(Tokenizer.from_file(str(path)), source.name)
    from transformers import AutoTokenizer

    check_folder(source.tokenizer_folder)
    with told_as(
        ModelError, f"The tokenizer of model {source.spec!r} does not load from {source.tokenizer_folder}"
    ):
        tokenizer = AutoTokenizer.from_pretrained(
            source.tokenizer_folder, local_files_only=True, trust_remote_code=False
        )
    return of_tokenizer(tokenizer, source.name)


def of_tokenizer(tokenizer: Any, model: str) -> TokenTexts:
    """Return the token texts of a tokenizer object of Transformers."""
    inner = getattr(tokenizer, "backend_tokenizer", None)
    if inner is None:
        raise ModelError(f"The tokenizer of {model} is a slow one; save it with its tokenizer.json.")
    return TokenTexts(inner, model)
