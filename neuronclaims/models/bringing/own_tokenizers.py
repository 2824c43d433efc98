"""Tokenizers that are none of Transformers: a function, or an object with ``encode`` and ``decode``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, runtime_checkable

from neuronclaims.measurements.errors import ModelError

_LONGEST = 2_000
"""Of longer texts the characters of tokens are not looked for: each is decoded from its beginning."""


@runtime_checkable
class EncodesText(Protocol):
    """A tokenizer as tiktoken has it."""

    def encode(self, text: str) -> Sequence[int]:
        """Return a text as ids."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Return ids as a text."""
        ...


def tokenizer_of(tokenizer: Any, decode: Callable[[Sequence[int]], str] | None, spec: str) -> Any:
    """Return a tokenizer that is used like one of Transformers; one of Transformers is returned as it is.

    Raises ModelError for what splits no text.
    """
    if hasattr(tokenizer, "convert_ids_to_tokens") and callable(tokenizer):
        return tokenizer
    encode = tokenizer.encode if isinstance(tokenizer, EncodesText) else tokenizer
    if not callable(encode):
        raise ModelError(
            f"The tokenizer handed over for model {spec!r} is a {type(tokenizer).__name__}. Give a tokenizer of "
            "Transformers, an object with encode and decode, or a function from a text to a list of ids."
        )
    return OwnTokenizer(encode, decode or getattr(tokenizer, "decode", None), spec)


class OwnTokenizer:
    """A tokenizer of somebody's own, used like one of Transformers: it adds no special tokens, and pads with 0.

    The characters of each token are found by decoding, where that gives the text again.

    >>> letters = OwnTokenizer(lambda text: list(text.encode()), lambda ids: bytes(ids).decode(errors="replace"), "x")
    >>> letters("aé", return_offsets_mapping=True)["offset_mapping"]
    [(0, 1), (1, 1), (1, 2)]
    """

    is_fast = True
    chat_template: str | None = None
    all_special_ids: tuple[int, ...] = ()
    unk_token_id: int | None = None
    pad_token_id: int | None = None

    def __init__(
        self,
        encode: Callable[[str], Sequence[int]],
        decode: Callable[[Sequence[int]], str] | None,
        model: str,
    ) -> None:
        self._encode, self._decode, self._model = encode, decode, model
        self.backend_tokenizer = _Backend(self)

    def __call__(
        self, texts: str | Sequence[str], return_offsets_mapping: bool = False, **_: object
    ) -> dict[str, Any]:
        """Return the ids of one text or of several, as tokenizers of Transformers do.

        The characters of a text's tokens are None where decoding does not give the text again.
        """
        if isinstance(texts, str):
            several = self([texts], return_offsets_mapping)
            return {name: found[0] for name, found in several.items()}
        ids = [self.ids(text) for text in texts]
        if not return_offsets_mapping:
            return {"input_ids": ids}
        stretches = [self._stretches(text, each) for text, each in zip(texts, ids, strict=True)]
        return {"input_ids": ids, "offset_mapping": stretches}

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text; raise ModelError for what are none."""
        found = list(self._encode(text))
        if not all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in found):
            raise ModelError(
                f"The tokenizer of model {self._model!r} makes {repr(found)[:80]} of a text. It should return a list "
                "of whole numbers, such as tensor.tolist() gives."
            )
        return found

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = False) -> str:
        """Return ids as a text; raise ModelError where nothing was given that does it."""
        del skip_special_tokens
        if self._decode is None:
            raise ModelError(
                f"The tokenizer of model {self._model!r} cannot turn tokens into text, which this claim needs. Write "
                "ModuleModel(..., decode=FUNCTION), a function from a list of ids to a text."
            )
        return str(self._decode(list(ids)))

    def convert_ids_to_tokens(self, ids: Sequence[int]) -> list[str]:
        """Return each token as text; as its number, where nothing was given that decodes it."""
        return [self._shown(each) for each in ids]

    def _stretches(self, text: str, ids: Sequence[int]) -> list[tuple[int, int]] | None:
        """Return the characters of each token, None where they are not known."""
        if self._decode is None or len(ids) > _LONGEST:
            return None
        ends = [0]
        try:
            for count in range(1, len(ids) + 1):
                # A character may take several tokens; until the last of them it is not written.
                written = self.decode(ids[:count]).rstrip("\ufffd")
                ends.append(max(ends[-1], len(written)) if text.startswith(written) else -1)
        except Exception:  # of a number that is no token; that is said where the text is measured
            return None
        if -1 in ends or ends[-1] != len(text):
            return None
        return list(pairwise(ends))

    def _shown(self, number: int) -> str:
        try:
            return str(number) if self._decode is None else self.decode([number])
        except Exception:  # of a number that is no token; that is said where the text is measured
            return str(number)

    def get_vocab(self) -> dict[str, int]:
        """Return nothing: how many tokens there are is the model's to know."""
        return {}


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a text becomes."""

    ids: list[int]


class _Backend:
    """A tokenizer of somebody's own, used like one of the tokenizers library."""

    def __init__(self, own: OwnTokenizer) -> None:
        self._own = own

    def encode(self, text: str, add_special_tokens: bool = False) -> Encoding:
        """Return a text as ids."""
        del add_special_tokens
        return Encoding(self._own.ids(text))

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = False) -> str:
        """Return ids as a text."""
        return self._own.decode(ids, skip_special_tokens)

    def decode_batch(self, rows: Sequence[Sequence[int]], skip_special_tokens: bool = False) -> list[str]:
        """Return rows of ids as texts."""
        return [self._own.decode(row, skip_special_tokens) for row in rows]

    def token_to_id(self, text: str) -> int | None:
        """Return nothing: tokens are found by encoding."""
        del text
        return None

    def get_vocab_size(self, with_added_tokens: bool = True) -> int:
        """Raise ModelError: nobody knows."""
        del with_added_tokens
        raise ModelError(
            f"The tokenizer of model {self._own._model!r} does not say how many tokens there are, which this claim "
            "needs."
        )
